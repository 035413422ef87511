import Vectors

/// The owner of an index in the C++ core, as far as changing one goes: of vectors of numbers or of bits.
///
/// Mutating methods run alone; arguments have been checked.
protocol NativeStore: ~Copyable, Sendable {
    /// What vectors consist of.
    associatedtype Element: Sendable

    var count: Int { get }
    /// Makes room for so many more vectors.
    mutating func reserve(_ count: Int) throws(FaissError)
    /// Adds vectors under the next positions, or in an IVF index under these ids. Returns how many there are now.
    mutating func add(_ vectors: UnsafeBufferPointer<Element>, ids: [Int64], threads: ThreadLimit) throws(FaissError)
        -> Int
    /// Removes vectors by position, or in an IVF index by id; `labels` ascend. Returns how many were there.
    mutating func remove(ascending labels: [Int64]) throws(FaissError) -> Int
}

/// What an index consists of, behind its lock.
struct IndexState<Native: NativeStore & ~Copyable>: ~Copyable {
    /// With the number of lists decided as soon as the index is trained.
    var description: IndexDescription
    /// Nil until the index is trained; types that need no training have it from the start.
    var native: Native?
    var ids = IDMap()
    /// What made the state unknown, if something did.
    var damage: String?

    init(description: IndexDescription) { self.description = description }
}

extension IndexState where Native: ~Copyable {
    var labelsAreIDs: Bool { description.labelsAreIDs }

    func checkUsable() throws(FaissError) {
        if let damage { throw FaissError(.damaged, "the index is damaged since an earlier call failed: \(damage)") }
        if native == nil {
            throw FaissError(.notTrained, "the index \(description) is not trained: call train(on:) first")
        }
    }

    /// What to train on so many vectors, with the number of lists decided; nil if there is nothing to learn.
    func descriptionForTraining(
        on count: Int,
        dimension: Int,
        options: TrainingOptions
    ) throws(FaissError) -> IndexDescription? {
        guard description.needsTraining else { return nil }
        guard ids.positionCount == 0 else {
            throw FaissError(
                .unsupported,
                "the index holds \(ids.count) vectors: training it again would spoil their codes"
            )
        }
        let minimum = max(description.minimumTrainingCount(dimension: dimension), 1)
        guard count >= minimum else {
            throw FaissError(
                .tooFewTrainingVectors,
                "\(count) training vectors are fewer than the \(minimum) that \(description) needs"
            )
        }
        return description.resolved(count: max(options.expectedCount ?? 0, count), trainingCount: count)
    }

    /// Where Faiss has the vectors with these ids.
    func labels(of ids: [Int64]) throws(FaissError) -> [Int64] {
        var labels: [Int64] = []
        labels.reserveCapacity(ids.count)
        for id in ids {
            guard let position = self.ids.position(of: id) else {
                throw FaissError(.unknownID, "no vector has the id \(id)")
            }
            labels.append(labelsAreIDs ? id : Int64(position))
        }
        return labels
    }

    /// Adds prepared vectors to Faiss and their ids to the map. If Faiss fails on the way, what it then holds is
    /// unknown, and the index is unusable from there on.
    fileprivate mutating func append(
        _ vectors: UnsafeBufferPointer<Native.Element>,
        ids newIDs: [Int64],
        threads: ThreadLimit
    ) throws(FaissError) {
        try append(newIDs) { native throws(FaissError) in
            try native?.add(vectors, ids: newIDs, threads: threads) ?? 0
        }
    }

    /// The same for what `add` adds to Faiss; it returns how many vectors there are then.
    mutating func append(
        _ newIDs: [Int64],
        by add: (inout Native?) throws(FaissError) -> Int
    ) throws(FaissError) {
        do throws(FaissError) {
            let count = try add(&native)
            guard count == ids.positionCount + newIDs.count else {
                throw FaissError(.faiss, "Faiss holds \(count) vectors, not \(ids.positionCount + newIDs.count)")
            }
        } catch {
            damage = error.message
            throw error
        }
        ids.append(newIDs)
    }

    /// Refuses what HNSW's 32-bit positions can't number.
    func checkRoom(for count: Int) throws(FaissError) {
        let total = ids.positionCount + count
        guard total <= Int(Int32.max) else {
            throw FaissError(.tooLarge, "\(total) vectors are more than the \(Int32.max) that an index can hold")
        }
    }

    @discardableResult
    fileprivate mutating func remove(_ ids: [Int64]) throws(FaissError) -> Int {
        let present = Set(ids.filter { self.ids.position(of: $0) != nil })
        if present.isEmpty { return 0 }
        if !description.capabilities.freesRemovedVectors {
            self.ids.removeLeavingGaps(present)
        } else {
            let labels =
                labelsAreIDs ? present.sorted() : present.map { Int64(self.ids.position(of: $0)!) }.sorted()
            do throws(FaissError) {
                let removed = try native?.remove(ascending: labels) ?? 0
                guard removed == labels.count else {
                    throw FaissError(.faiss, "Faiss removed \(removed) of \(labels.count) vectors")
                }
            } catch {
                damage = error.message
                throw error
            }
            self.ids.removeClosingGaps(present)
        }
        return present.count
    }
}

/// Which ids new vectors get.
enum NewIDs {
    case next
    case given([Int64])
}

extension ReadWriteLocked where Value: ~Copyable {
    /// Adds vectors batch by batch; searches go on between batches. All or nothing: what was added is removed again where
    /// a batch fails.
    ///
    /// - Parameter withRows: hands rows of the vectors, as Faiss is to see them, to what it is given.
    /// - Returns: the first of the ids, 0 if none are given.
    func add<Native: NativeStore & ~Copyable>(
        _ count: Int,
        ids newIDs: NewIDs,
        threads: ThreadLimit,
        watch: Watch,
        withRows: (
            Range<Int>, (UnsafeBufferPointer<Native.Element>) throws(FaissError) -> Void
        ) throws(FaissError) -> Void
    ) throws(FaissError) -> Int64 where Value == IndexState<Native> {
        try changing { () throws(FaissError) in
            let (first, ids) = try read { state throws(FaissError) in
                try state.checkUsable()
                try state.checkRoom(for: count)
                return try state.ids.choose(newIDs, count: count)
            }
            let batch = read { $0.description.addingBatch }
            for start in stride(from: 0, to: count, by: batch) {
                let rows = start..<min(start + batch, count)
                do throws(FaissError) {
                    try watch.checkCancellation()
                    try withRows(rows) { vectors throws(FaissError) in
                        try write { state throws(FaissError) in
                            if start == 0 { try state.native?.reserve(count) }
                            try state.append(vectors, ids: Array(ids[rows]), threads: threads)
                        }
                    }
                } catch {
                    try write { state throws(FaissError) in
                        if state.damage == nil, start > 0 { try state.remove(Array(ids[..<start])) }
                    }
                    throw error
                }
                watch.progress?(OperationProgress(completed: rows.upperBound, total: count))
            }
            return first
        }
    }

    /// Removes vectors, passing over ids that no vector has, and returns how many were removed.
    func remove<Native: NativeStore & ~Copyable>(_ ids: [Int64]) throws(FaissError) -> Int
    where Value == IndexState<Native> {
        try changing { () throws(FaissError) in
            try write { state throws(FaissError) in
                if state.native == nil, state.damage == nil { return 0 }  // Nothing was ever added.
                try state.checkUsable()
                return try state.remove(ids)
            }
        }
    }
}

extension IDMap {
    fileprivate func choose(_ newIDs: NewIDs, count: Int) throws(FaissError) -> (first: Int64, ids: [Int64]) {
        switch newIDs {
        case .next:
            guard let first = nextID, first <= Int64.max - Int64(count) else {
                throw FaissError(.invalidArgument, "no \(count) ids are left: the largest so far is the last")
            }
            return (first, Array(first..<first + Int64(count)))
        case .given(let ids):
            guard ids.count == count else {
                throw FaissError(.invalidArgument, "\(ids.count) ids don't fit \(count) vectors")
            }
            try checkAppending(ids)
            return (ids.first ?? 0, ids)
        }
    }
}

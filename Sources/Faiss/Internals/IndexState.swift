import Vectors

/// What an index consists of, behind its lock.
struct IndexState: ~Copyable {
    /// With the number of lists decided as soon as the index is trained.
    var description: IndexDescription
    /// Nil until the index is trained; types that need no training have it from the start.
    var native: NativeIndex?
    var ids = IDMap()
    /// Why the state is unknown, if it is.
    var damage: String?

    init(description: IndexDescription) { self.description = description }

    var labelsAreIDs: Bool { description.labelsAreIDs }

    /// The ids by position; nil where an id is its position or, in inverted lists, stored with its vector.
    var explicitIDs: [Int64]? { labelsAreIDs ? nil : ids.explicitIDs }

    private var notTrained: VectorError {
        VectorError(.notTrained, "the index \(description) is not trained: call train(on:) first")
    }

    func checkUndamaged() throws(VectorError) {
        if let damage { throw VectorError(.damaged, "the index is damaged since an earlier call failed: \(damage)") }
    }

    func checkUsable() throws(VectorError) {
        try checkUndamaged()
        if native == nil { throw notTrained }
    }

    /// Calls `body` with the native index, if it can be used.
    func withNative<Result>(
        _ body: (borrowing NativeIndex) throws(VectorError) -> Result
    ) throws(VectorError) -> Result {
        try checkUndamaged()
        switch native {
        case .none: throw notTrained
        case .some(let native): return try body(native)
        }
    }

    /// What to train on so many vectors, with the number of lists decided; nil if there is nothing to learn.
    func descriptionForTraining(on count: Int, options: TrainingOptions) throws(VectorError) -> IndexDescription? {
        guard description.needsTraining else { return nil }
        guard ids.positionCount == 0 else {
            throw VectorError(
                .unsupported,
                "the index holds \(ids.count) vectors: training it again would spoil their codes"
            )
        }
        let minimum = max(description.minimumTrainingCount, 1)
        guard count >= minimum else {
            throw VectorError(
                .tooFewTrainingVectors,
                "\(count) training vectors are fewer than the \(minimum) that \(description) needs"
            )
        }
        return description.resolved(count: max(options.expectedCount ?? 0, count), trainingCount: count)
    }

    /// Where Faiss has the vectors with these ids.
    func labels(of ids: [Int64]) throws(VectorError) -> [Int64] {
        var labels: [Int64] = []
        labels.reserveCapacity(ids.count)
        for id in ids {
            guard let position = self.ids.position(of: id) else {
                try self.ids.checkInMemory(id)
                throw VectorError(.unknownID, "no vector has the id \(id)")
            }
            labels.append(labelsAreIDs ? id : Int64(position))
        }
        return labels
    }

    /// Adds prepared vectors to Faiss and their ids to the map. If Faiss fails on the way, what it then holds is
    /// unknown, and the index is unusable from there on.
    mutating func append(
        _ vectors: UnsafeRawBufferPointer,
        ids newIDs: [Int64],
        threads: ThreadLimit
    ) throws(VectorError) {
        try append(newIDs) { native throws(VectorError) in
            try native?.add(vectors, ids: newIDs, threads: threads) ?? 0
        }
    }

    /// The same for what `add` adds to Faiss; it returns how many vectors there are then.
    mutating func append(
        _ newIDs: [Int64],
        by add: (inout NativeIndex?) throws(VectorError) -> Int
    ) throws(VectorError) {
        do throws(VectorError) {
            let count = try add(&native)
            guard count == ids.positionCount + newIDs.count else {
                throw VectorError(.faiss, "Faiss holds \(count) vectors, not \(ids.positionCount + newIDs.count)")
            }
        } catch {
            damage = error.message
            throw error
        }
        ids.append(newIDs)
    }

    /// Refuses what HNSW's 32-bit positions can't number.
    func checkRoom(for count: Int) throws(VectorError) {
        let total = ids.positionCount + count
        guard total <= Int(Int32.max) else {
            throw VectorError(.tooLarge, "\(total) vectors are more than the \(Int32.max) that an index can hold")
        }
    }

    @discardableResult
    mutating func remove(_ ids: [Int64]) throws(VectorError) -> Int {
        for id in ids { try self.ids.checkInMemory(id) }
        let present = Set(ids.filter { self.ids.position(of: $0) != nil })
        if present.isEmpty { return 0 }
        if !description.capabilities.freesRemovedVectors {
            self.ids.removeLeavingGaps(present)
        } else {
            let labels =
                labelsAreIDs ? present.sorted() : present.map { Int64(self.ids.position(of: $0)!) }.sorted()
            do throws(VectorError) {
                let removed = try native?.remove(ascending: labels) ?? 0
                guard removed == labels.count else {
                    throw VectorError(.faiss, "Faiss removed \(removed) of \(labels.count) vectors")
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

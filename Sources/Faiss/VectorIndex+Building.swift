public import Vectors

extension VectorIndex {
    /// Learns the centroids and codebooks from a representative sample, without adding it.
    ///
    /// Types that need no training accept the call and do nothing. An index that holds vectors can't be trained again:
    /// their codes would lose their meaning. Cancelling or failing leaves the index as it was.
    ///
    /// - Parameters:
    ///   - vectors: the sample; 30 to 256 vectors a list are good, one a list is the least.
    ///   - options: iterations, sampling, seed, threads.
    ///   - progress: told before every k-means iteration.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `tooFewTrainingVectors`,
    ///   `invalidArgument`, `unsupported` (the index holds vectors), `cancelled`, `tooLarge`.
    public func train(
        on vectors: VectorMatrix,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) {
        try train(on: vectors, options: options, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Adds vectors under the next free ids: 0, 1, 2, … in a new index. An id is never given out twice, not even
    /// after its vector was removed.
    ///
    /// All or nothing: if the call fails or is cancelled, no vector was added. Searches go on between batches, and may
    /// find vectors that are in already.
    ///
    /// - Parameters:
    ///   - vectors: the vectors; none is fine.
    ///   - threads: how many threads encoding and linking may use.
    ///   - progress: told after every batch.
    /// - Returns: the ids.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `notTrained`, `invalidArgument` (a zero
    ///   vector for cosine), `cancelled`, `tooLarge`, `damaged`.
    @discardableResult
    public func add(
        _ vectors: VectorMatrix,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> Range<Int64> {
        try add(vectors, threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Adds vectors under ids of your own.
    ///
    /// All or nothing: if the call fails or is cancelled, no vector was added.
    ///
    /// - Parameters:
    ///   - vectors: the vectors; none is fine.
    ///   - ids: as many ids, each 0 or more, none in the index yet and none twice. Ascending ids take less memory.
    ///   - threads: how many threads encoding and linking may use.
    ///   - progress: told after every batch.
    /// - Throws: ``FaissError`` with code `duplicateID` and those of `add(_:threads:progress:)`.
    public func add(
        _ vectors: VectorMatrix,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) {
        try add(vectors, ids: ids, threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Removes vectors. An id that no vector has is passed over.
    ///
    /// An HNSW index, and what is built on one, only hides them: their links stay, and so does their memory.
    ///
    /// Complexity: O(count) for one id as for many, so remove many at a time.
    ///
    /// - Returns: how many were removed.
    /// - Throws: ``FaissError`` with code `damaged`.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) throws(FaissError) -> Int {
        let wanted = Array(ids)
        return try state.changing { () throws(FaissError) in
            try state.write { state throws(FaissError) in
                if state.native == nil, state.damage == nil { return 0 }  // Nothing was ever added.
                try state.checkUsable()
                return try remove(wanted, from: &state)
            }
        }
    }

    /// The stored vector with this id: exact in a flat, IVF-flat, HNSW or refined index, decoded in one that compresses,
    /// turned back where a transform is, and normalised where the metric is cosine.
    ///
    /// Complexity: O(1), but O(count) in an IVF index, which is scanned.
    ///
    /// - Throws: ``FaissError`` with code `unknownID`, `notTrained`, `damaged`.
    public func reconstruct(_ id: Int64) throws(FaissError) -> [Float] {
        try reconstruct([id]).values
    }

    /// The stored vectors with these ids, in this order; see ``reconstruct(_:)-(Int64)``.
    ///
    /// Complexity: O(ids), in an IVF index O(count) for all of them together.
    ///
    /// - Throws: ``FaissError`` with code `unknownID`, `notTrained`, `damaged`, `tooLarge`.
    public func reconstruct(_ ids: [Int64]) throws(FaissError) -> VectorMatrix {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            var labels: [Int64] = []
            labels.reserveCapacity(ids.count)
            for id in ids {
                guard let position = state.ids.position(of: id) else {
                    throw FaissError(.unknownID, "no vector has the id \(id)")
                }
                labels.append(state.labelsAreIDs ? id : Int64(position))
            }
            switch state.native {
            case .none: throw FaissError(.notTrained, "the index is not trained")
            case .some(let native):
                return try withFaissError {
                    try VectorMatrix(count: ids.count, dimension: dimension) { values in
                        try native.reconstruct(labels, into: values)
                    }
                }
            }
        }
    }

    // MARK: Shared by the blocking and the async calls

    func train(on vectors: VectorMatrix, options: TrainingOptions, watch: Watch) throws(FaissError) {
        try options.validate()
        try checkDimension(vectors.dimension)
        try vectors.withUnsafeBufferPointer { values throws(FaissError) in try checkValues(values, areStored: true) }
        try state.changing { () throws(FaissError) in
            let description = try state.read { state throws(FaissError) in
                try state.descriptionForTraining(on: vectors, options: options)
            }
            guard let description else { return }
            // Trained beside the index, which stays as it is until the new one is done.
            var trained: NativeIndex? = try NativeIndex(description, dimension: dimension, metric: metric)
            try vectors.withUnsafeBufferPointer { values throws(FaissError) in
                try withPrepared(values) { prepared throws(FaissError) in
                    try trained?.train(prepared, options: options, watch: watch)
                }
            }
            try watch.checkCancellation()
            state.write { state in
                state.native = trained.take()
                state.description = description
                state.damage = nil
            }
        }
    }

    func add(_ vectors: VectorMatrix, threads: ThreadLimit, watch: Watch) throws(FaissError) -> Range<Int64> {
        try add(vectors, threads: threads, watch: watch) { state throws(FaissError) in
            guard let first = state.ids.nextID, first <= Int64.max - Int64(vectors.count) else {
                throw FaissError(.invalidArgument, "no \(vectors.count) ids are left: the largest so far is the last")
            }
            return (first..<first + Int64(vectors.count), Array(first..<first + Int64(vectors.count)))
        }
    }

    func add(_ vectors: VectorMatrix, ids: [Int64], threads: ThreadLimit, watch: Watch) throws(FaissError) {
        guard ids.count == vectors.count else {
            throw FaissError(.invalidArgument, "\(ids.count) ids don't fit \(vectors.count) vectors")
        }
        try add(vectors, threads: threads, watch: watch) { state throws(FaissError) in
            try state.ids.checkAppending(ids)
            return ((), ids)
        }
    }

    private func add<Answer>(
        _ vectors: VectorMatrix,
        threads: ThreadLimit,
        watch: Watch,
        chooseIDs: (borrowing State) throws(FaissError) -> (Answer, [Int64])
    ) throws(FaissError) -> Answer {
        try checkDimension(vectors.dimension)
        try vectors.withUnsafeBufferPointer { values throws(FaissError) in try checkValues(values, areStored: true) }
        return try state.changing { () throws(FaissError) in
            let (answer, ids) = try state.read { state throws(FaissError) in
                try state.checkUsable()
                try state.checkRoom(for: vectors.count)
                return try chooseIDs(state)
            }
            let batch = indexDescription.addingBatch
            for start in stride(from: 0, to: vectors.count, by: batch) {
                let rows = start..<min(start + batch, vectors.count)
                do throws(FaissError) {
                    try watch.checkCancellation()
                    try vectors.withUnsafeBufferPointer { values throws(FaissError) in
                        let slice = values[rows.lowerBound * dimension..<rows.upperBound * dimension]
                        try withPrepared(UnsafeBufferPointer(rebasing: slice)) { prepared throws(FaissError) in
                            try state.write { state throws(FaissError) in
                                if start == 0 { try state.native?.reserve(vectors.count) }
                                try state.append(prepared, ids: Array(ids[rows]), threads: threads)
                            }
                        }
                    }
                } catch {
                    try state.write { state throws(FaissError) in
                        if state.damage == nil, start > 0 { try remove(Array(ids[..<start]), from: &state) }
                    }
                    throw error
                }
                watch.progress?(OperationProgress(completed: rows.upperBound, total: vectors.count))
            }
            return answer
        }
    }

    @discardableResult
    private func remove(_ ids: [Int64], from state: inout State) throws(FaissError) -> Int {
        let present = Set(ids.filter { state.ids.position(of: $0) != nil })
        if present.isEmpty { return 0 }
        if !state.description.capabilities.freesRemovedVectors {
            state.ids.removeLeavingGaps(present)
        } else {
            let labels =
                state.labelsAreIDs ? present.sorted() : present.map { Int64(state.ids.position(of: $0)!) }.sorted()
            do throws(FaissError) {
                let removed = try state.native?.remove(ascending: labels) ?? 0
                guard removed == labels.count else {
                    throw FaissError(.faiss, "Faiss removed \(removed) of \(labels.count) vectors")
                }
            } catch {
                state.damage = error.message
                throw error
            }
            state.ids.removeClosingGaps(present)
        }
        return present.count
    }
}

extension VectorIndex.State {
    /// What to train on so many vectors, with the number of lists decided; nil if there is nothing to learn.
    fileprivate func descriptionForTraining(
        on vectors: VectorMatrix,
        options: TrainingOptions
    ) throws(FaissError) -> IndexDescription? {
        guard description.needsTraining else { return nil }
        guard ids.positionCount == 0 else {
            throw FaissError(
                .unsupported,
                "the index holds \(ids.count) vectors: training it again would spoil their codes"
            )
        }
        let count = vectors.count
        let minimum = max(description.minimumTrainingCount(dimension: vectors.dimension), 1)
        guard count >= minimum else {
            throw FaissError(
                .tooFewTrainingVectors,
                "\(count) training vectors are fewer than the \(minimum) that \(description) needs"
            )
        }
        return description.resolved(count: max(options.expectedCount ?? 0, count), trainingCount: count)
    }

    /// Adds prepared vectors to Faiss and their ids to the map. If Faiss fails on the way, what it then holds is
    /// unknown, and the index is unusable from there on.
    fileprivate mutating func append(
        _ vectors: UnsafeBufferPointer<Float>,
        ids newIDs: [Int64],
        threads: ThreadLimit
    ) throws(FaissError) {
        do throws(FaissError) {
            let count = try native?.add(vectors, ids: newIDs, threads: threads) ?? 0
            guard count == ids.positionCount + newIDs.count else {
                throw FaissError(.faiss, "Faiss holds \(count) vectors, not \(ids.positionCount + newIDs.count)")
            }
        } catch {
            damage = error.message
            throw error
        }
        ids.append(newIDs)
    }

    /// Refuses what would not fit in memory, and what HNSW's 32-bit positions can't number.
    fileprivate func checkRoom(for count: Int) throws(FaissError) {
        let total = ids.positionCount + count
        guard total <= Int(Int32.max) else {
            throw FaissError(.tooLarge, "\(total) vectors are more than the \(Int32.max) that an index can hold")
        }
    }
}

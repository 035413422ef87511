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
    ///   - progress: called before every k-means iteration.
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
    ///   - progress: called after every batch.
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
    ///   - progress: called after every batch.
    /// - Throws: ``FaissError`` with code `duplicateID` and those of `add(_:threads:progress:)`.
    public func add(
        _ vectors: VectorMatrix,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) {
        try add(vectors, ids: ids, threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// Adds one vector under the next id, which is returned; see `add(_:threads:progress:)`. Many are added faster by one
    /// call.
    ///
    /// - Throws: as for many vectors.
    @discardableResult
    public func add(_ vector: some Collection<Float>) throws(FaissError) -> Int64 {
        try add(matrix(of: vector), threads: 1).lowerBound
    }

    /// Adds one vector under an id; see `add(_:ids:threads:progress:)`. Many are added faster by one call.
    ///
    /// - Throws: as for many vectors.
    public func add(_ vector: some Collection<Float>, id: Int64) throws(FaissError) {
        try add(matrix(of: vector), ids: [id], threads: 1)
    }

    func matrix(of vector: some Collection<Float>) throws(FaissError) -> VectorMatrix {
        try checkDimension(vector.count)
        return try withFaissError { try VectorMatrix(Array(vector), dimension: dimension) }
    }

    /// Removes vectors. An id that no vector has is ignored.
    ///
    /// An HNSW index, and what is built on one, only hides them: their links stay, and so does their memory.
    ///
    /// Complexity: O(count) for one id as for many, so remove many at a time.
    ///
    /// - Returns: how many were removed.
    /// - Throws: ``FaissError`` with code `damaged`.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) throws(FaissError) -> Int {
        try state.remove(Array(ids))
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

    /// The stored vectors with these ids, in this order; see `reconstruct(_:)`.
    ///
    /// Complexity: O(ids), in an IVF index O(count) for all of them together.
    ///
    /// - Throws: ``FaissError`` with code `unknownID`, `notTrained`, `damaged`, `tooLarge`.
    public func reconstruct(_ ids: [Int64]) throws(FaissError) -> VectorMatrix {
        try state.read { state throws(FaissError) in
            try state.checkUsable()
            let labels = try state.labels(of: ids)
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
                try state.descriptionForTraining(on: vectors.count, dimension: dimension, options: options)
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
        let first = try add(vectors, under: .next, threads: threads, watch: watch)
        return first..<first + Int64(vectors.count)
    }

    func add(_ vectors: VectorMatrix, ids: [Int64], threads: ThreadLimit, watch: Watch) throws(FaissError) {
        _ = try add(vectors, under: .given(ids), threads: threads, watch: watch)
    }

    private func add(
        _ vectors: VectorMatrix,
        under ids: NewIDs,
        threads: ThreadLimit,
        watch: Watch
    ) throws(FaissError) -> Int64 {
        try checkDimension(vectors.dimension)
        return try vectors.withUnsafeBufferPointer { values throws(FaissError) in
            try checkValues(values, areStored: true)
            return try state.add(vectors.count, ids: ids, threads: threads, watch: watch) {
                rows,
                body throws(FaissError) in
                let slice = values[rows.lowerBound * dimension..<rows.upperBound * dimension]
                try withPrepared(UnsafeBufferPointer(rebasing: slice), body)
            }
        }
    }
}

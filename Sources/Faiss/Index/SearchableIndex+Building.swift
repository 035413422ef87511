public import Vectors

extension SearchableIndex {
    /// Learns the centroids and codebooks from a representative sample, without adding it.
    ///
    /// Types that need no training accept the call and do nothing. An index that holds vectors can't be trained again:
    /// their codes would lose their meaning. Cancelling or failing leaves the index as it was.
    ///
    /// Over bits, k-means treats them as 1 and −1 and rounds the centroids to bits. It takes 4 bytes a bit of the centroids
    /// and of 32,768 vectors at a time.
    ///
    /// - Parameters:
    ///   - vectors: the sample; 30 to 256 vectors a list are good, one a list is the least.
    ///   - options: iterations, sampling, seed, threads.
    ///   - progress: called before every k-means iteration.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `tooFewTrainingVectors`,
    ///   `invalidArgument`, `unsupported` (the index holds vectors), `cancelled`, `tooLarge`.
    public func train(
        on vectors: Vectors,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) { try core.train(on: vectors, options: options, watch: Watch(progress)) }

    /// As the blocking `train`, off the cooperative pool; stops when the task is cancelled.
    public func train(
        on vectors: Vectors,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) {
        try await runWatched(progress) { [core] watch throws(VectorError) in
            try core.train(on: vectors, options: options, watch: watch)
        }
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
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `notTrained`, `invalidArgument` (a zero
    ///   vector for cosine), `cancelled`, `tooLarge`, `damaged`.
    @discardableResult
    public func add(
        _ vectors: Vectors,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> Range<Int64> {
        try core.add(vectors, under: .next, threads: threads, watch: Watch(progress))
    }

    /// As the blocking `add`, off the cooperative pool; stops when the task is cancelled.
    @discardableResult
    public func add(
        _ vectors: Vectors,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> Range<Int64> {
        try await runWatched(progress) { [core] watch throws(VectorError) in
            try core.add(vectors, under: .next, threads: threads, watch: watch)
        }
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
    /// - Throws: `VectorError` with code `duplicateID` and those of `add(_:threads:progress:)`.
    public func add(
        _ vectors: Vectors,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) { try core.add(vectors, under: .given(ids), threads: threads, watch: Watch(progress)) }

    /// As the blocking `add`, off the cooperative pool; stops when the task is cancelled.
    public func add(
        _ vectors: Vectors,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) {
        try await runWatched(progress) { [core] watch throws(VectorError) in
            _ = try core.add(vectors, under: .given(ids), threads: threads, watch: watch)
        }
    }

    /// Adds one vector under the next id, which is returned; see `add(_:threads:progress:)`. Many are added faster by one
    /// call.
    ///
    /// - Parameter vector: as many numbers as the dimension, or an eighth as many bytes of bits.
    /// - Throws: as for many vectors.
    @discardableResult
    public func add(_ vector: some Collection<Vectors.Component>) throws(VectorError) -> Int64 {
        try add(core.matrix(of: vector), threads: 1).lowerBound
    }

    /// As the blocking `add`, off the cooperative pool.
    @discardableResult
    public func add(_ vector: some Collection<Vectors.Component>) async throws(VectorError) -> Int64 {
        try await add(core.matrix(of: vector), threads: 1).lowerBound
    }

    /// Adds one vector under an id; see `add(_:ids:threads:progress:)`. Many are added faster by one call.
    ///
    /// - Throws: as for many vectors.
    public func add(_ vector: some Collection<Vectors.Component>, id: Int64) throws(VectorError) {
        try add(core.matrix(of: vector), ids: [id], threads: 1)
    }

    /// As the blocking `add`, off the cooperative pool.
    public func add(_ vector: some Collection<Vectors.Component>, id: Int64) async throws(VectorError) {
        try await add(core.matrix(of: vector), ids: [id], threads: 1)
    }

    /// Puts vectors in the place of those that have these ids. A search finds the old ones or the new ones, never none or
    /// both. Faiss: `update_vectors`.
    ///
    /// Searches wait while the vectors are encoded and linked. HNSW hides the old vectors, which keep their memory.
    ///
    /// All or nothing: if the call throws, nothing was replaced; where memory runs out in the middle of it, the index is
    /// `damaged`, as after an `add`.
    ///
    /// Complexity: as `remove(ids:)` and `add(_:ids:threads:progress:)`.
    ///
    /// - Parameters:
    ///   - vectors: the new vectors; none is fine.
    ///   - ids: as many ids, each in the index and none twice.
    ///   - threads: how many threads encoding and linking may use.
    /// - Throws: `VectorError` with code `unknownID`, `duplicateID`, and those of `add(_:threads:progress:)`.
    public func replace(_ vectors: Vectors, ids: [Int64], threads: ThreadLimit = .automatic) throws(VectorError) {
        try core.replace(vectors, ids: ids, threads: threads, watch: Watch())
    }

    /// As the blocking `replace`, off the cooperative pool; a task that was cancelled before replaces nothing.
    public func replace(
        _ vectors: Vectors,
        ids: [Int64],
        threads: ThreadLimit = .automatic
    ) async throws(VectorError) {
        try await runWatched { [core] watch throws(VectorError) in
            try core.replace(vectors, ids: ids, threads: threads, watch: watch)
        }
    }

    /// Puts a vector in the place of the one that has this id; see `replace(_:ids:threads:)`.
    ///
    /// - Throws: as for many vectors.
    public func replace(_ vector: some Collection<Vectors.Component>, id: Int64) throws(VectorError) {
        try replace(core.matrix(of: vector), ids: [id], threads: 1)
    }

    /// As the blocking `replace`, off the cooperative pool.
    public func replace(_ vector: some Collection<Vectors.Component>, id: Int64) async throws(VectorError) {
        try await replace(core.matrix(of: vector), ids: [id], threads: 1)
    }

    /// Removes vectors. An id that no vector has is ignored.
    ///
    /// An HNSW index, and what is built on one, only hides them: their links stay, and so does their memory.
    ///
    /// Complexity: O(count) for one id as for many, so remove many at a time.
    ///
    /// - Returns: how many were removed.
    /// - Throws: `VectorError` with code `damaged`.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) throws(VectorError) -> Int { try core.remove(Array(ids)) }

    /// As the blocking `remove`, off the cooperative pool.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) async throws(VectorError) -> Int {
        let ids = Array(ids)
        return try await runWatched { [core] _ throws(VectorError) in try core.remove(ids) }
    }
}

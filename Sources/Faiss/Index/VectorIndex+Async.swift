public import Vectors

// The overloads that async callers get: the same calls on threads outside the cooperative pool, cancelled with the task.

extension VectorIndex {
    /// As `train(on:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func train(
        on vectors: VectorMatrix,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) {
        try await runBlocking { cancellation throws(FaissError) in
            try self.train(on: vectors, options: options, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    /// As `add(_:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    @discardableResult
    public func add(
        _ vectors: VectorMatrix,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> Range<Int64> {
        try await runBlocking { cancellation throws(FaissError) in
            try self.add(vectors, threads: threads, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    /// As `add(_:ids:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func add(
        _ vectors: VectorMatrix,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            try self.add(vectors, ids: ids, threads: threads, watch: watch)
        }
    }

    /// As `add(_:)` of one vector, off the cooperative pool.
    @discardableResult
    public func add(_ vector: some Collection<Float>) async throws(FaissError) -> Int64 {
        try await add(matrix(of: vector), threads: 1).lowerBound
    }

    /// As `add(_:id:)`, off the cooperative pool.
    public func add(_ vector: some Collection<Float>, id: Int64) async throws(FaissError) {
        try await add(matrix(of: vector), ids: [id], threads: 1)
    }

    /// As `remove(ids:)`, off the cooperative pool.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) async throws(FaissError) -> Int {
        let ids = Array(ids)
        return try await runBlocking { _ throws(FaissError) in try self.remove(ids: ids) }
    }

    /// As `reconstruct(_:)`, off the cooperative pool.
    public func reconstruct(_ id: Int64) async throws(FaissError) -> [Float] { try await reconstruct([id]).values }

    /// As `reconstruct(_:)`, off the cooperative pool.
    public func reconstruct(_ ids: [Int64]) async throws(FaissError) -> VectorMatrix {
        try await runBlocking { _ throws(FaissError) in try self.reconstruct(ids) }
    }

    /// As `search(_:k:options:)`, off the cooperative pool.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        options: SearchOptions = SearchOptions()
    ) async throws(FaissError) -> [Neighbor] {
        let query = Array(query)
        return try await runBlocking { _ throws(FaissError) in
            try self.search(query, for: .nearest(k), options: options)
        }
    }

    /// As `search(_:k:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> NeighborLists {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            return try self.search(queries, for: .nearest(k), options: options, watch: watch)
        }
    }

    /// As `search(_:within:options:)`, off the cooperative pool.
    public func search(
        _ query: some Collection<Float>,
        within radius: Float,
        options: SearchOptions = SearchOptions()
    ) async throws(FaissError) -> [Neighbor] {
        let query = Array(query)
        return try await runBlocking { _ throws(FaissError) in
            try self.search(query, for: .within(radius), options: options)
        }
    }

    /// As `search(_:within:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: VectorMatrix,
        within radius: Float,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> NeighborLists {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            return try self.search(queries, for: .within(radius), options: options, watch: watch)
        }
    }
}

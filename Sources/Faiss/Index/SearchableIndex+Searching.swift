public import Vectors

extension SearchableIndex {
    /// Finds the k nearest vectors.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the index's dimension, or an eighth as many bytes of bits.
    ///   - k: how many neighbours, from 1.
    ///   - options: probes, ef, filter.
    /// - Returns: the neighbours, nearest first, equally near ones by id. Fewer than k if the index holds fewer, if
    ///   fewer pass the filter, or if an approximate index meets fewer on its way; none if the index is empty.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument`, `notTrained`,
    ///   `tooLarge`, `damaged`.
    public func search(
        _ query: some Collection<Vectors.Component>,
        k: Int,
        options: SearchOptions = SearchOptions()
    ) throws(VectorError) -> [Neighbor] { try core.search(one: Array(query), for: .nearest(k), options: options) }

    /// As the blocking `search`, off the cooperative pool.
    public func search(
        _ query: some Collection<Vectors.Component>,
        k: Int,
        options: SearchOptions = SearchOptions()
    ) async throws(VectorError) -> [Neighbor] {
        let query = Array(query)
        return try await runWatched { [core] _ throws(VectorError) in
            try core.search(one: query, for: .nearest(k), options: options)
        }
    }

    /// Finds the k nearest vectors of each query; see `search(_:k:options:)`.
    ///
    /// Queries are searched in blocks of up to 1,024. What changes the index meanwhile may come in between two of them.
    ///
    /// - Parameters:
    ///   - queries: a query a row.
    ///   - k: how many neighbours each, from 1.
    ///   - options: probes, ef, filter, threads.
    ///   - progress: called after every block of queries.
    /// - Returns: a list a query.
    /// - Throws: as above, and `cancelled`.
    public func search(
        _ queries: Vectors,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> NeighborLists {
        try search(queries, for: .nearest(k), options: options, watch: Watch(progress))
    }

    /// As the blocking `search`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: Vectors,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> NeighborLists {
        try await runWatched(progress) { watch throws(VectorError) in
            try self.search(queries, for: .nearest(k), options: options, watch: watch)
        }
    }

    /// Finds all vectors nearer than a distance; in inverted lists, those in the lists visited.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the index's dimension, or an eighth as many bytes of bits.
    ///   - radius: in the unit of the metric: vectors with a squared distance below it, or an inner product or cosine
    ///     above it, are found. For bits, those that differ in fewer: a radius of 1 finds equal vectors.
    ///   - options: probes, filter.
    /// - Returns: the neighbours, nearest first, equally near ones by id.
    /// - Throws: `VectorError` with code `unsupported` (HNSW and refined indexes can't, see
    ///   ``IndexDescription/Capabilities``) and those of `search(_:k:options:)`.
    public func search(
        _ query: some Collection<Vectors.Component>,
        within radius: Vectors.Radius,
        options: SearchOptions = SearchOptions()
    ) throws(VectorError) -> [Neighbor] {
        try core.search(one: Array(query), for: .within(Vectors.distance(of: radius)), options: options)
    }

    /// As the blocking `search`, off the cooperative pool.
    public func search(
        _ query: some Collection<Vectors.Component>,
        within radius: Vectors.Radius,
        options: SearchOptions = SearchOptions()
    ) async throws(VectorError) -> [Neighbor] {
        let query = Array(query)
        return try await runWatched { [core] _ throws(VectorError) in
            try core.search(one: query, for: .within(Vectors.distance(of: radius)), options: options)
        }
    }

    /// Finds all vectors nearer than a distance to each query; see `search(_:within:options:)`.
    public func search(
        _ queries: Vectors,
        within radius: Vectors.Radius,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> NeighborLists {
        try search(queries, for: .within(Vectors.distance(of: radius)), options: options, watch: Watch(progress))
    }

    /// As the blocking `search`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: Vectors,
        within radius: Vectors.Radius,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> NeighborLists {
        try await runWatched(progress) { watch throws(VectorError) in
            try self.search(queries, for: .within(Vectors.distance(of: radius)), options: options, watch: watch)
        }
    }

    func search(
        _ queries: Vectors,
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch
    ) throws(VectorError) -> NeighborLists {
        try core.checkDimension(queries.dimension)
        return try core.search(queries.components, for: goal, options: options, watch: watch)
    }

    /// The stored vector with this id: exact in a flat, IVF-flat, HNSW or refined index, decoded in one that compresses,
    /// turned back where a transform is, and normalised where the metric is cosine.
    ///
    /// Complexity: O(1), but O(count) in an IVF index, which is scanned.
    ///
    /// - Throws: `VectorError` with code `unknownID`, `notTrained`, `damaged`.
    public func reconstruct(_ id: Int64) throws(VectorError) -> [Vectors.Component] {
        try reconstruct([id]).components
    }

    /// As the blocking `reconstruct`, off the cooperative pool.
    public func reconstruct(_ id: Int64) async throws(VectorError) -> [Vectors.Component] {
        try await reconstruct([id]).components
    }

    /// The stored vectors with these ids, in this order; see `reconstruct(_:)`.
    ///
    /// Complexity: O(ids), in an IVF index O(count) for all of them together.
    ///
    /// - Throws: `VectorError` with code `unknownID`, `notTrained`, `damaged`, `tooLarge`.
    public func reconstruct(_ ids: [Int64]) throws(VectorError) -> Vectors { try core.reconstruct(ids) }

    /// As the blocking `reconstruct`, off the cooperative pool.
    public func reconstruct(_ ids: [Int64]) async throws(VectorError) -> Vectors {
        try await runWatched { [core] _ throws(VectorError) in try core.reconstruct(ids) }
    }
}

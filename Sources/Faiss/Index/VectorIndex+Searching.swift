public import Vectors

extension VectorIndex {
    /// Finds the k nearest vectors.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the index's dimension.
    ///   - k: how many neighbours, from 1.
    ///   - options: probes, ef, filter.
    /// - Returns: the neighbours, nearest first, equally near ones by id. Fewer than k if the index holds fewer, if
    ///   fewer pass the filter, or if an approximate index meets fewer on its way; none if the index is empty.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument`, `notTrained`,
    ///   `tooLarge`, `damaged`.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        options: SearchOptions = SearchOptions()
    ) throws(FaissError) -> [Neighbor] {
        try search(Array(query), for: .nearest(k), options: options)
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
        _ queries: VectorMatrix,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> NeighborLists {
        let watch = Watch(cancellation: Cancellation(), progress: progress)
        return try search(queries, for: .nearest(k), options: options, watch: watch)
    }

    /// Finds all vectors nearer than a distance; in inverted lists, those in the lists visited.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the index's dimension.
    ///   - radius: in the unit of the metric: found is what has a squared distance below it, or an inner product or
    ///     cosine above it.
    ///   - options: probes, filter.
    /// - Returns: the neighbours, nearest first, equally near ones by id.
    /// - Throws: ``FaissError`` with code `unsupported` (HNSW and refined indexes can't, see
    ///   ``IndexDescription/Capabilities``) and those of
    ///   `search(_:k:options:)`.
    public func search(
        _ query: some Collection<Float>,
        within radius: Float,
        options: SearchOptions = SearchOptions()
    ) throws(FaissError) -> [Neighbor] {
        try search(Array(query), for: .within(radius), options: options)
    }

    /// Finds all vectors nearer than a distance to each query; see `search(_:within:options:)`.
    public func search(
        _ queries: VectorMatrix,
        within radius: Float,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> NeighborLists {
        let watch = Watch(cancellation: Cancellation(), progress: progress)
        return try search(queries, for: .within(radius), options: options, watch: watch)
    }

    // MARK: Shared by the blocking and the async calls

    func search(_ query: [Float], for goal: SearchGoal, options: SearchOptions) throws(FaissError) -> [Neighbor] {
        try checkDimension(query.count)
        return try query.withUnsafeBufferPointer { values throws(FaissError) in
            let watch = Watch(cancellation: Cancellation(), progress: nil)
            return try find(values, for: goal, options: options, watch: watch).neighbors
        }
    }

    func search(
        _ queries: VectorMatrix,
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch
    ) throws(FaissError) -> NeighborLists {
        try checkDimension(queries.dimension)
        return try queries.withUnsafeBufferPointer { values throws(FaissError) in
            try find(values, for: goal, options: options, watch: watch)
        }
    }

    private func find(
        _ queries: UnsafeBufferPointer<Float>,
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch
    ) throws(FaissError) -> NeighborLists {
        try goal.validate(metric: metric)
        try checkValues(queries, areStored: false)
        return try state.search(queries.count / dimension, for: goal, options: options, watch: watch) {
            rows,
            native,
            plan,
            parameters,
            ids throws(FaissError) in
            let slice = queries[rows.lowerBound * dimension..<rows.upperBound * dimension]
            return try withPrepared(UnsafeBufferPointer(rebasing: slice)) { block throws(FaissError) in
                try native.find(block, plan: plan, parameters: parameters, metric: metric, ids: ids)
            }
        }
    }
}

extension SearchGoal {
    fileprivate func validate(metric: Metric) throws(FaissError) {
        switch self {
        case .nearest(let k):
            guard k >= 1 else { throw FaissError(.invalidArgument, "k \(k) is less than 1") }
        case .within(let radius):
            guard radius.isFinite else { throw FaissError(.notFinite, "the radius \(radius) is not finite") }
            guard radius >= 0 || metric.largerIsNearer else {
                throw FaissError(.invalidArgument, "the radius \(radius) is negative, a squared distance never is")
            }
        }
    }
}

extension NativeIndex {
    /// Searches a block of prepared queries and translates labels to ids.
    fileprivate func find(
        _ queries: UnsafeBufferPointer<Float>,
        plan: SearchPlan,
        parameters: borrowing SearchParameters,
        metric: Metric,
        ids: UnsafeBufferPointer<Int64>?
    ) throws(FaissError) -> NeighborLists {
        let rows = queries.count / dimension
        var lists = NeighborLists(minimumCapacity: rows, neighbors: rows * plan.k)
        func neighbor(_ label: Int64, _ distance: Float) -> Neighbor {
            Neighbor(
                id: ids.map { $0[Int(label)] } ?? label,
                distance: metric.clamped(distance)
            )
        }
        func isBefore(_ first: Neighbor, _ second: Neighbor) -> Bool {
            first.distance == second.distance
                ? first.id < second.id : metric.isNearer(first.distance, than: second.distance)
        }
        switch plan.goal {
        case .nearest:
            let k = plan.k
            var distances = [Float](repeating: 0, count: rows * k)
            var labels = [Int64](repeating: -1, count: rows * k)
            try search(queries, k: k, parameters: parameters, distances: &distances, labels: &labels)
            var list: [Neighbor] = []
            for row in 0..<rows {
                list.removeAll(keepingCapacity: true)
                for slot in row * k..<(row + 1) * k where labels[slot] >= 0 {
                    list.append(neighbor(labels[slot], distances[slot]))
                }
                list.sort(by: isBefore)
                lists.append(list)
            }
        case .within(let radius):
            try search(queries, within: radius, parameters: parameters) { labels, distances in
                var list: [Neighbor] = []
                for slot in 0..<labels.count where labels[slot] >= 0 {
                    list.append(neighbor(labels[slot], distances[slot]))
                }
                list.sort(by: isBefore)
                lists.append(list)
            }
        }
        return lists
    }
}

extension Metric {
    /// Rounding can carry the cosine of two nearly equal vectors a little beyond 1, and a squared distance that Faiss
    /// adds up from precomputed terms a little below 0.
    fileprivate func clamped(_ distance: Float) -> Float {
        switch self {
        case .squaredL2: max(distance, 0)
        case .innerProduct: distance
        case .cosine: min(max(distance, -1), 1)
        }
    }
}

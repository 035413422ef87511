public import Vectors

extension BinaryIndex {
    /// Finds the k vectors that differ from each query in the fewest bits.
    ///
    /// - Parameters:
    ///   - queries: a query a row; one is fine.
    ///   - k: how many neighbours each, from 1.
    ///   - options: probes, ef, filter, threads.
    ///   - progress: called after every block of queries.
    /// - Returns: a list a query, with the number of different bits as the distance, nearest first, equally near ones by
    ///   id. Fewer than k if the index holds fewer, if fewer pass the filter, or if an approximate index meets fewer.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `invalidArgument`, `notTrained`, `tooLarge`, `cancelled`,
    ///   `damaged`.
    public func search(
        _ queries: BinaryMatrix,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> NeighborLists {
        let watch = Watch(cancellation: Cancellation(), progress: progress)
        return try search(queries, for: .nearest(k), options: options, watch: watch)
    }

    /// Finds all vectors that differ from each query in fewer bits than a radius; in inverted lists, those in the lists
    /// visited. So a radius of 1 finds equal vectors.
    ///
    /// - Throws: ``FaissError`` with code `unsupported` (a graph can't), and those of `search(_:k:options:progress:)`.
    public func search(
        _ queries: BinaryMatrix,
        within radius: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> NeighborLists {
        let watch = Watch(cancellation: Cancellation(), progress: progress)
        return try search(queries, for: goal(within: radius), options: options, watch: watch)
    }

    // MARK: Shared by the blocking and the async calls

    func goal(within radius: Int) throws(FaissError) -> SearchGoal {
        guard radius >= 0 else {
            throw FaissError(.invalidArgument, "the radius \(radius) is negative, a number of bits never is")
        }
        return .within(Float(min(radius, dimension + 1)))
    }

    func search(
        _ queries: BinaryMatrix,
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch
    ) throws(FaissError) -> NeighborLists {
        if case .nearest(let k) = goal, k < 1 { throw FaissError(.invalidArgument, "k \(k) is less than 1") }
        try check(queries)
        let rowBytes = queries.rowBytes
        return try queries.bytes.withUnsafeBufferPointer { bytes throws(FaissError) in
            try state.search(queries.count, for: goal, options: options, watch: watch) {
                rows,
                native,
                plan,
                parameters,
                _ throws(FaissError) in
                let slice = bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]
                return try native.find(UnsafeBufferPointer(rebasing: slice), plan: plan, parameters: parameters)
            }
        }
    }
}

extension NativeBinaryIndex {
    /// Searches for a block of queries.
    fileprivate func find(
        _ queries: UnsafeBufferPointer<UInt8>,
        plan: SearchPlan,
        parameters: borrowing SearchParameters
    ) throws(FaissError) -> NeighborLists {
        let rows = queries.count / (dimension / 8)
        var lists = NeighborLists(minimumCapacity: rows, neighbors: rows * plan.k)
        func isBefore(_ first: Neighbor, _ second: Neighbor) -> Bool {
            first.distance == second.distance ? first.id < second.id : first.distance < second.distance
        }
        switch plan.goal {
        case .nearest:
            var distances = [Float](repeating: 0, count: rows * plan.k)
            var ids = [Int64](repeating: -1, count: rows * plan.k)
            try search(queries, k: plan.k, parameters: parameters, distances: &distances, ids: &ids)
            for row in 0..<rows {
                let found = (row * plan.k..<(row + 1) * plan.k).lazy
                    .filter { ids[$0] >= 0 }
                    .map { Neighbor(id: ids[$0], distance: distances[$0]) }
                lists.append(found.sorted(by: isBefore))
            }
        case .within(let radius):
            try search(queries, within: radius, parameters: parameters) { ids, distances in
                lists.append(zip(ids, distances).map { Neighbor(id: $0, distance: $1) }.sorted(by: isBefore))
            }
        }
        return lists
    }
}

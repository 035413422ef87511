import Synchronization
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
        _ query: [Float],
        k: Int,
        options: SearchOptions = SearchOptions()
    ) throws(FaissError) -> [Neighbor] {
        try search(query, for: .nearest(k), options: options)
    }

    /// Finds the k nearest vectors of each query; see ``search(_:k:options:)-([Float],_,_)``.
    ///
    /// Queries are searched in blocks of up to 1,024. What changes the index meanwhile may come in between two of them.
    ///
    /// - Parameters:
    ///   - queries: a query a row.
    ///   - k: how many neighbours each, from 1.
    ///   - options: probes, ef, filter, threads.
    ///   - progress: told after every block of queries.
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
    ///   ``search(_:k:options:)-([Float],_,_)``.
    public func search(
        _ query: [Float],
        within radius: Float,
        options: SearchOptions = SearchOptions()
    ) throws(FaissError) -> [Neighbor] {
        try search(query, for: .within(radius), options: options)
    }

    /// Finds all vectors nearer than a distance to each query; see ``search(_:within:options:)-([Float],_,_)``.
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

    enum Goal: Sendable {
        case nearest(Int)
        case within(Float)
    }

    func search(_ query: [Float], for goal: Goal, options: SearchOptions) throws(FaissError) -> [Neighbor] {
        try checkDimension(query.count)
        return try query.withUnsafeBufferPointer { values throws(FaissError) in
            let watch = Watch(cancellation: Cancellation(), progress: nil)
            return try find(values, for: goal, options: options, watch: watch).neighbors
        }
    }

    func search(
        _ queries: VectorMatrix,
        for goal: Goal,
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
        for goal: Goal,
        options: SearchOptions,
        watch: Watch
    ) throws(FaissError) -> NeighborLists {
        try options.validate()
        try goal.validate(metric: metric)
        try checkValues(queries, areStored: false)
        let queryCount = queries.count / dimension
        let blockSize = try state.read { state throws(FaissError) in
            try state.checkUsable()
            try state.description.check(goal)
            let plan = Plan(goal, options: options, state: state)
            try checkResultSize(queryCount, plan.k)
            return plan.blockSize
        }
        if queryCount == 0 { return NeighborLists() }
        // The lock is held block by block: between them changes get their turn, and the progress handler is told while
        // it is free, so that it may use the index.
        let blocks = Blocks(queryCount, size: blockSize, threads: options.threads)
        let found = Mutex([NeighborLists?](repeating: nil, count: blocks.count))
        try blocks.run(watch: watch) { number, rows throws(FaissError) in
            let slice = queries[rows.lowerBound * dimension..<rows.upperBound * dimension]
            let lists = try withPrepared(UnsafeBufferPointer(rebasing: slice)) { block throws(FaissError) in
                try state.read { state throws(FaissError) in
                    try find(block, in: state, for: goal, options: options)
                }
            }
            found.withLock { $0[number] = lists }
        }
        let lists = found.withLock { $0 }
        if lists.count == 1, let only = lists[0] { return only }
        let size = lists.reduce(0) { $0 + ($1?.neighbors.count ?? 0) }
        var all = NeighborLists(minimumCapacity: queryCount, neighbors: size)
        for list in lists { if let list { all.append(contentsOf: list) } }
        return all
    }

    /// Searches a block of prepared queries.
    private func find(
        _ block: UnsafeBufferPointer<Float>,
        in state: borrowing State,
        for goal: Goal,
        options: SearchOptions
    ) throws(FaissError) -> NeighborLists {
        try state.checkUsable()
        if state.ids.count == 0 {
            var lists = NeighborLists()
            for _ in 0..<block.count / dimension { lists.append(EmptyCollection()) }
            return lists
        }
        switch state.native {
        case .none: throw FaissError(.notTrained, "the index is not trained")
        case .some(let native):
            let plan = Plan(goal, options: options, state: state)
            let hasRemoved = state.ids.removedCount > 0
            return try withOptionalBuffer(
                of: state.labelsAreIDs ? nil : state.ids.explicitIDs
            ) { ids throws(FaissError) in
                let parameters = SearchParameters(
                    probes: plan.probes,
                    ef: plan.ef,
                    threads: options.threads,
                    filter: options.filter,
                    externalIDs: ids,
                    hasRemoved: hasRemoved
                )
                return try native.find(block, plan: plan, parameters: parameters, metric: metric, ids: ids)
            }
        }
    }

    private func checkResultSize(_ queries: Int, _ k: Int) throws(FaissError) {
        let (results, overflow) = queries.multipliedReportingOverflow(by: k)
        let (bytes, tooMany) = results.multipliedReportingOverflow(by: 2 * MemoryLayout<Neighbor>.stride)
        guard !overflow, !tooMany else {
            throw FaissError(.tooLarge, "\(queries) queries with \(k) neighbours each do not fit in memory")
        }
        try withFaissError { try checkMemory(bytes: bytes, for: "\(queries) queries with \(k) neighbours each") }
    }
}

/// What a search comes to, for the state in which it finds the index.
private struct Plan: Sendable {
    let goal: VectorIndex.Goal
    /// At most as many as there are vectors; 0 for a search within a distance.
    let k: Int
    /// One more where answers are exact, which shows whether the last place is disputed.
    let asked: Int
    /// How many Faiss keeps in between, where it computes distances again.
    private let candidates: Int
    let probes: Int
    let ef: Int

    init(_ goal: VectorIndex.Goal, options: SearchOptions, state: borrowing VectorIndex.State) {
        self.goal = goal
        k = if case .nearest(let k) = goal { min(k, state.ids.count) } else { 0 }
        asked = state.description.answersAreExact ? min(k + 1, state.ids.count) : k
        candidates = Int((Float(k) * state.description.candidatesAnAnswer).rounded(.up))
        let lists = state.description.listCount ?? 1
        probes = min(options.probes ?? Int(Double(lists).squareRoot().rounded()), lists)
        if state.description.hasGraph {
            // Removed vectors are still met on the way: the more there are, the more candidates find the rest.
            let met = Double(state.ids.positionCount) / Double(max(state.ids.count, 1))
            let wanted = Double(max(min(options.ef ?? 64, state.ids.count), k)) * met
            ef = Int(min(wanted.rounded(.up), Double(state.ids.positionCount)))
        } else {
            ef = 0
        }
    }

    /// How many queries go to Faiss at once: enough for its matrix products, few enough that the answers in flight
    /// take some megabytes and that a cancellation is seen soon.
    var blockSize: Int { max(1, min(1024, (1 << 22) / max(candidates, ef, 1))) }
}

extension VectorIndex.Goal {
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

extension IndexDescription {
    fileprivate func check(_ goal: VectorIndex.Goal) throws(FaissError) {
        guard case .within = goal, !capabilities.searchesWithinDistance else { return }
        throw FaissError(
            .unsupported,
            "\(self) can't search within a distance; flat, quantized and IVF indexes can"
        )
    }
}

extension NativeIndex {
    /// Searches a block of prepared queries and translates labels to ids.
    fileprivate func find(
        _ queries: UnsafeBufferPointer<Float>,
        plan: Plan,
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
            let asked = plan.asked
            var distances = [Float](repeating: 0, count: rows * asked)
            var labels = [Int64](repeating: -1, count: rows * asked)
            try search(queries, k: asked, parameters: parameters, distances: &distances, labels: &labels)
            var list: [Neighbor] = []
            for row in 0..<rows {
                list.removeAll(keepingCapacity: true)
                for slot in row * asked..<(row + 1) * asked where labels[slot] >= 0 {
                    list.append(neighbor(labels[slot], distances[slot]))
                }
                list.sort(by: isBefore)
                if list.count > plan.k, list[plan.k].distance == list[plan.k - 1].distance {
                    // Which of several equally near vectors take the last places is chance in Faiss. All of them are
                    // looked up, so that the ids decide.
                    let tied = list[plan.k].distance
                    let known = Set(list.map(\.id))
                    let query = UnsafeBufferPointer(rebasing: queries[row * dimension..<(row + 1) * dimension])
                    let radius = metric.largerIsNearer ? tied.nextDown : tied.nextUp
                    try search(query, within: radius, parameters: parameters) { labels, distances in
                        for slot in 0..<labels.count where labels[slot] >= 0 {
                            let other = neighbor(labels[slot], distances[slot])
                            if other.distance == tied, !known.contains(other.id) { list.append(other) }
                        }
                    }
                    list.sort(by: isBefore)
                }
                lists.append(list.prefix(plan.k))
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

/// Calls `body` with the array's elements, or with nil where there is no array.
private func withOptionalBuffer<Element, Result>(
    of array: [Element]?,
    _ body: (UnsafeBufferPointer<Element>?) throws(FaissError) -> Result
) throws(FaissError) -> Result {
    guard let array else { return try body(nil) }
    return try array.withUnsafeBufferPointer { buffer throws(FaissError) in try body(buffer) }
}

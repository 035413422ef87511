import Synchronization
import Vectors

/// What a search looks for.
enum SearchGoal: Sendable {
    case nearest(Int)
    case within(Float)
}

/// What a search comes to, for the state in which it finds the index.
struct SearchPlan: Sendable {
    let goal: SearchGoal
    /// At most as many as there are vectors; 0 for a search within a distance.
    let k: Int
    /// How many Faiss keeps in between, where it computes distances again.
    private let candidates: Int
    let probes: Int
    let ef: Int

    init(_ goal: SearchGoal, options: SearchOptions, description: IndexDescription, ids: IDMap) {
        self.goal = goal
        k = if case .nearest(let k) = goal { min(k, ids.count) } else { 0 }
        let wanted = Float(k) * (options.refinement ?? description.candidatesAnAnswer)
        candidates = Int(min(wanted, Float(Int32.max)).rounded(.up))
        let lists = description.listCount ?? 1
        probes = min(options.probes ?? Int(Double(lists).squareRoot().rounded()), lists)
        if description.hasGraph {
            // Removed vectors are still met on the way: the more there are, the more candidates find the rest.
            let met = Double(ids.positionCount) / Double(max(ids.count, 1))
            let wanted = Double(max(min(options.ef ?? 64, ids.count), k)) * met
            ef = Int(min(wanted.rounded(.up), Double(ids.positionCount)))
        } else {
            ef = 0
        }
    }

    /// How many queries go to Faiss at once: enough for its matrix products, few enough that the answers in flight
    /// take some megabytes and that a cancellation is seen soon.
    var blockSize: Int { max(1, min(1024, (1 << 22) / max(candidates, ef, 1))) }

    /// Refuses more answers than memory holds.
    func checkResultSize(_ queries: Int) throws(FaissError) {
        let (results, overflow) = queries.multipliedReportingOverflow(by: k)
        let (bytes, tooMany) = results.multipliedReportingOverflow(by: 2 * MemoryLayout<Neighbor>.stride)
        guard !overflow, !tooMany else {
            throw FaissError(.tooLarge, "\(queries) queries with \(k) neighbours each do not fit in memory")
        }
        try withFaissError { try checkMemory(bytes: bytes, for: "\(queries) queries with \(k) neighbours each") }
    }
}

extension IndexDescription {
    func check(_ goal: SearchGoal) throws(FaissError) {
        guard case .within = goal, !capabilities.searchesWithinDistance else { return }
        throw FaissError(
            .unsupported,
            "\(self) can't search within a distance; flat, quantized and IVF indexes can"
        )
    }
}

/// Calls `body` with the array's elements, or with nil where there is no array.
func withOptionalBuffer<Element, Result>(
    of array: [Element]?,
    _ body: (UnsafeBufferPointer<Element>?) throws(FaissError) -> Result
) throws(FaissError) -> Result {
    guard let array else { return try body(nil) }
    return try array.withUnsafeBufferPointer { buffer throws(FaissError) in try body(buffer) }
}

extension ReadWriteLocked where Value: ~Copyable {
    /// Searches for a batch of queries, block by block.
    ///
    /// The lock is held for a block at a time: between them changes get their turn, and the progress handler is told
    /// while it is free, so that it may use the index.
    ///
    /// - Parameter find: searches for the queries with these numbers; ids are given where labels are positions.
    func search<Native: NativeStore & ~Copyable>(
        _ queryCount: Int,
        for goal: SearchGoal,
        options: SearchOptions,
        watch: Watch,
        find: (
            Range<Int>, borrowing Native, SearchPlan, borrowing SearchParameters, UnsafeBufferPointer<Int64>?
        ) throws(FaissError) -> NeighborLists
    ) throws(FaissError) -> NeighborLists where Value == IndexState<Native> {
        try options.validate()
        let blockSize = try read { state throws(FaissError) in
            try state.checkUsable()
            try state.description.check(goal)
            let plan = SearchPlan(goal, options: options, description: state.description, ids: state.ids)
            try plan.checkResultSize(queryCount)
            return plan.blockSize
        }
        if queryCount == 0 { return NeighborLists() }
        let blocks = Blocks(queryCount, size: blockSize, threads: options.threads)
        let found = Mutex([NeighborLists?](repeating: nil, count: blocks.count))
        try blocks.run(watch: watch) { number, rows throws(FaissError) in
            let lists = try read { state throws(FaissError) in
                try state.checkUsable()
                if state.ids.count == 0 {
                    var lists = NeighborLists()
                    for _ in rows { lists.append(EmptyCollection()) }
                    return lists
                }
                switch state.native {
                case .none: throw FaissError(.notTrained, "the index is not trained")
                case .some(let native):
                    let plan = SearchPlan(goal, options: options, description: state.description, ids: state.ids)
                    let hasRemoved = state.ids.removedCount > 0
                    return try withOptionalBuffer(
                        of: state.labelsAreIDs ? nil : state.ids.explicitIDs
                    ) { ids throws(FaissError) in
                        let parameters = SearchParameters(
                            probes: plan.probes,
                            ef: plan.ef,
                            refinement: options.refinement ?? 0,
                            threads: options.threads,
                            filter: options.filter,
                            externalIDs: ids,
                            hasRemoved: hasRemoved
                        )
                        return try find(rows, native, plan, parameters, ids)
                    }
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
}

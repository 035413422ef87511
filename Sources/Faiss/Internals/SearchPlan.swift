import Vectors

/// The parameters of a search, for the index as it is when the search begins.
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
    func checkResultSize(_ queries: Int) throws(VectorError) {
        let (results, overflow) = queries.multipliedReportingOverflow(by: k)
        let (bytes, tooMany) = results.multipliedReportingOverflow(by: 2 * MemoryLayout<Neighbor>.stride)
        guard !overflow, !tooMany else {
            throw VectorError(.tooLarge, "\(queries) queries with \(k) neighbours each do not fit in memory")
        }
        try checkMemory(bytes: bytes, for: "\(queries) queries with \(k) neighbours each")
    }
}

extension IndexDescription {
    func check(_ goal: SearchGoal) throws(VectorError) {
        guard case .within = goal, !capabilities.searchesWithinDistance else { return }
        throw VectorError(
            .unsupported,
            "\(self) can't search within a distance; flat, quantized and IVF indexes can"
        )
    }
}

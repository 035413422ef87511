public import Vectors

/// Exact search in plain Swift, by looking at every vector: the oracle of the search tests and the yardstick of the
/// benchmark. One thread.
public struct BruteForce: Sendable {
    private let vectors: VectorMatrix
    private let ids: [Int64]
    private let metric: Metric

    /// Keeps the vectors; their ids are 0, 1, 2, … unless given.
    public init(_ vectors: VectorMatrix, ids: [Int64]? = nil, metric: Metric) {
        self.vectors = metric == .cosine ? vectors.normalized() : vectors
        self.ids = ids ?? (0..<Int64(vectors.count)).map { $0 }
        self.metric = metric
    }

    /// The k nearest vectors, nearest first, equally near ones by id.
    public func search(_ query: [Float], k: Int, where isIncluded: (Int64) -> Bool = { _ in true }) -> [Neighbor] {
        var nearest: [Neighbor] = []
        nearest.reserveCapacity(k + 1)
        forEachDistance(to: query) { id, distance in
            let candidate = Neighbor(id: id, distance: distance)
            if nearest.count == k, !isBefore(candidate, nearest[k - 1]) { return }
            guard isIncluded(id) else { return }
            var place = nearest.count
            while place > 0, isBefore(candidate, nearest[place - 1]) { place -= 1 }
            nearest.insert(candidate, at: place)
            if nearest.count > k { nearest.removeLast() }
        }
        return nearest
    }

    /// The k nearest vectors of each query.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        where isIncluded: (Int64) -> Bool = { _ in true }
    ) -> NeighborLists {
        var lists = NeighborLists()
        for row in 0..<queries.count { lists.append(search(Array(queries[row]), k: k, where: isIncluded)) }
        return lists
    }

    /// All vectors nearer than the radius, nearest first, equally near ones by id.
    public func search(
        _ query: [Float],
        within radius: Float,
        where isIncluded: (Int64) -> Bool = { _ in true }
    ) -> [Neighbor] {
        var found: [Neighbor] = []
        forEachDistance(to: query) { id, distance in
            if metric.isNearer(distance, than: radius), isIncluded(id) {
                found.append(Neighbor(id: id, distance: distance))
            }
        }
        return found.sorted(by: isBefore)
    }

    private func isBefore(_ first: Neighbor, _ second: Neighbor) -> Bool {
        first.distance == second.distance
            ? first.id < second.id : metric.isNearer(first.distance, than: second.distance)
    }

    private func forEachDistance(to query: [Float], _ body: (Int64, Float) -> Void) {
        var query = query
        if metric == .cosine { normalizeRows(&query, dimension: query.count) }
        vectors.withUnsafeBufferPointer { values in
            for (row, id) in ids.enumerated() {
                let start = row * query.count
                var sum: Float = 0
                if metric == .squaredL2 {
                    for column in 0..<query.count {
                        let difference = query[column] - values[start + column]
                        sum += difference * difference
                    }
                } else {
                    for column in 0..<query.count { sum += query[column] * values[start + column] }
                }
                body(id, metric == .cosine ? min(max(sum, -1), 1) : sum)
            }
        }
    }
}

/// The share of the true neighbours that were found, from 0 to 1; the order within a list does not matter.
public func recall(of found: NeighborLists, against truth: NeighborLists) -> Double {
    var hits = 0
    for (found, truth) in zip(found, truth) { hits += Set(truth.map(\.id)).intersection(found.map(\.id)).count }
    return Double(hits) / Double(max(truth.neighbors.count, 1))
}

/// The clusters of the points whose neighbours have been seen so far, in any order.
///
/// Neighbourhood goes both ways: of two core points, whoever comes second finds the other known. Only points that are
/// none must wait for the end, when it is known which of their neighbours are.
struct DensityClusters {
    /// How many neighbours are kept for the end. With more, a search is repeated instead, so that memory is linear.
    private static let keptNeighbors = 32

    private let minimumPoints: Int
    private var isCore: [Bool]
    /// A core point of the same cluster with a lower row, or the point itself: what leads to a cluster's lowest one.
    private var parents: [Int32]
    /// The points that are not core points, and their neighbours, list after list.
    private var kept: (rows: [Int32], ends: [Int], neighbors: [Int32]) = ([], [], [])
    /// Points that must be settled with their neighbours at the end.
    private(set) var unsettled: [Int32] = []

    init(count: Int, minimumPoints: Int) {
        self.minimumPoints = minimumPoints
        isCore = Array(repeating: false, count: count)
        parents = Array(0..<Int32(count))
    }

    mutating func add(_ row: Int, neighbors: [Int32]) {
        if neighbors.count >= minimumPoints {
            isCore[row] = true
            for neighbor in neighbors where isCore[Int(neighbor)] { unite(Int32(row), neighbor) }
        } else if neighbors.count > Self.keptNeighbors {
            unsettled.append(Int32(row))
        } else if neighbors.count > 1 {
            kept.rows.append(Int32(row))
            kept.neighbors.append(contentsOf: neighbors)
            kept.ends.append(kept.neighbors.count)
        }
    }

    /// Gives a point that is no core point its cluster, if one reaches it, once all core points are known.
    mutating func settle(_ row: Int, neighbors: some Sequence<Int32>) {
        var lowest = Int32.max
        for neighbor in neighbors where isCore[Int(neighbor)] { lowest = min(lowest, root(of: neighbor)) }
        if lowest < Int32.max { parents[row] = lowest }
    }

    mutating func model() -> DBSCANModel {
        var start = 0
        for (row, end) in zip(kept.rows, kept.ends) {
            settle(Int(row), neighbors: kept.neighbors[start..<end])
            start = end
        }
        var labels = [Int?](repeating: nil, count: parents.count)
        var clusters = 0
        for row in labels.indices where isCore[row] && parents[row] == row {
            labels[row] = clusters
            clusters += 1
        }
        // A root has its label already, and keeps it.
        for row in labels.indices where isCore[row] || parents[row] != row {
            labels[row] = labels[Int(root(of: Int32(row)))]
        }
        return DBSCANModel(
            labels: labels,
            corePoints: isCore.indices.filter { isCore[$0] },
            clusterCount: clusters
        )
    }

    /// The lowest row of a core point's cluster. Shortens the way there for the next time.
    private mutating func root(of row: Int32) -> Int32 {
        var row = row
        while parents[Int(row)] != row {
            parents[Int(row)] = parents[Int(parents[Int(row)])]
            row = parents[Int(row)]
        }
        return row
    }

    private mutating func unite(_ first: Int32, _ second: Int32) {
        let first = root(of: first)
        let second = root(of: second)
        parents[Int(max(first, second))] = min(first, second)
    }
}

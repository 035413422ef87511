import Synchronization
public import Vectors

/// Clustering by density: clusters are what dense places chain together, of any shape and number, and points in no
/// dense place are noise (Ester, Kriegel, Sander, Xu 1996, KDD-96, https://dl.acm.org/doi/10.5555/3001460.3001507).
///
/// A point with ``minimumPoints`` points within ``radius``, itself among them, is a core point. Core points within the
/// radius of each other are in one cluster. A point that is none but has one within the radius is a border point: it
/// belongs to the cluster, of those whose core points reach it, that has the lowest row among its core points. That
/// makes the labels those of scikit-learn's `DBSCAN`, border points and numbering included.
///
/// Neighbourhoods are found by Faiss's exact search within a distance, 64 queries at a time on each thread, and are
/// forgotten once they have been counted and joined, so that memory is linear in the number of points, however many
/// neighbours they have. Pairs so near to the radius that rounding in single precision might decide are decided in
/// double precision.
///
/// Complexity: O(count² · dimension) time, O(count · dimension) memory.
public struct DBSCAN: Sendable, Hashable {
    /// How far a neighbour may be, the radius itself included; above 0.
    ///
    /// For `Metric.squaredL2` a Euclidean distance, not its square; for `Metric.cosine` a cosine
    /// distance, 1 − cosine, from 0 to 2. scikit-learn: `eps`.
    public var radius: Double
    /// How many points within the radius make a core point, itself counted, from 1; 5 by default. scikit-learn:
    /// `min_samples`.
    public var minimumPoints: Int
    /// `Metric.squaredL2` or `Metric.cosine`; the inner product is no distance and is refused.
    public var metric: Metric
    /// How many threads may be used. The result does not depend on it.
    public var threads: ThreadLimit

    /// Makes a configuration.
    public init(
        radius: Double,
        minimumPoints: Int = 5,
        metric: Metric = .squaredL2,
        threads: ThreadLimit = .automatic
    ) {
        self.radius = radius
        self.minimumPoints = minimumPoints
        self.metric = metric
        self.threads = threads
    }

    /// Clusters the rows of a matrix. No rows are no clusters, and no error.
    ///
    /// - Parameters:
    ///   - points: all finite; for cosine none all zeros.
    ///   - progress: called after every block of points whose neighbours have been found.
    /// - Throws: ``FaissError`` with code `invalidArgument` (radius, minimum points, metric, a zero row by cosine),
    ///   `notFinite`, `tooLarge`, `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> DBSCANModel {
        try fit(points, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// As `fit(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> DBSCANModel {
        try await runBlocking { cancellation throws(FaissError) in
            try fit(points, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    private func fit(_ points: VectorMatrix, watch: Watch) throws(FaissError) -> DBSCANModel {
        try validate(points)
        let neighborhoods = try Neighborhoods(points, radius: radius, metric: metric)
        let clusters = Mutex(DensityClusters(count: points.count, minimumPoints: minimumPoints))
        try neighborhoods.forEach(threads: threads, watch: watch) { row, neighbors in
            clusters.withLock { $0.add(row, neighbors: neighbors) }
        }
        // Border points with many neighbours are asked a second time, now that all core points are known.
        let unsettled = clusters.withLock { $0.unsettled }
        let silent = Watch(cancellation: watch.cancellation, progress: nil)
        try neighborhoods.forEach(of: unsettled, threads: threads, watch: silent) { row, neighbors in
            clusters.withLock { $0.settle(row, neighbors: neighbors) }
        }
        return clusters.withLock { $0.model() }
    }

    private func validate(_ points: VectorMatrix) throws(FaissError) {
        guard radius > 0, radius.isFinite else {
            throw FaissError(.invalidArgument, "the radius \(radius) is not a finite number above 0")
        }
        try checkRange(minimumPoints, 1...Int(Int32.max), "minimum points")
        guard metric != .innerProduct else {
            throw FaissError(.invalidArgument, "the inner product is no distance; take squared L2 or cosine")
        }
        guard points.count <= Int(Int32.max) else {
            throw FaissError(.tooLarge, "\(points.count) points are more than \(Int32.max)")
        }
    }
}

/// What ``DBSCAN`` found.
public struct DBSCANModel: Sendable, Hashable {
    /// The cluster of each point, nil for noise (scikit-learn: −1). Clusters are numbered from 0 by the lowest row among
    /// their core points.
    public let labels: [Int?]
    /// The rows of the core points, ascending. scikit-learn: `core_sample_indices_`.
    public let corePoints: [Int]
    /// The number of clusters.
    public let clusterCount: Int

    /// The number of points in no cluster.
    public var noiseCount: Int { labels.reduce(0) { $1 == nil ? $0 + 1 : $0 } }
}

/// Who is within a radius of whom, the radius and the point itself included, exactly.
private final class Neighborhoods: Sendable {
    private let index: NativeIndex
    /// The points as they are.
    private let points: VectorMatrix
    /// The points as the index sees them.
    private let prepared: VectorMatrix
    private let radius: Double
    private let isCosine: Bool
    /// Single-precision squared distances below the first are within the radius, above the second they are not.
    private let limits: (sure: Double, possible: Double)

    init(_ points: VectorMatrix, radius: Double, metric: Metric) throws(FaissError) {
        self.points = points
        self.radius = radius
        isCosine = metric == .cosine
        prepared = try preparedPoints(points, areNormalized: isCosine)
        // Of unit vectors a cosine distance is half of a squared distance.
        let squared = isCosine ? 2 * radius : radius * radius
        // What rounding comes to at most: of d differences, their squares and their sum, each 2⁻²⁴ of its result, all
        // doubled; squares that fall below single precision's range; and what normalised vectors miss length 1 by.
        let terms = Double(points.dimension + 8)
        var slack = squared * terms * 0x1p-23 + terms * 0x1p-125
        if isCosine { slack += squared * terms * 0x1p-22 + squared.squareRoot() * 0x1p-20 + terms * terms * 0x1p-44 }
        limits = (squared - slack, squared + slack)
        var index = try NativeIndex(.flat, dimension: points.dimension, metric: .squaredL2)
        try index.reserve(points.count)
        _ = try prepared.withUnsafeBufferPointer { values throws(FaissError) in
            try index.add(values, ids: [], threads: 1)
        }
        self.index = index
    }

    /// Calls `body` with the listed rows, or with all, and their neighbours, on several threads in any order.
    func forEach(
        of rows: [Int32]? = nil,
        threads: ThreadLimit,
        watch: Watch,
        _ body: (Int, [Int32]) -> Void
    ) throws(FaissError) {
        // Faiss's own test is for less, not for at most.
        let reach = Float(min(limits.possible, Double(Float.greatestFiniteMagnitude) / 2)).nextUp
        // About as many queries as Faiss compares at a time, and no more, because all of their neighbours are held.
        let blocks = Blocks(rows?.count ?? points.count, size: 64, threads: threads)
        try blocks.run(watch: watch) { _, range throws(FaissError) in
            let block = rows.map { $0[range].map(Int.init) } ?? Array(range)
            var place = 0
            var neighbors: [Int32] = []
            let parameters = SearchParameters(
                probes: 1,
                ef: 0,
                threads: 1,
                filter: nil,
                externalIDs: nil,
                hasRemoved: false
            )
            try prepared.gathering(block).withUnsafeBufferPointer { queries throws(FaissError) in
                try index.search(queries, within: reach, parameters: parameters) { labels, distances in
                    let row = block[place]
                    place += 1
                    neighbors.removeAll(keepingCapacity: true)
                    for slot in 0..<labels.count {
                        let other = Int(labels[slot])
                        if Double(distances[slot]) < limits.sure || isWithin(row, other) {
                            neighbors.append(Int32(other))
                        }
                    }
                    body(row, neighbors)
                }
            }
        }
    }

    /// The same question in double precision.
    private func isWithin(_ row: Int, _ other: Int) -> Bool {
        if row == other { return true }
        let dimension = points.dimension
        return points.withUnsafeBufferPointer { values in
            let first = UnsafeBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension])
            let second = UnsafeBufferPointer(rebasing: values[other * dimension..<(other + 1) * dimension])
            guard isCosine else {
                var sum = 0.0
                for column in 0..<dimension {
                    let difference = Double(first[column]) - Double(second[column])
                    sum += difference * difference
                }
                return sum <= radius * radius
            }
            var product = 0.0
            var lengths = (0.0, 0.0)
            for column in 0..<dimension {
                product += Double(first[column]) * Double(second[column])
                lengths.0 += Double(first[column]) * Double(first[column])
                lengths.1 += Double(second[column]) * Double(second[column])
            }
            return 1 - product / (lengths.0 * lengths.1).squareRoot() <= radius
        }
    }
}

/// The clusters of the points whose neighbours have been seen so far, in any order.
///
/// Neighbourhood goes both ways: of two core points, whoever comes second finds the other known. Only points that are
/// none must wait for the end, when it is known which of their neighbours are.
private struct DensityClusters {
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

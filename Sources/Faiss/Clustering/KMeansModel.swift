public import Vectors

/// What ``KMeans`` learned.
public struct KMeansModel: Sendable {
    /// The centres: clusters × dimension; of length 1 if spherical.
    public let centroids: VectorMatrix
    /// Whether directions were clustered.
    public let spherical: Bool
    /// The sum of squared distances before each iteration's update, of the best run, over the points that it used.
    public let objective: [Double]
    /// Conditions that make the clustering less useful.
    public internal(set) var warnings: [KMeans.Warning]
    /// The cluster of each point that was fitted.
    public internal(set) var labels: [Int] = []
    /// The sum over all points of the squared distance to the nearest centroid, times the point's weight where there are
    /// weights; smaller is tighter. For spherical
    /// clustering the points are scaled to length 1 first, and the distance is 2 − 2 · cosine.
    public internal(set) var inertia: Double = 0

    private let threads: ThreadLimit

    init(
        centroids: VectorMatrix,
        spherical: Bool,
        objective: [Double],
        warnings: [KMeans.Warning],
        threads: ThreadLimit
    ) {
        self.centroids = centroids
        self.spherical = spherical
        self.objective = objective
        self.warnings = warnings
        self.threads = threads
    }

    /// The number of iterations made.
    public var iterations: Int { objective.count }

    /// The cluster that each row belongs to.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a zero row, if
    ///   spherical), `cancelled`.
    public func predict(_ points: VectorMatrix) throws(VectorError) -> [Int] { try predict(points, watch: Watch()) }

    /// As `predict(_:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func predict(_ points: VectorMatrix) async throws(VectorError) -> [Int] {
        try await runWatched { watch throws(VectorError) in try predict(points, watch: watch) }
    }

    private func predict(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> [Int] {
        guard points.dimension == centroids.dimension else {
            throw VectorError(
                .dimensionMismatch,
                "points of dimension \(points.dimension) don't fit centroids of \(centroids.dimension)"
            )
        }
        var inertia = 0.0
        return try assign(preparedPoints(points, areNormalized: spherical), watch: watch, inertia: &inertia)
    }

    func assign(
        _ points: VectorMatrix,
        weights: [Float]? = nil,
        watch: Watch,
        inertia: inout Double
    ) throws(VectorError) -> [Int] {
        let index = try VectorIndex(.flat, dimension: centroids.dimension)
        try index.add(centroids, threads: threads)
        let nearest = try index.search(
            points,
            for: .nearest(1),
            options: SearchOptions(threads: threads),
            watch: watch.silent
        )
        inertia = 0
        for (point, neighbor) in nearest.neighbors.enumerated() {
            inertia += Double(neighbor.distance) * Double(weights?[point] ?? 1)
        }
        return nearest.neighbors.map { Int($0.id) }
    }
}

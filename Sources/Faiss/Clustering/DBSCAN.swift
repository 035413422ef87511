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
/// dropped once they have been counted and joined, so that memory is linear in the number of points, however many
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
    /// - Throws: `VectorError` with code `invalidArgument` (radius, minimum points, metric, a zero row by cosine),
    ///   `notFinite`, `tooLarge`, `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> DBSCANModel {
        try fit(points, watch: Watch(progress))
    }

    /// As `fit(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> DBSCANModel {
        try await runWatched(progress) { watch throws(VectorError) in
            try fit(points, watch: watch)
        }
    }

    private func fit(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> DBSCANModel {
        try validate(points)
        let neighborhoods = try Neighborhoods(points, radius: radius, metric: metric)
        let clusters = Mutex(DensityClusters(count: points.count, minimumPoints: minimumPoints))
        try neighborhoods.forEach(threads: threads, watch: watch) { row, neighbors in
            clusters.withLock { $0.add(row, neighbors: neighbors) }
        }
        // Border points with many neighbours are searched a second time, now that all core points are known.
        let unsettled = clusters.withLock { $0.unsettled }
        let silent = watch.silent
        try neighborhoods.forEach(of: unsettled, threads: threads, watch: silent) { row, neighbors in
            clusters.withLock { $0.settle(row, neighbors: neighbors) }
        }
        return clusters.withLock { $0.model() }
    }

    private func validate(_ points: VectorMatrix) throws(VectorError) {
        guard radius > 0, radius.isFinite else {
            throw VectorError(.invalidArgument, "the radius \(radius) is not a finite number above 0")
        }
        try checkRange(minimumPoints, 1...Int(Int32.max), "minimum points")
        guard metric != .innerProduct else {
            throw VectorError(.invalidArgument, "the inner product is no distance; take squared L2 or cosine")
        }
        guard points.count <= Int(Int32.max) else {
            throw VectorError(.tooLarge, "\(points.count) points are more than \(Int32.max)")
        }
    }
}

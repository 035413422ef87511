public import Vectors

/// k-means clustering in the C++ core (Lloyd 1982, doi:10.1109/TIT.1982.1056489).
///
/// The configuration is a value; `fit(_:weights:initialCentroids:progress:)` returns what it learned. A run ends when no
/// point changes its cluster, at the latest after ``iterations``. A cluster that runs empty takes the point that is
/// farthest from its centroid, as in scikit-learn; Faiss's `Clustering` halves a large one.
public struct KMeans: Sendable, Hashable {
    /// The number of clusters, from 1 to the number of points.
    public var clusters: Int
    /// Iterations of each run, 1…10,000; 25 by default, as in Faiss.
    public var iterations: Int
    /// Where the centroids of a run are at first.
    public enum Start: Sendable, Hashable {
        /// k-means++ (Arthur and Vassilvitskii 2007): points far from each other, each the best of a few candidates. Of
        /// more than 10,000 points and 16 a cluster a sample is looked at.
        case plusPlus
        /// Points chosen by chance, as in Faiss.
        case randomPoints
    }
    /// Where the centroids of a run are at first; ``Start/plusPlus`` by default, as in scikit-learn.
    public var start: Start
    /// How many runs with other first centroids are made, the best of which is kept, 1…1,000; 1 by default.
    public var restarts: Int
    /// Whether directions are clustered: points and centroids are scaled to length 1, and a point belongs to the
    /// centroid with the largest cosine.
    public var spherical: Bool
    /// Where given, a larger set is sampled down to so many points a cluster for the iterations.
    ///
    /// By default all points are used, as scikit-learn does; Faiss takes 256.
    public var maximumPointsPerCluster: Int?
    /// The seed of sampling and first centroids; 1234 by default, as in Faiss.
    public var seed: UInt64
    /// How many threads may be used. The result does not depend on it, up to rounding.
    public var threads: ThreadLimit

    /// Makes a configuration.
    public init(
        clusters: Int,
        iterations: Int = 25,
        restarts: Int = 1,
        start: Start = .plusPlus,
        spherical: Bool = false,
        maximumPointsPerCluster: Int? = nil,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic
    ) {
        self.clusters = clusters
        self.iterations = iterations
        self.restarts = restarts
        self.start = start
        self.spherical = spherical
        self.maximumPointsPerCluster = maximumPointsPerCluster
        self.seed = seed
        self.threads = threads
    }

    /// A condition that doesn't stop the clustering but makes it less useful.
    public enum Warning: Sendable, Hashable, CustomStringConvertible {
        /// There are fewer than 39 points a cluster, Faiss's measure of what makes centroids meaningful.
        case fewPoints(points: Int, recommended: Int)
        /// Some clusters have no point, since there are fewer distinct points than clusters.
        case emptyClusters(count: Int)

        /// The warning in words.
        public var description: String {
            switch self {
            case .fewPoints(let points, let recommended):
                "\(points) points are few for so many clusters: \(recommended) or more are recommended"
            case .emptyClusters(let count):
                "\(count) clusters are empty: there are fewer distinct points than clusters"
            }
        }
    }

    /// Clusters the rows of a matrix.
    ///
    /// - Parameters:
    ///   - points: at least as many rows as clusters; all finite, and for ``spherical`` none all zeros.
    ///   - weights: how much each point counts, finite and not negative, some of them above 0; 1 each by default.
    ///     scikit-learn: `sample_weight`.
    ///   - initialCentroids: clusters × dimension, where the centroids are at first instead of ``start``; only for one
    ///     run. scikit-learn: `init`.
    ///   - progress: called before every iteration.
    /// - Throws: `VectorError` with code `invalidArgument`, `tooFewTrainingVectors`, `notFinite`, `tooLarge`,
    ///   `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        weights: [Float]? = nil,
        initialCentroids: VectorMatrix? = nil,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> KMeansModel {
        try fit(points, weights, initialCentroids, watch: Watch(progress))
    }

    /// As `fit(_:weights:initialCentroids:progress:)`, on a thread outside the cooperative pool; stops when the task is
    /// cancelled.
    public func fit(
        _ points: VectorMatrix,
        weights: [Float]? = nil,
        initialCentroids: VectorMatrix? = nil,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> KMeansModel {
        try await runWatched(progress) { watch throws(VectorError) in
            try fit(points, weights, initialCentroids, watch: watch)
        }
    }

    private func fit(
        _ points: VectorMatrix,
        _ weights: [Float]?,
        _ initial: VectorMatrix?,
        watch: Watch
    ) throws(VectorError) -> KMeansModel {
        try validate(points, weights, initial)
        let prepared = try preparedPoints(points, areNormalized: spherical)
        let start: VectorMatrix?
        if let initial { start = try preparedPoints(initial, areNormalized: spherical) } else { start = nil }
        let (values, objective) = try prepared.withUnsafeBufferPointer { buffer throws(VectorError) in
            try nativeKMeans(
                buffer,
                dimension: points.dimension,
                weights: weights,
                initial: start,
                configuration: self,
                watch: watch
            )
        }
        let centroids = try VectorMatrix(values, dimension: points.dimension)
        let recommended = clusters.multipliedReportingOverflow(by: 39).partialValue
        var model = KMeansModel(
            centroids: centroids,
            spherical: spherical,
            objective: objective,
            warnings: points.count < recommended
                ? [.fewPoints(points: points.count, recommended: recommended)] : [],
            threads: threads
        )
        model.labels = try model.assign(prepared, weights: weights, watch: watch, inertia: &model.inertia)
        let empty = clusters - Set(model.labels).count
        if empty > 0 { model.warnings.append(.emptyClusters(count: empty)) }
        return model
    }

    private func validate(
        _ points: VectorMatrix,
        _ weights: [Float]?,
        _ initial: VectorMatrix?
    ) throws(VectorError) {
        try checkRange(clusters, 1...Int(Int32.max), "number of clusters")
        try checkRange(iterations, 1...10_000, "iterations")
        try checkRange(restarts, 1...1000, "restarts")
        if let maximumPointsPerCluster {
            try checkRange(maximumPointsPerCluster, 1...Int(Int32.max), "maximum points per cluster")
        }
        guard points.count >= clusters else {
            throw VectorError(.tooFewTrainingVectors, "\(points.count) points are fewer than \(clusters) clusters")
        }
        if let weights {
            guard weights.count == points.count else {
                throw VectorError(.invalidArgument, "\(weights.count) weights don't fit \(points.count) points")
            }
            if let index = weights.firstIndex(where: { !($0 >= 0 && $0 < .infinity) }) {
                throw VectorError(.invalidArgument, "weight \(index) is \(weights[index]), not 0 or a number above it")
            }
            guard weights.contains(where: { $0 > 0 }) else {
                throw VectorError(.invalidArgument, "all \(weights.count) weights are 0")
            }
        }
        if let initial {
            guard initial.count == clusters, initial.dimension == points.dimension else {
                throw VectorError(
                    .dimensionMismatch,
                    "initial centroids of \(initial.count) × \(initial.dimension) don't fit \(clusters) clusters of "
                        + "dimension \(points.dimension)"
                )
            }
            guard restarts == 1 else {
                throw VectorError(.invalidArgument, "\(restarts) restarts would begin with the same initial centroids")
            }
        }
    }
}

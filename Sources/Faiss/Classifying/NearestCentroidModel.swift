public import Vectors

/// What ``NearestCentroidClassifier`` learned.
public struct NearestCentroidModel<Label: Hashable & Sendable>: Sendable {
    /// The classes, by their first appearance among the labels.
    public let classes: [Label]
    /// The mean of each class: classes × dimension; of length 1 for cosine.
    public let centroids: VectorMatrix

    private let index: VectorIndex
    private let threads: ThreadLimit

    init(
        classes: [Label],
        centroids: VectorMatrix,
        metric: Metric,
        threads: ThreadLimit
    ) throws(VectorError) {
        self.classes = classes
        self.centroids = centroids
        self.threads = threads
        index = try VectorIndex(.flat, dimension: centroids.dimension, metric: metric)
        try index.add(centroids, threads: threads)
    }

    /// The class that each row is nearest to; of classes equally near, the first in ``classes``.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a zero row by cosine),
    ///   `cancelled`.
    public func predict(_ points: VectorMatrix) throws(VectorError) -> [Label] { try predict(points, watch: Watch()) }

    /// As `predict(_:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func predict(_ points: VectorMatrix) async throws(VectorError) -> [Label] {
        try await runWatched { watch throws(VectorError) in try predict(points, watch: watch) }
    }

    private func predict(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> [Label] {
        let options = SearchOptions(threads: threads)
        return try index.search(points, for: .nearest(1), options: options, watch: watch).neighbors
            .map { classes[Int($0.id)] }
    }
}

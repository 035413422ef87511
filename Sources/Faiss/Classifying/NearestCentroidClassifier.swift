public import Vectors

/// Classification by the nearest class mean (Rocchio's rule; Manning, Raghavan, Schütze 2008,
/// doi:10.1017/CBO9780511809071, chapter 14). scikit-learn: `NearestCentroid`.
///
/// The configuration is a value; ``fit(_:labels:)`` returns what it learned.
public struct NearestCentroidClassifier: Sendable, Hashable {
    /// How nearness is measured; squared L2 by default. By cosine every vector counts alike, whatever its length: a
    /// centroid is the direction of the mean of the vectors scaled to length 1.
    public var metric: Metric
    /// How many threads may be used. The result does not depend on it.
    public var threads: ThreadLimit

    /// Makes a configuration.
    public init(metric: Metric = .squaredL2, threads: ThreadLimit = .automatic) {
        self.metric = metric
        self.threads = threads
    }

    /// Learns the mean of each class.
    ///
    /// Complexity: O(count · dimension).
    ///
    /// - Parameters:
    ///   - points: one at least, all finite; for cosine none all zeros.
    ///   - labels: the class of each point.
    /// - Throws: ``FaissError`` with code `invalidArgument` (no points, not as many labels, a zero row by cosine, or a
    ///   class whose directions cancel each other), `notFinite`.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label]
    ) throws(FaissError) -> NearestCentroidModel<Label> {
        let classes = try LabeledClasses(labels, points: points.count)
        let prepared = try preparedPoints(points, areNormalized: metric == .cosine)
        let dimension = points.dimension
        var sums = [Double](repeating: 0, count: classes.labels.count * dimension)
        var counts = [Int](repeating: 0, count: classes.labels.count)
        prepared.withUnsafeBufferPointer { values in
            for (row, number) in classes.numbers.enumerated() {
                counts[number] += 1
                for column in 0..<dimension {
                    sums[number * dimension + column] += Double(values[row * dimension + column])
                }
            }
        }
        let means = sums.indices.map { Float(sums[$0] / Double(counts[$0 / dimension])) }
        var centroids = try withFaissError { try VectorMatrix(means, dimension: dimension) }
        if metric == .cosine {
            for (number, label) in classes.labels.enumerated() where centroids[number].allSatisfy({ $0 == 0 }) {
                throw FaissError(.invalidArgument, "the vectors of class \(label) cancel each other: no direction")
            }
            centroids.normalize()
        }
        return try NearestCentroidModel(
            classes: classes.labels,
            centroids: centroids,
            metric: metric,
            threads: threads
        )
    }
}

/// What ``NearestCentroidClassifier`` learned.
public struct NearestCentroidModel<Label: Hashable & Sendable>: Sendable {
    /// The classes, by their first appearance among the labels.
    public let classes: [Label]
    /// The mean of each class: classes × dimension; of length 1 for cosine.
    public let centroids: VectorMatrix

    private let index: VectorIndex
    private let threads: ThreadLimit

    fileprivate init(
        classes: [Label],
        centroids: VectorMatrix,
        metric: Metric,
        threads: ThreadLimit
    ) throws(FaissError) {
        self.classes = classes
        self.centroids = centroids
        self.threads = threads
        index = try VectorIndex(.flat, dimension: centroids.dimension, metric: metric)
        try index.add(centroids, threads: threads)
    }

    /// The class that each row is nearest to; of classes equally near, the first in ``classes``.
    ///
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a zero row by cosine),
    ///   `cancelled`.
    public func predict(_ points: VectorMatrix) throws(FaissError) -> [Label] { try predict(points, Cancellation()) }

    /// As `predict(_:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func predict(_ points: VectorMatrix) async throws(FaissError) -> [Label] {
        try await runBlocking { cancellation throws(FaissError) in try predict(points, cancellation) }
    }

    private func predict(_ points: VectorMatrix, _ cancellation: Cancellation) throws(FaissError) -> [Label] {
        let watch = Watch(cancellation: cancellation, progress: nil)
        let options = SearchOptions(threads: threads)
        return try index.search(points, for: .nearest(1), options: options, watch: watch).neighbors
            .map { classes[Int($0.id)] }
    }
}

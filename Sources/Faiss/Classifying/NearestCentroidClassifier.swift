public import Vectors

/// Classification by the nearest class mean (Rocchio's rule; Manning, Raghavan, Schütze 2008,
/// doi:10.1017/CBO9780511809071, chapter 14). scikit-learn: `NearestCentroid`.
///
/// The configuration is a value; `fit(_:labels:)` returns what it learned.
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
    /// - Throws: `VectorError` with code `invalidArgument` (no points, not as many labels, a zero row by cosine, or a
    ///   class whose directions cancel each other), `notFinite`.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label]
    ) throws(VectorError) -> NearestCentroidModel<Label> { try learn(points, labels) }

    /// As the blocking `fit`, on a thread outside the cooperative pool.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label]
    ) async throws(VectorError) -> NearestCentroidModel<Label> {
        try await runWatched { _ throws(VectorError) in try learn(points, labels) }
    }

    private func learn<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        _ labels: [Label]
    ) throws(VectorError) -> NearestCentroidModel<Label> {
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
        var centroids = try VectorMatrix(means, dimension: dimension)
        if metric == .cosine {
            for (number, label) in classes.labels.enumerated() where centroids[number].allSatisfy({ $0 == 0 }) {
                throw VectorError(.invalidArgument, "the vectors of class \(label) cancel each other: no direction")
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

public import Vectors

/// Classification by a vote of the k nearest neighbours (Cover, Hart 1967, doi:10.1109/TIT.1967.1053964), found by any
/// index. scikit-learn: `KNeighborsClassifier`.
///
/// The configuration is a value; `fit(_:labels:progress:)` returns a model that holds the index.
public struct NearestNeighborsClassifier: Sendable {
    /// What a neighbour's vote counts.
    public enum Weights: String, Sendable, Hashable, CaseIterable {
        /// One each.
        case uniform
        /// One over its distance, Euclidean or 1 − cosine, so that near ones count more; where some are at distance 0,
        /// only these vote. Not for the inner product, which is no distance.
        case distance
    }

    /// How many neighbours vote, from 1 to the number of points; 5 by default, as in scikit-learn.
    public var k: Int
    /// What a vote counts; uniform by default.
    public var weights: Weights
    /// How nearness is measured; squared L2 by default.
    public var metric: Metric
    /// The kind of index; by default ``IndexDescription/flat``, whose neighbours are exact.
    public var index: IndexDescription
    /// How neighbours are searched for: probes, ef, threads, and a filter over the rows of the points.
    public var options: SearchOptions

    /// Makes a configuration.
    public init(
        k: Int = 5,
        weights: Weights = .uniform,
        metric: Metric = .squaredL2,
        index: IndexDescription = .flat,
        options: SearchOptions = SearchOptions()
    ) {
        self.k = k
        self.weights = weights
        self.metric = metric
        self.index = index
        self.options = options
    }

    /// Builds the index over the points.
    ///
    /// - Parameters:
    ///   - points: k at least, all finite; for cosine none all zeros. Their number is what the index's training needs.
    ///   - labels: the class of each point.
    ///   - progress: called while the points are added.
    /// - Throws: `VectorError` with code `invalidArgument`, `notFinite`, `tooFewTrainingVectors`, `tooLarge`,
    ///   `cancelled`.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> NearestNeighborsModel<Label> {
        try fit(points, labels: labels, watch: Watch(progress))
    }

    /// As `fit(_:labels:progress:)`, on a thread outside the cooperative pool; stops when the task is
    /// cancelled.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> NearestNeighborsModel<Label> {
        try await runWatched(progress) { watch throws(VectorError) in
            try fit(points, labels: labels, watch: watch)
        }
    }

    private func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        watch: Watch
    ) throws(VectorError) -> NearestNeighborsModel<Label> {
        let classes = try LabeledClasses(labels, points: points.count)
        try checkRange(k, 1...points.count, "k")
        try options.validate()
        guard weights == .uniform || metric != .innerProduct else {
            throw VectorError(.invalidArgument, "the inner product is no distance that votes could be weighted by")
        }
        let built = try VectorIndex(index, dimension: points.dimension, metric: metric)
        let training = watch.silent
        try built.core.train(on: points, options: TrainingOptions(threads: options.threads), watch: training)
        try built.core.add(points, under: .next, threads: options.threads, watch: watch)
        return NearestNeighborsModel(classes: classes, index: built, configuration: self)
    }
}

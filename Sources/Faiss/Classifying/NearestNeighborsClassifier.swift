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
        /// only these are asked. Not for the inner product, which is no distance.
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
    /// - Throws: ``FaissError`` with code `invalidArgument`, `notFinite`, `tooFewTrainingVectors`, `tooLarge`,
    ///   `cancelled`.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> NearestNeighborsModel<Label> {
        try fit(points, labels: labels, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// As `fit(_:labels:progress:)`, on a thread outside the cooperative pool; stops when the task is
    /// cancelled.
    public func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> NearestNeighborsModel<Label> {
        try await runBlocking { cancellation throws(FaissError) in
            try fit(points, labels: labels, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    private func fit<Label: Hashable & Sendable>(
        _ points: VectorMatrix,
        labels: [Label],
        watch: Watch
    ) throws(FaissError) -> NearestNeighborsModel<Label> {
        let classes = try LabeledClasses(labels, points: points.count)
        try checkRange(k, 1...points.count, "k")
        try options.validate()
        guard weights == .uniform || metric != .innerProduct else {
            throw FaissError(.invalidArgument, "the inner product is no distance that votes could be weighted by")
        }
        let built = try VectorIndex(index, dimension: points.dimension, metric: metric)
        let training = Watch(cancellation: watch.cancellation, progress: nil)
        try built.train(on: points, options: TrainingOptions(threads: options.threads), watch: training)
        _ = try built.add(points, threads: options.threads, watch: watch)
        return NearestNeighborsModel(classes: classes, index: built, configuration: self)
    }
}

/// What ``NearestNeighborsClassifier`` learned: the points behind an index, and their classes.
public struct NearestNeighborsModel<Label: Hashable & Sendable>: Sendable {
    /// The classes, by their first appearance among the labels.
    public let classes: [Label]
    /// The class of each point as its place in ``classes``.
    private let numbers: [Int]
    private let index: VectorIndex
    private let configuration: NearestNeighborsClassifier

    fileprivate init(
        classes: LabeledClasses<Label>,
        index: VectorIndex,
        configuration: NearestNeighborsClassifier
    ) {
        self.classes = classes.labels
        numbers = classes.numbers
        self.index = index
        self.configuration = configuration
    }

    /// The class that wins each row's vote; of classes with equal votes, the first in ``classes``.
    ///
    /// - Parameters:
    ///   - points: rows of the points' dimension.
    ///   - progress: called after every block of rows.
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a zero row by cosine, or a
    ///   row for which the filter leaves no neighbour), `cancelled`.
    public func predict(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> [Label] {
        try predict(points, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// As `predict(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func predict(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> [Label] {
        try await runBlocking { cancellation throws(FaissError) in
            try predict(points, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    /// Each class's share of each row's vote: a list a row, in the order of ``classes``, that adds up to 1. scikit-learn:
    /// `predict_proba`.
    ///
    /// - Throws: as `predict(_:progress:)`.
    public func probabilities(_ points: VectorMatrix) throws(FaissError) -> [[Double]] {
        try probabilities(points, Cancellation())
    }

    /// As `probabilities(_:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func probabilities(_ points: VectorMatrix) async throws(FaissError) -> [[Double]] {
        try await runBlocking { cancellation throws(FaissError) in try probabilities(points, cancellation) }
    }

    private func probabilities(
        _ points: VectorMatrix,
        _ cancellation: Cancellation
    ) throws(FaissError) -> [[Double]] {
        try votes(points, watch: Watch(cancellation: cancellation, progress: nil)).map { votes in
            let total = votes.reduce(0, +)
            return votes.map { $0 / total }
        }
    }

    private func predict(_ points: VectorMatrix, watch: Watch) throws(FaissError) -> [Label] {
        try votes(points, watch: watch).map { votes in
            var winner = 0
            for number in votes.indices where votes[number] > votes[winner] { winner = number }
            return classes[winner]
        }
    }

    private func votes(_ points: VectorMatrix, watch: Watch) throws(FaissError) -> [[Double]] {
        let lists = try index.search(
            points,
            for: .nearest(configuration.k),
            options: configuration.options,
            watch: watch
        )
        var votes: [[Double]] = []
        votes.reserveCapacity(lists.count)
        for (row, list) in lists.enumerated() {
            guard !list.isEmpty else { throw FaissError(.invalidArgument, "row \(row) has no neighbour to vote") }
            votes.append(count(list))
        }
        return votes
    }

    private func count(_ neighbors: ArraySlice<Neighbor>) -> [Double] {
        var votes = [Double](repeating: 0, count: classes.count)
        let distances = neighbors.map { distance($0) }
        let hasZero = distances.contains(0)
        for (neighbor, distance) in zip(neighbors, distances) {
            let vote =
                switch configuration.weights {
                case .uniform: 1.0
                case .distance where hasZero: distance == 0 ? 1.0 : 0.0
                case .distance: 1 / distance
                }
            votes[numbers[Int(neighbor.id)]] += vote
        }
        return votes
    }

    private func distance(_ neighbor: Neighbor) -> Double {
        if configuration.metric == .squaredL2 { return Double(neighbor.distance).squareRoot() }
        // What rounding makes of the cosine of a vector to itself is 1 as well.
        let distance = 1 - Double(neighbor.distance)
        return distance < 0x1p-21 ? 0 : distance
    }
}

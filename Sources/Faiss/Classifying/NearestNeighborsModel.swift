public import Vectors

/// What ``NearestNeighborsClassifier`` learned: the points behind an index, and their classes.
public struct NearestNeighborsModel<Label: Hashable & Sendable>: Sendable {
    /// The classes, by their first appearance among the labels.
    public let classes: [Label]
    /// The class of each point as its place in ``classes``.
    private let numbers: [Int]
    private let index: VectorIndex
    private let configuration: NearestNeighborsClassifier

    init(
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
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a zero row by cosine, or a
    ///   row for which the filter leaves no neighbour), `cancelled`.
    public func predict(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> [Label] {
        try predict(points, watch: Watch(progress))
    }

    /// As `predict(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func predict(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> [Label] {
        try await runWatched(progress) { watch throws(VectorError) in
            try predict(points, watch: watch)
        }
    }

    /// Each class's share of each row's vote: a list a row, in the order of ``classes``, that adds up to 1. scikit-learn:
    /// `predict_proba`.
    ///
    /// - Throws: as `predict(_:progress:)`.
    public func probabilities(_ points: VectorMatrix) throws(VectorError) -> [[Double]] {
        try probabilities(points, watch: Watch())
    }

    /// As `probabilities(_:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func probabilities(_ points: VectorMatrix) async throws(VectorError) -> [[Double]] {
        try await runWatched { watch throws(VectorError) in try probabilities(points, watch: watch) }
    }

    private func probabilities(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> [[Double]] {
        try votes(points, watch: watch).map { votes in
            let total = votes.reduce(0, +)
            return votes.map { $0 / total }
        }
    }

    private func predict(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> [Label] {
        try votes(points, watch: watch).map { votes in
            var winner = 0
            for number in votes.indices where votes[number] > votes[winner] { winner = number }
            return classes[winner]
        }
    }

    private func votes(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> [[Double]] {
        let lists = try index.search(
            points,
            for: .nearest(configuration.k),
            options: configuration.options,
            watch: watch
        )
        var votes: [[Double]] = []
        votes.reserveCapacity(lists.count)
        for (row, list) in lists.enumerated() {
            guard !list.isEmpty else { throw VectorError(.invalidArgument, "row \(row) has no neighbour to vote") }
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

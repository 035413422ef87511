import Vectors

/// Labels as the numbers of their classes, which stand in the order of their first appearance.
struct LabeledClasses<Label: Hashable> {
    private(set) var labels: [Label] = []
    let numbers: [Int]

    init(_ labels: [Label], points: Int) throws(VectorError) {
        guard labels.count == points else {
            throw VectorError(.invalidArgument, "\(labels.count) labels don't fit \(points) points")
        }
        guard !labels.isEmpty else { throw VectorError(.invalidArgument, "there are no points to learn from") }
        var classes: [Label] = []
        numbers = numbered(labels) { classes.append($0) }
        self.labels = classes
    }
}

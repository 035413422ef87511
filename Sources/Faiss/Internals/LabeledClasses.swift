/// Labels as the numbers of their classes, which stand in the order of their first appearance.
struct LabeledClasses<Label: Hashable> {
    private(set) var labels: [Label] = []
    let numbers: [Int]

    init(_ labels: [Label], points: Int) throws(FaissError) {
        guard labels.count == points else {
            throw FaissError(.invalidArgument, "\(labels.count) labels don't fit \(points) points")
        }
        guard !labels.isEmpty else { throw FaissError(.invalidArgument, "there are no points to learn from") }
        var classes: [Label] = []
        numbers = numbered(labels) { classes.append($0) }
        self.labels = classes
    }
}

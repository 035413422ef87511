import Vectors

/// How often each cluster meets each class.
struct Contingency {
    struct Cell: Hashable {
        var label: Int
        var `class`: Int
    }

    /// The counts of all pairs that occur, of each cluster and of each class.
    private(set) var cells: [Cell: Int] = [:]
    private(set) var labels: [Int] = []
    private(set) var classes: [Int] = []
    let total: Int

    init<Label: Hashable, Class: Hashable>(_ labels: [Label], _ classes: [Class]) throws(VectorError) {
        guard labels.count == classes.count else {
            throw VectorError(.invalidArgument, "\(labels.count) labels don't fit \(classes.count) classes")
        }
        guard !labels.isEmpty else { throw VectorError(.invalidArgument, "there are no labels to score") }
        total = labels.count
        for (label, `class`) in zip(numbered(labels), numbered(classes)) {
            // Numbers come in order, so a new one is the next place.
            if label == self.labels.count { self.labels.append(0) }
            if `class` == self.classes.count { self.classes.append(0) }
            self.labels[label] += 1
            self.classes[`class`] += 1
            cells[Cell(label: label, class: `class`), default: 0] += 1
        }
    }
}

/// Labels as numbers from 0, by their first appearance; `isNew` is called for the first of each.
func numbered<Label: Hashable>(_ labels: [Label], isNew: (Label) -> Void = { _ in }) -> [Int] {
    var known: [Label: Int] = [:]
    return labels.map { label in
        if let number = known[label] { return number }
        known[label] = known.count
        isNew(label)
        return known.count - 1
    }
}

/// Which ids a search may find. Filters combine: `.range(0..<500) && !.ids(banned)`.
///
/// A filter is applied inside the index while it searches, so the k nearest vectors *among those that pass* are found,
/// not those of the k nearest that happen to pass. Faiss: `IDSelector`.
public struct IDFilter: Sendable {
    /// The most parts that a filter may be combined from.
    public static let maximumPartCount = 4096

    enum Node: Sendable {
        case range(Range<Int64>)
        case ids(IDSet)
        case and, or, not
    }

    /// In postfix order: operands before their operator. A list, not a tree, so that long chains need no recursion.
    let nodes: [Node]

    /// Ids from the lower bound up to, but not including, the upper.
    public static func range(_ range: Range<Int64>) -> IDFilter { IDFilter(nodes: [.range(range)]) }

    /// Ids from the lower to the upper bound, both included.
    public static func range(_ range: ClosedRange<Int64>) -> IDFilter {
        // No id is Int64.max + 1, so the one range that has no half-open form is two filters.
        range.upperBound == .max
            ? .range(range.lowerBound..<Int64.max) || .ids(CollectionOfOne(Int64.max))
            : .range(range.lowerBound..<range.upperBound + 1)
    }

    /// These ids. Making the filter sorts them once; testing an id is then one look-up for dense ids, a binary search
    /// for scattered ones.
    public static func ids(_ ids: some Sequence<Int64>) -> IDFilter { IDFilter(nodes: [.ids(IDSet(ids))]) }

    /// The ids of a range whose bits are set, the first id's lowest in the first word.
    package static func bits(_ bits: [UInt64], of ids: Range<Int64>) -> IDFilter {
        ids.isEmpty ? .ids([]) : IDFilter(nodes: [.ids(IDSet(bits: bits, of: ids))])
    }

    /// Ids that pass both.
    public static func && (first: IDFilter, second: IDFilter) -> IDFilter {
        IDFilter(nodes: first.nodes + second.nodes + [.and])
    }

    /// Ids that pass one or both.
    public static func || (first: IDFilter, second: IDFilter) -> IDFilter {
        IDFilter(nodes: first.nodes + second.nodes + [.or])
    }

    /// Ids that don't pass.
    public static prefix func ! (filter: IDFilter) -> IDFilter { IDFilter(nodes: filter.nodes + [.not]) }

    /// Whether an id passes.
    public func contains(_ id: Int64) -> Bool {
        var operands: [Bool] = []
        for node in nodes {
            switch node {
            case .range(let range): operands.append(range.contains(id))
            case .ids(let set): operands.append(set.contains(id))
            case .not: operands[operands.count - 1].toggle()
            case .and:
                let second = operands.removeLast()
                operands[operands.count - 1] = operands[operands.count - 1] && second
            case .or:
                let second = operands.removeLast()
                operands[operands.count - 1] = operands[operands.count - 1] || second
            }
        }
        return operands[0]
    }
}

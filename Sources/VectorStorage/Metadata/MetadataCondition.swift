public import struct Foundation.Date

/// Which vectors an operation concerns, by their metadata. Conditions combine:
/// `.equals("lang", "en") && .range("year", 1990...) && !.exists("withdrawn")`.
///
/// A comparison holds only for rows that have the field, with a value of the same kind; integers and doubles compare
/// with each other as numbers, to the last digit. So `!.equals("lang", "en")` also holds for rows without a language.
/// Texts and names of fields are compared as Swift compares strings, so that `é` equals `e` with an accent.
///
/// ``init(parsing:)`` reads a condition that a person has written.
public struct MetadataCondition: Sendable, Hashable {
    /// The most parts that a condition may be combined from.
    public static let maximumPartCount = 4096

    /// The comparisons of numbers and dates that a range comes to; text can't be ranged over.
    struct Bounds: Sendable, Hashable {
        var lower: MetadataValue?
        var upper: MetadataValue?
        var includesUpper: Bool
    }

    enum Node: Sendable, Hashable {
        case oneOf(field: String, [MetadataValue])
        case range(field: String, Bounds)
        case contains(field: String, String)
        case exists(field: String)
        case and, or, not
    }

    /// In postfix order: operands before their operator. A list, not a tree, so that long chains need no recursion.
    let nodes: [Node]

    /// Rows whose field is the value; `.null` is equal to a field that is there and null.
    public static func equals(_ field: String, _ value: MetadataValue) -> MetadataCondition {
        MetadataCondition(nodes: [.oneOf(field: field, [value])])
    }

    /// Rows whose field is one of the values.
    public static func `in`(_ field: String, _ values: [MetadataValue]) -> MetadataCondition {
        MetadataCondition(nodes: [.oneOf(field: field, values)])
    }

    /// Rows whose field is a list of strings with this one among them.
    public static func contains(_ field: String, _ string: String) -> MetadataCondition {
        MetadataCondition(nodes: [.contains(field: field, string)])
    }

    /// Rows that have the field, be it null.
    public static func exists(_ field: String) -> MetadataCondition { MetadataCondition(nodes: [.exists(field: field)]) }

    /// Rows whose field lies between the bounds, both included.
    public static func range(_ field: String, _ range: ClosedRange<some MetadataBound>) -> MetadataCondition {
        bounded(field, range.lowerBound.bound, range.upperBound.bound, includesUpper: true)
    }

    /// Rows whose field is at least the lower bound and less than the upper.
    public static func range(_ field: String, _ range: Range<some MetadataBound>) -> MetadataCondition {
        bounded(field, range.lowerBound.bound, range.upperBound.bound, includesUpper: false)
    }

    /// Rows whose field is at least the bound.
    public static func range(_ field: String, _ range: PartialRangeFrom<some MetadataBound>) -> MetadataCondition {
        bounded(field, range.lowerBound.bound, nil, includesUpper: true)
    }

    /// Rows whose field is less than the bound.
    public static func range(_ field: String, _ range: PartialRangeUpTo<some MetadataBound>) -> MetadataCondition {
        bounded(field, nil, range.upperBound.bound, includesUpper: false)
    }

    /// Rows whose field is at most the bound.
    public static func range(_ field: String, _ range: PartialRangeThrough<some MetadataBound>) -> MetadataCondition {
        bounded(field, nil, range.upperBound.bound, includesUpper: true)
    }

    static func bounded(
        _ field: String,
        _ lower: MetadataValue?,
        _ upper: MetadataValue?,
        includesUpper: Bool
    ) -> MetadataCondition {
        MetadataCondition(nodes: [.range(field: field, Bounds(lower: lower, upper: upper, includesUpper: includesUpper))])
    }

    /// Rows for which both hold.
    public static func && (first: MetadataCondition, second: MetadataCondition) -> MetadataCondition {
        MetadataCondition(nodes: first.nodes + second.nodes + [.and])
    }

    /// Rows for which one or both hold.
    public static func || (first: MetadataCondition, second: MetadataCondition) -> MetadataCondition {
        MetadataCondition(nodes: first.nodes + second.nodes + [.or])
    }

    /// Rows for which it does not hold.
    public static prefix func ! (condition: MetadataCondition) -> MetadataCondition {
        MetadataCondition(nodes: condition.nodes + [.not])
    }

    func validate() throws(StorageError) {
        guard nodes.count <= Self.maximumPartCount else {
            throw StorageError(
                .invalidArgument,
                "the condition has \(nodes.count) parts, more than \(Self.maximumPartCount)"
            )
        }
        for case .range(let field, let bounds) in nodes {
            for bound in [bounds.lower, bounds.upper] {
                guard case .double(let number)? = bound, number.isNaN else { continue }
                throw StorageError(.notFinite, "a bound of the range of '\(field)' is not a number")
            }
        }
    }

    /// Whether it holds for a row with these metadata.
    public func holds(for metadata: VectorMetadata) -> Bool {
        var operands: [Bool] = []
        for node in nodes {
            switch node {
            case .oneOf(let field, let values):
                operands.append(metadata[field].map { value in values.contains { $0.isEqual(to: value) } } ?? false)
            case .range(let field, let bounds): operands.append(metadata[field].map(bounds.contains) ?? false)
            case .contains(let field, let string):
                if case .strings(let strings)? = metadata[field] {
                    operands.append(strings.contains(string))
                } else {
                    operands.append(false)
                }
            case .exists(let field): operands.append(metadata[field] != nil)
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

/// What a range of a ``MetadataCondition`` can be over: whole numbers, numbers, dates.
public protocol MetadataBound: Comparable {
    /// The bound as metadata.
    var bound: MetadataValue { get }
}

extension Int: MetadataBound {
    /// An integer.
    public var bound: MetadataValue { .integer(Int64(self)) }
}

extension Int64: MetadataBound {
    /// An integer.
    public var bound: MetadataValue { .integer(self) }
}

extension Double: MetadataBound {
    /// A double.
    public var bound: MetadataValue { .double(self) }
}

extension Date: MetadataBound {
    /// A date.
    public var bound: MetadataValue { .date(self) }
}

extension MetadataValue {
    /// Whether two values are the same, numbers by their worth.
    func isEqual(to other: MetadataValue) -> Bool {
        switch (self, other) {
        case (.integer(let integer), .double(let double)), (.double(let double), .integer(let integer)):
            Int64(exactly: double) == integer
        default: self == other
        }
    }

    /// Whether it comes before, or nil where the two don't compare.
    func isLess(than other: MetadataValue) -> Bool? {
        switch (self, other) {
        case (.integer(let first), .integer(let second)): first < second
        case (.double(let first), .double(let second)): first < second
        case (.integer(let first), .double(let second)): Self.isLess(first, second)
        case (.double(let first), .integer(let second)):
            !Self.isLess(second, first) && Int64(exactly: first) != second
        case (.date(let first), .date(let second)): first < second
        default: nil
        }
    }

    /// Without losing digits: a double holds whole numbers only up to 2⁵³.
    private static func isLess(_ integer: Int64, _ double: Double) -> Bool {
        if double >= 0x1p63 { return true }
        if double < -0x1p63 { return false }
        let floor = Int64(double.rounded(.down))
        return integer < floor || integer == floor && double != double.rounded(.down)
    }
}

extension MetadataCondition.Bounds {
    func contains(_ value: MetadataValue) -> Bool {
        if let lower {
            guard value.isLess(than: lower) == false else { return false }
        }
        if let upper {
            if includesUpper {
                guard upper.isLess(than: value) == false else { return false }
            } else {
                guard value.isLess(than: upper) == true else { return false }
            }
        }
        return true
    }
}

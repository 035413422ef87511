package import Vectors

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

    package enum Node: Sendable, Hashable {
        case oneOf(field: String, [MetadataValue])
        case range(field: String, MetadataRange)
        case contains(field: String, String)
        case exists(field: String)
        case and, or, not
    }

    /// In postfix order: operands before their operator. A list, not a tree, so that long chains need no recursion.
    package let nodes: [Node]

    private init(nodes: [Node]) { self.nodes = nodes }

    init(_ node: Node) { nodes = [node] }

    /// Rows whose field is the value; `.null` is equal to a field that is there and null.
    public static func equals(_ field: String, _ value: MetadataValue) -> Self { .in(field, [value]) }

    /// Rows whose field is one of the values.
    public static func `in`(_ field: String, _ values: [MetadataValue]) -> Self {
        Self(.oneOf(field: field, values))
    }

    /// Rows whose field is a list of strings with this one among them.
    public static func contains(_ field: String, _ string: String) -> Self {
        Self(.contains(field: field, string))
    }

    /// Rows that have the field, be it null.
    public static func exists(_ field: String) -> Self { Self(.exists(field: field)) }

    /// Rows whose field is more than the bound: `>`. Dates are more the later they are.
    public static func greaterThan(_ field: String, _ bound: some MetadataBound) -> Self {
        Self(.range(field: field, MetadataRange(from: .init(value: bound.bound, isIncluded: false))))
    }

    /// Rows whose field is the bound or more: `>=`.
    public static func atLeast(_ field: String, _ bound: some MetadataBound) -> Self {
        Self(.range(field: field, MetadataRange(from: .init(value: bound.bound))))
    }

    /// Rows whose field is less than the bound: `<`.
    public static func lessThan(_ field: String, _ bound: some MetadataBound) -> Self {
        Self(.range(field: field, MetadataRange(to: .init(value: bound.bound, isIncluded: false))))
    }

    /// Rows whose field is the bound or less: `<=`.
    public static func atMost(_ field: String, _ bound: some MetadataBound) -> Self {
        Self(.range(field: field, MetadataRange(to: .init(value: bound.bound))))
    }

    /// Rows whose field lies between the bounds, both included.
    public static func range(_ field: String, _ range: ClosedRange<some MetadataBound>) -> Self {
        let (lower, upper) = (range.lowerBound.bound, range.upperBound.bound)
        return Self(.range(field: field, MetadataRange(from: .init(value: lower), to: .init(value: upper))))
    }

    /// Rows whose field is at least the lower bound and less than the upper.
    public static func range(_ field: String, _ range: Range<some MetadataBound>) -> Self {
        let upper = MetadataRange.Bound(value: range.upperBound.bound, isIncluded: false)
        return Self(.range(field: field, MetadataRange(from: .init(value: range.lowerBound.bound), to: upper)))
    }

    /// Rows whose field is at least the bound.
    public static func range(_ field: String, _ range: PartialRangeFrom<some MetadataBound>) -> Self {
        .atLeast(field, range.lowerBound)
    }

    /// Rows whose field is less than the bound.
    public static func range(_ field: String, _ range: PartialRangeUpTo<some MetadataBound>) -> Self {
        .lessThan(field, range.upperBound)
    }

    /// Rows whose field is at most the bound.
    public static func range(_ field: String, _ range: PartialRangeThrough<some MetadataBound>) -> Self {
        .atMost(field, range.upperBound)
    }

    /// Rows for which both hold.
    public static func && (first: Self, second: Self) -> Self {
        Self(nodes: first.nodes + second.nodes + [.and])
    }

    /// Rows for which one or both hold.
    public static func || (first: Self, second: Self) -> Self {
        Self(nodes: first.nodes + second.nodes + [.or])
    }

    /// Rows for which it does not hold.
    public static prefix func ! (condition: Self) -> Self { Self(nodes: condition.nodes + [.not]) }

    /// The names of the fields that it reads.
    public var fields: Set<String> {
        var fields = Set<String>()
        for node in nodes {
            switch node {
            case .oneOf(let field, _), .range(let field, _), .contains(let field, _), .exists(let field):
                fields.insert(field)
            case .and, .or, .not: break
            }
        }
        return fields
    }

    package func validate() throws(VectorError) {
        guard nodes.count <= Self.maximumPartCount else {
            throw VectorError(
                .invalidArgument,
                "the condition has \(nodes.count) parts, more than \(Self.maximumPartCount)"
            )
        }
        for case .range(let field, let range) in nodes where !range.isValid {
            throw VectorError(.notFinite, "a bound of the range of '\(field)' is not a number")
        }
    }

    /// Whether it holds for a row with these metadata.
    public func holds(for metadata: VectorMetadata) -> Bool {
        var operands: [Bool] = []
        for node in nodes {
            switch node {
            case .oneOf(let field, let values):
                operands.append(metadata[field].map { value in values.contains { $0.isEqual(to: value) } } ?? false)
            case .range(let field, let range): operands.append(metadata[field].map(range.contains) ?? false)
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

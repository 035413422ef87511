#if Milvus
import VectorStorage
import Vectors

/// A condition as the server reads it, over the columns `tokens` and `numbers`.
///
/// Values that are combined by `or` become one list of tokens, and what is left of long chains a balanced tree: a server
/// takes seconds for a chain of a thousand parts.
struct ServerExpression {
    /// The most comparisons, after equal ones are joined.
    static let maximumPartCount = 256
    /// The most alternations of and, or, not.
    static let maximumDepth = 32
    /// The most values that rows are compared with by equality.
    static let maximumValueCount = 4096

    private indirect enum Shape {
        /// Rows with one of these tokens; none where there are none.
        case anyOf([String])
        /// Rows with a number or a date between two bounds, in the form of ``SortableNumber``.
        case range(slot: String, lower: MetadataRange.Bound?, upper: MetadataRange.Bound?)
        case not(Part)
        case and([Part])
        case or([Part])
    }

    private struct Part {
        var shape: Shape
        var depth = 1
        var count = 1
    }

    /// The expression's text.
    let text: String

    init(_ condition: MetadataCondition) throws(VectorError) {
        try condition.validate()
        var parts: [Part] = []
        var maker = TokenMaker()
        for node in condition.nodes {
            switch node {
            case .oneOf(let field, let values):
                let name = MetadataTokens.composed(field)
                parts.append(Part(shape: .anyOf(values.compactMap { MetadataTokens.token(equal: $0, name, &maker) })))
            case .exists(let field):
                parts.append(Part(shape: .anyOf([maker.token(.exists, MetadataTokens.composed(field))])))
            case .contains(let field, let string):
                let token = maker.token(.contains, MetadataTokens.composed(field), [MetadataTokens.composed(string)])
                parts.append(Part(shape: .anyOf([token])))
            case .range(let field, let range): parts.append(Self.part(of: range, field, &maker))
            case .not:
                let last = parts.removeLast()
                if case .not(let inner) = last.shape {
                    parts.append(inner)
                } else {
                    parts.append(Part(shape: .not(last), depth: last.depth + 1, count: last.count))
                }
            case .and, .or:
                let second = parts.removeLast()
                parts.append(Self.combined(parts.removeLast(), second, isAnd: node == .and))
            }
        }
        let whole = parts[0]
        guard whole.count <= Self.maximumPartCount else {
            throw VectorError(
                .invalidArgument,
                "the condition has \(whole.count) comparisons, more than the \(Self.maximumPartCount) that a server takes"
            )
        }
        guard whole.depth <= Self.maximumDepth else {
            throw VectorError(
                .invalidArgument,
                "the condition nests and, or, not \(whole.depth) deep, more than the \(Self.maximumDepth) that a server takes"
            )
        }
        text = try Self.text(of: whole, isNegated: false)
    }

    private static func part(of range: MetadataRange, _ field: String, _ maker: inout TokenMaker) -> Part {
        let isDate = if case .date? = (range.lower ?? range.upper)?.value { true } else { false }
        let slot = maker.token(isDate ? .isDate : .isNumber, MetadataTokens.composed(field))
        return Part(shape: .range(slot: slot, lower: range.lower, upper: range.upper))
    }

    /// Both by one operator; operands of the same operator join its list.
    private static func combined(_ first: Part, _ second: Part, isAnd: Bool) -> Part {
        if !isAnd, case .anyOf(let tokens) = first.shape, case .anyOf(let others) = second.shape {
            return Part(shape: .anyOf(tokens + others))
        }
        var parts: [Part] = []
        for part in [first, second] {
            switch part.shape {
            case .and(let inner) where isAnd: parts += inner
            case .or(let inner) where !isAnd: parts += inner
            default: parts.append(part)
            }
        }
        if !isAnd {
            // At most one list of tokens.
            var tokens: [String]?
            parts.removeAll { part in
                guard case .anyOf(let some) = part.shape else { return false }
                tokens = (tokens ?? []) + some
                return true
            }
            if let tokens { parts.append(Part(shape: .anyOf(tokens))) }
        }
        return Part(
            shape: isAnd ? .and(parts) : .or(parts),
            depth: 1 + (parts.map(\.depth).max() ?? 0),
            count: parts.reduce(0) { $0 + $1.count }
        )
    }

    /// - Parameter isNegated: whether a `not` is around it.
    private static func text(of part: Part, isNegated: Bool) throws(VectorError) -> String {
        switch part.shape {
        case .anyOf(let tokens):
            guard tokens.count <= maximumValueCount else {
                throw VectorError(
                    .invalidArgument,
                    "the condition compares with \(tokens.count) values, more than the \(maximumValueCount) that a server takes"
                )
            }
            return switch tokens.count {
            case 0: "key in []"
            case 1: "json_contains(tokens[\"t\"], \"\(tokens[0])\")"
            default: "json_contains_any(tokens[\"t\"], [" + tokens.map { "\"\($0)\"" }.joined(separator: ", ") + "])"
            }
        case .range(let slot, let lower, let upper):
            let number = "numbers[\"\(slot)\"]"
            var parts: [String] = []
            // A comparison with what is not there is neither true nor false on some servers, and so is its negation. The token
            // makes it false; without a negation that is the same, in two thirds of the time.
            if isNegated || lower == nil && upper == nil { parts.append("json_contains(tokens[\"t\"], \"\(slot)\")") }
            if let lower { parts.append("\(number) \(lower.isIncluded ? ">=" : ">") \"\(sortable(lower))\"") }
            if let upper { parts.append("\(number) \(upper.isIncluded ? "<=" : "<") \"\(sortable(upper))\"") }
            return parts.count == 1 ? parts[0] : parts.map { "(\($0))" }.joined(separator: " and ")
        case .not(let inner): return "not (\(try self.text(of: inner, isNegated: true)))"
        case .and(let parts): return try text(of: parts[...], joinedBy: "and", isNegated)
        case .or(let parts): return try text(of: parts[...], joinedBy: "or", isNegated)
        }
    }

    /// A balanced tree.
    private static func text(
        of parts: ArraySlice<Part>,
        joinedBy word: String,
        _ isNegated: Bool
    ) throws(VectorError) -> String {
        guard parts.count > 1 else { return try text(of: parts[parts.startIndex], isNegated: isNegated) }
        let middle = parts.startIndex + parts.count / 2
        let first = try text(of: parts[..<middle], joinedBy: word, isNegated)
        let second = try text(of: parts[middle...], joinedBy: word, isNegated)
        return "(\(first)) \(word) (\(second))"
    }

    private static func sortable(_ bound: MetadataRange.Bound) -> String {
        switch bound.value {
        case .integer(let number): SortableNumber.text(number)
        case .double(let number): SortableNumber.text(number)
        case .date(let date): SortableNumber.text(date.timeIntervalSinceReferenceDate)
        // No bound: `MetadataBound` has the three.
        case .string, .bool, .null, .strings: ""
        }
    }

    /// The text of a condition; without one, the empty text, which holds for all rows.
    static func text(of condition: MetadataCondition?) throws(VectorError) -> String {
        guard let condition else { return "" }
        return try ServerExpression(condition).text
    }

    /// Rows with one of these keys.
    static func keys(_ keys: some Sequence<VectorKey>) -> String {
        "key in [" + keys.map { literal($0.text) }.joined(separator: ", ") + "]"
    }

    /// A text as an expression has it. All other control characters may stand as they are.
    static func literal(_ text: String) -> String {
        var literal = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": literal += "\\\""
            case "\\": literal += "\\\\"
            case "\n": literal += "\\n"
            case "\r": literal += "\\r"
            case "\t": literal += "\\t"
            default: literal.unicodeScalars.append(scalar)
            }
        }
        return literal + "\""
    }
}
#endif

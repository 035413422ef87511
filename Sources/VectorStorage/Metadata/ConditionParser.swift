import Vectors

/// Recursive descent, a method a rule of the grammar of ``MetadataCondition/init(parsing:)``.
struct ConditionParser {
    private enum Token: Equatable {
        case word(String)
        case quoted(String)
        /// Comparisons, parentheses, brackets, commas and the three short forms of words.
        case sign(String)
        case end
    }

    private static let comparisons: Set<String> = ["=", "==", "!=", "<>", "<", "<=", ">", ">="]
    private static let keywords: Set<String> = [
        "and", "or", "not", "in", "contains", "exists", "true", "false", "null",
    ]
    /// As deep as parentheses and `not` may nest: far from the end of a thread's stack.
    private static let maximumDepth = 200

    private let bytes: [UInt8]
    /// The offset behind the token.
    private var next = 0
    /// What comes next, and where it starts; nil before the first, or where it could not be read.
    private var token = Token.end
    private var start = 0
    private var problem: VectorError?
    private var depth = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
        advance()
    }

    // MARK: Rules

    mutating func condition() throws(VectorError) -> MetadataCondition {
        var result = try all()
        while takes("or", "||") { result = try checked(result || (try all())) }
        return result
    }

    private mutating func all() throws(VectorError) -> MetadataCondition {
        var result = try part()
        while takes("and", "&&") { result = try checked(result && (try part())) }
        return result
    }

    private func checked(_ condition: MetadataCondition) throws(VectorError) -> MetadataCondition {
        try condition.validate()
        return condition
    }

    private mutating func part() throws(VectorError) -> MetadataCondition {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw failure("it nests deeper than \(Self.maximumDepth)") }
        if takes("not", "!") { return !(try part()) }
        guard takes("(") else { return try comparison() }
        let result = try condition()
        try expect(")")
        return result
    }

    private mutating func comparison() throws(VectorError) -> MetadataCondition {
        if takes("exists") { return .exists(try text("the name of a field")) }
        let field = try text("the name of a field")
        if takes("not") {
            if takes("in") { return !(try isOne(field)) }
            if takes("contains") { return !.contains(field, try text("text")) }
            throw failure("'in' or 'contains' was expected after 'not', not \(found)")
        }
        if takes("in") { return try isOne(field) }
        if takes("contains") { return .contains(field, try text("text")) }
        guard case .sign(let sign) = try current(), Self.comparisons.contains(sign) else {
            throw failure("a comparison (= != < <= > >=, in, contains) was expected after '\(field)', not \(found)")
        }
        advance()
        let place = start
        let value = try value()
        switch sign {
        case "=", "==": return .equals(field, value)
        case "!=", "<>": return !.equals(field, value)
        default: break
        }
        let bound = MetadataRange.Bound(value: value, isIncluded: sign.count == 2)
        let range = sign.hasPrefix("<") ? MetadataRange(to: bound) : MetadataRange(from: bound)
        guard range.isValid else {
            throw failure("\(value.kind) has no order: '\(sign)' takes numbers and dates", at: place)
        }
        return MetadataCondition(.range(field: field, range))
    }

    private mutating func isOne(_ field: String) throws(VectorError) -> MetadataCondition {
        try expect("(")
        var values: [MetadataValue] = []
        if !takes(")") {
            repeat { values.append(try value()) } while takes(",")
            try expect(")")
        }
        return .in(field, values)
    }

    private mutating func value() throws(VectorError) -> MetadataValue {
        if takes("[") {
            var strings: [String] = []
            if !takes("]") {
                repeat { strings.append(try text("text")) } while takes(",")
                try expect("]")
            }
            return .strings(strings)
        }
        if takes("true") { return true }
        if takes("false") { return false }
        if takes("null") { return nil }
        guard case .word(let word) = try current(), Self.beginsAsNumber(word) else {
            return .string(try text("a value"))
        }
        if let date = DateLiteral.value(of: word) {
            advance()
            return .date(date)
        }
        guard NumberLiteral.isNumber(Array(word.utf8)[...]) else {
            throw failure("'\(word)' is neither a number nor a date such as 2026-11-28; text needs quotes here")
        }
        do throws(NumberLiteral.Failure) {
            let value = try NumberLiteral.value(of: word)
            advance()
            return value
        } catch {
            throw failure(error.message)
        }
    }

    /// A word that is none of the grammar's, or anything between quotes.
    private mutating func text(_ what: String) throws(VectorError) -> String {
        switch try current() {
        case .quoted(let text):
            advance()
            return text
        case .word(let word) where !Self.keywords.contains(word.lowercased()):
            advance()
            return word
        case .word(let word): throw failure("\(what) was expected, not '\(word)', which needs quotes to be one")
        case .sign, .end: throw failure("\(what) was expected, not \(found)")
        }
    }

    // MARK: Tokens

    private func current() throws(VectorError) -> Token {
        if let problem { throw problem }
        return token
    }

    /// Whether the token is one of these words or signs; it is read if so.
    private mutating func takes(_ choices: String...) -> Bool {
        guard problem == nil else { return false }
        switch token {
        case .word(let word) where choices.contains(word.lowercased()): break
        case .sign(let sign) where choices.contains(sign): break
        default: return false
        }
        advance()
        return true
    }

    private mutating func expect(_ sign: String) throws(VectorError) {
        _ = try current()
        guard takes(sign) else { throw failure("'\(sign)' was expected, not \(found)") }
    }

    mutating func expectEnd() throws(VectorError) {
        guard try current() == .end else { throw failure("'and' or 'or' was expected, not \(found)") }
    }

    private var found: String {
        switch token {
        case .word(let text), .sign(let text): "'\(text)'"
        case .quoted(let text): StringLiteral.quoted(text)
        case .end: "the end"
        }
    }

    private func failure(_ message: String, at place: Int? = nil) -> VectorError {
        if let problem { return problem }
        let column = String(decoding: bytes[..<(place ?? start)], as: UTF8.self).count + 1
        return VectorError(.invalidFormat, "column \(column): \(message)")
    }

    private mutating func advance() {
        while next < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[next]) { next += 1 }
        start = next
        guard next < bytes.count else {
            token = .end
            return
        }
        let first = bytes[next]
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            var literal = StringLiteral(bytes, from: next)
            do throws(StringLiteral.Failure) {
                token = .quoted(try literal.text())
                next = literal.place
            } catch {
                problem = failure(error.message, at: error.place)
            }
        case _ where Self.isWordPart(first):
            let word = String(decoding: bytes[next...].prefix(while: Self.isWordPart), as: UTF8.self)
            next += word.utf8.count
            token = .word(word)
            // Not typographic quotes, spaces that don't break, or signs such as ≥, which would be part of the word.
            if let foreign = word.unicodeScalars.first(where: { !Self.isWordPart($0) }) {
                problem = failure("'\(foreign)' in '\(word)' is no letter: text with it needs quotes, \" or '")
            }
        case _ where Self.operators.contains(first):
            // As far as it goes: '=>' is no comparison, not '=' with something behind it. But a '!' denies what follows it.
            let bang = UInt8(ascii: "!")
            let isDenial = first == bang && bytes.dropFirst(next + 1).first != UInt8(ascii: "=")
            let rest = bytes[(next + 1)...].prefix { !isDenial && $0 != bang && Self.operators.contains($0) }
            let run = bytes[next..<rest.endIndex]
            let text = String(decoding: run, as: UTF8.self)
            token = .sign(text)
            next = run.endIndex
            if !Self.comparisons.contains(text), !["&&", "||", "!"].contains(text) {
                problem = failure("'\(text)' is no operator: = != < <= > >= compare, && || ! combine")
            }
        case _ where "()[],".utf8.contains(first):
            token = .sign(String(Character(Unicode.Scalar(first))))
            next += 1
        default:
            problem = failure("'\(Character(Unicode.Scalar(first)))' has no meaning here; text with it needs quotes")
        }
    }

    private static let operators = Set("=<>!&|".utf8)

    private static func isWordPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: "_-.:/@+#$%".utf8.contains(byte)
        }
    }

    private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return true }
        let properties = scalar.properties
        switch properties.generalCategory {
        // Accents and what joins parts of an emoji.
        case .nonspacingMark, .spacingMark, .enclosingMark, .format: return true
        default: return properties.isAlphabetic || properties.numericType != nil || properties.isEmoji
        }
    }

    private static func beginsAsNumber(_ word: String) -> Bool {
        var rest = word.utf8[...]
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst() }
        return rest.first.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ?? false
    }
}

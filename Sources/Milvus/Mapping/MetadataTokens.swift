#if Milvus
import Crypto
import Foundation
import VectorStorage

/// What of a row's metadata its collection on the server is searched by: tokens, and numbers as text.
///
/// A *token* is a hash of 72 bits of "the field is there", "the field is this value", "the list has this string" or "the
/// field is a number"; two different ones are equal once in 5 · 10²¹ pairs. So a condition needs no names,
/// quotes, or types of the server's expression language: a row has a token or it doesn't, on any server, and `not` means
/// not. Texts are hashed in Unicode's composed form, as Swift compares them.
///
/// Both are columns of JSON, `{"t": […]}` and `{"TOKEN": "TEXT"}`: a column of lists would be searched faster, and cost an
/// import a third of its time.
struct MetadataTokens {
    /// What is asked of a field by a token.
    enum Question: UInt8 {
        case exists, isNumber, isDate, equalsNull, equalsBool, equalsNumber, equalsDate, equalsString, equalsStrings
        case contains
    }

    /// All of a row's.
    private(set) var tokens: [String] = []
    /// Its numbers and dates by the tokens that say that they are there, as ``SortableNumber`` has them.
    private(set) var numbers: [(slot: String, text: String)] = []

    init(_ metadata: VectorMetadata) {
        var maker = TokenMaker()
        self.init(metadata, &maker)
    }

    /// - Parameter maker: remembers tokens that other rows have, too.
    init(_ metadata: VectorMetadata, _ maker: inout TokenMaker) {
        for (field, value) in metadata {
            let name = Self.composed(field)
            tokens.append(maker.token(.exists, name))
            if let token = Self.token(equal: value, name, &maker) { tokens.append(token) }
            switch value {
            case .strings(let strings):
                for string in Set(strings) { tokens.append(maker.token(.contains, name, [Self.composed(string)])) }
            case .integer(let number): add(.isNumber, name, SortableNumber.text(number), &maker)
            case .double(let number): add(.isNumber, name, SortableNumber.text(number), &maker)
            case .date(let date):
                add(.isDate, name, SortableNumber.text(date.timeIntervalSinceReferenceDate), &maker)
            case .string, .bool, .null: break
            }
        }
    }

    private mutating func add(_ question: Question, _ field: String, _ text: String, _ maker: inout TokenMaker) {
        let slot = maker.token(question, field)
        tokens.append(slot)
        numbers.append((slot, text))
    }

    /// The tokens as a JSON object; nothing in it needs quoting.
    var tokensJSON: String {
        var text = "{\"t\":["
        for (place, token) in tokens.enumerated() {
            text += place == 0 ? "\"" : ",\""
            text += token
            text += "\""
        }
        return text + "]}"
    }

    /// The numbers as a JSON object; nothing in it needs quoting.
    var numbersJSON: String {
        var text = "{"
        for (place, number) in numbers.enumerated() {
            text += place == 0 ? "\"" : ",\""
            text += number.slot
            text += "\":\""
            text += number.text
            text += "\""
        }
        return text + "}"
    }

    /// The token of rows whose field is a value; nil for what no field is, NaN.
    ///
    /// - Parameter field: composed.
    static func token(equal value: MetadataValue, _ field: String, _ maker: inout TokenMaker) -> String? {
        switch value {
        case .null: maker.token(.equalsNull, field)
        case .bool(let value): maker.token(.equalsBool, field, [value ? "1" : "0"])
        case .integer(let number): maker.token(.equalsNumber, field, [SortableNumber.text(number)])
        case .double(let number):
            number.isNaN ? nil : maker.token(.equalsNumber, field, [SortableNumber.text(number)])
        case .date(let date):
            date.timeIntervalSinceReferenceDate.isNaN
                ? nil : maker.token(.equalsDate, field, [SortableNumber.text(date.timeIntervalSinceReferenceDate)])
        case .string(let text): maker.token(.equalsString, field, [composed(text)])
        case .strings(let strings): maker.token(.equalsStrings, field, strings.map(composed))
        }
    }

    /// A text in the form in which texts that Swift takes for equal have the same bytes.
    static func composed(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 128 } ? text : text.precomposedStringWithCanonicalMapping
    }
}

/// Makes tokens, and remembers short ones: rows of a batch share most of theirs.
struct TokenMaker {
    private var known: [[UInt8]: String] = [:]

    /// - Parameters:
    ///   - field: composed.
    ///   - texts: composed.
    mutating func token(_ question: MetadataTokens.Question, _ field: String, _ texts: [String] = [""]) -> String {
        // Lengths before contents: no two questions are the same bytes.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        bytes.append(question.rawValue)
        bytes.append(UInt8(truncatingIfNeeded: field.utf8.count))
        bytes.append(contentsOf: field.utf8)
        for text in texts {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).littleEndian) {
                bytes.append(contentsOf: $0)
            }
            bytes.append(contentsOf: text.utf8)
        }
        if let token = known[bytes] { return token }
        let token = SHA256.hash(data: bytes).withUnsafeBytes { Data($0.prefix(9)).base64EncodedString() }
        if bytes.count <= 64, known.count < 4096 { known[bytes] = token }
        return token
    }
}
#endif

#if Milvus
import Crypto
import Foundation
import VectorStorage

/// What of a row's metadata its collection on the server is searched by: tokens, and numbers as text.
///
/// A *token* is a hash of 96 bits of "the field is there", "the field is this value", "the list has this string" or "the
/// field is a number"; two different ones are equal once in 10¹⁸ pairs of billions. So a condition needs no names,
/// quotes, or types of the server's expression language: a row has a token or it doesn't, on any server, and `not` means
/// not. Texts are hashed in Unicode's composed form, as Swift compares them.
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
        for (field, value) in metadata {
            let name = Self.composed(field)
            tokens.append(Self.token(.exists, name))
            if let token = Self.token(equal: value, name) { tokens.append(token) }
            switch value {
            case .strings(let strings): tokens += Set(strings).map { Self.token(.contains, name, Self.composed($0)) }
            case .integer(let number): add(.isNumber, name, SortableNumber.text(number))
            case .double(let number): add(.isNumber, name, SortableNumber.text(number))
            case .date(let date): add(.isDate, name, SortableNumber.text(date.timeIntervalSinceReferenceDate))
            case .string, .bool, .null: break
            }
        }
    }

    private mutating func add(_ question: Question, _ field: String, _ text: String) {
        let slot = Self.token(question, field)
        tokens.append(slot)
        numbers.append((slot, text))
    }

    /// The numbers as a JSON object; neither slots nor texts need quoting.
    var numbersJSON: String {
        "{" + numbers.map { "\"\($0.slot)\":\"\($0.text)\"" }.joined(separator: ",") + "}"
    }

    /// The token of rows whose field is a value; nil for what no field is, NaN.
    static func token(equal value: MetadataValue, _ field: String) -> String? {
        switch value {
        case .null: token(.equalsNull, field)
        case .bool(let value): token(.equalsBool, field, value ? "1" : "0")
        case .integer(let number): token(.equalsNumber, field, SortableNumber.text(number))
        case .double(let number): number.isNaN ? nil : token(.equalsNumber, field, SortableNumber.text(number))
        case .date(let date):
            date.timeIntervalSinceReferenceDate.isNaN
                ? nil : token(.equalsDate, field, SortableNumber.text(date.timeIntervalSinceReferenceDate))
        case .string(let text): token(.equalsString, field, composed(text))
        case .strings(let strings): token(.equalsStrings, field, strings.map(composed))
        }
    }

    /// - Parameters:
    ///   - field: composed.
    ///   - text: composed.
    static func token(_ question: Question, _ field: String, _ text: String = "") -> String {
        token(question, field, [text])
    }

    private static func token(_ question: Question, _ field: String, _ texts: [String]) -> String {
        var hash = SHA256()
        // Lengths before contents: no two lists of texts are the same bytes.
        var head: [UInt8] = [question.rawValue, UInt8(truncatingIfNeeded: field.utf8.count)]
        head.append(contentsOf: field.utf8)
        for text in texts {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: text.utf8.count).littleEndian) {
                head.append(contentsOf: $0)
            }
            head.append(contentsOf: text.utf8)
        }
        hash.update(data: head)
        return hash.finalize().withUnsafeBytes { Data($0.prefix(12)).base64EncodedString() }
    }

    /// A text in the form in which texts that Swift takes for equal have the same bytes.
    static func composed(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 128 } ? text : text.precomposedStringWithCanonicalMapping
    }
}
#endif

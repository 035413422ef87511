import Vectors

public import struct Foundation.UUID

/// What a vector is stored under: text of 1 to 4,096 bytes of UTF-8, as long as a word of word vectors may be.
///
/// Keys are equal if their bytes are: `é` as one character and `e` with an accent are two keys, where Swift takes them for
/// equal strings. Word vectors and other stores have both. Whole numbers and UUIDs are keys by their usual text: `42`,
/// `"42"` and `VectorKey(42)` are the same key.
public struct VectorKey: Sendable, Hashable, Comparable, Codable, CustomStringConvertible, ExpressibleByStringLiteral,
    ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral
{
    /// The longest key, in bytes of UTF-8.
    public static let maximumLength = 4096

    /// The key as text.
    public let text: String

    /// A key of text.
    public init(_ text: String) { self.text = text }
    /// A key of a whole number, in decimal.
    public init(_ number: some BinaryInteger) { text = String(number) }
    /// A key of a UUID, in capitals.
    public init(_ uuid: UUID) { text = uuid.uuidString }
    /// A key of text.
    public init(stringLiteral text: String) { self.text = text }
    /// A key of a whole number, in decimal.
    public init(integerLiteral number: Int64) { text = String(number) }
    /// Reads a key as a plain string.
    public init(from decoder: any Decoder) throws { text = try String(from: decoder) }
    /// Writes a key as a plain string.
    public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }

    /// The number that the key is the text of.
    public var integer: Int64? { Int64(text) }
    /// The UUID that the key is the text of.
    public var uuid: UUID? { UUID(uuidString: text) }
    /// The text.
    public var description: String { text }

    /// Whether both have the same bytes.
    public static func == (first: VectorKey, second: VectorKey) -> Bool {
        first.text.utf8.elementsEqual(second.text.utf8)
    }
    /// By bytes, which is also the order of Unicode's code points.
    public static func < (first: VectorKey, second: VectorKey) -> Bool {
        first.text.utf8.lexicographicallyPrecedes(second.text.utf8)
    }
    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    func validate() throws(VectorError) {
        let length = text.utf8.count
        guard (1...Self.maximumLength).contains(length) else {
            let start = text.prefix(20)
            throw VectorError(
                .invalidArgument,
                "the key '\(start)\(start.count < text.count ? "…" : "")' has \(length) bytes, "
                    + "outside 1...\(Self.maximumLength)"
            )
        }
    }
}

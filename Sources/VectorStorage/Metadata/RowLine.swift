public import Vectors

/// A row, or a part of it, as a line of JSON: `{"key": "dune", "vector": [0.9, 0.1], "metadata": {"year": 1965}}`.
///
/// Metadata are strings, numbers, `true`, `false`, `null`, lists of strings, and dates, `{"date": …}` with the seconds since
/// 1970 or with text such as `"2026-11-28T12:30:00Z"`. A number without a point and an exponent is an integer, which has
/// 64 signed bits and keeps all of them; any other is a double. What is written can be read again, and is the same then.
public struct RowLine: Sendable, Hashable, Encodable {
    /// What the vector is stored under.
    public var key: VectorKey?
    /// The vector.
    public var vector: [Float]?
    /// What is known about it.
    public var metadata: VectorMetadata?
    /// How near it is, where it is an answer; read, so that answers can be, and not stored.
    public var score: Float?

    /// All of a row.
    public init(_ row: StoredVector) {
        key = row.key
        vector = row.vector
        metadata = row.metadata
    }

    /// An answer: key, metadata and score.
    public init(_ match: VectorMatch) {
        key = match.key
        metadata = match.metadata
        score = match.score
    }

    /// An answer by vectors and words: key, metadata and the score of both.
    public init(_ match: HybridMatch) {
        key = match.key
        metadata = match.metadata
        score = Float(match.score)
    }

    /// Reads a line, in UTF-8. Each of the four may be missing or `null`; anything else in the object is refused, a
    /// misspelt name too.
    ///
    /// - Throws: `VectorError` with code `invalidFormat`, whose message begins with the column.
    public init(parsing text: some Sequence<UInt8>) throws(VectorError) {
        var reader = JSONReader(Array(text))
        var line = RowLine()
        try reader.object { reader, name, place throws(VectorError) in
            guard Self.names.contains(name) else {
                throw reader.failure("'\(name)' is none of \(Self.names.joined(separator: ", "))", at: place)
            }
            if reader.takesNull() { return }
            switch name {
            case "key": line.key = VectorKey(try reader.string())
            case "vector":
                var vector: [Float] = []
                try reader.list { reader throws(VectorError) in vector.append(try reader.float()) }
                line.vector = vector
            case "metadata": line.metadata = try reader.metadata()
            default: line.score = try reader.float()
            }
        }
        try reader.expectEnd()
        self = line
    }

    private init() {}

    private static let names = ["key", "vector", "metadata", "score"]

    /// The line, without its end: what is there, in the order of the names.
    public var text: String {
        var members: [String] = []
        if let key { members.append("\"key\":" + StringLiteral.quoted(key.text)) }
        if let metadata {
            members.append("\"metadata\":" + metadata.json)
        }
        if let score { members.append("\"score\":" + Self.short(score)) }
        if let vector { members.append("\"vector\":[" + vector.map(Self.short).joined(separator: ",") + "]") }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// A float, whole ones without a point: nobody takes a vector's number for an integer.
    private static func short(_ number: Float) -> String {
        let text = "\(number)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}

extension Dictionary<String, MetadataValue> {
    /// Reads metadata as ``RowLine`` has them: `{"year": 1965, "tags": ["sand", "spice"]}`, in UTF-8.
    ///
    /// - Throws: `VectorError` with code `invalidFormat`, whose message begins with the column.
    public init(parsing text: some Sequence<UInt8>) throws(VectorError) {
        var reader = JSONReader(Array(text))
        self = try reader.metadata()
        try reader.expectEnd()
    }

    /// The metadata as ``RowLine`` writes them.
    package var json: String {
        let fields = sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { StringLiteral.quoted($0.key) + ":" + $0.value.json }
        return "{" + fields.joined(separator: ",") + "}"
    }
}

extension MetadataValue {
    /// The value as JSON; a double always with a point or an exponent, so that it is read as one.
    fileprivate var json: String {
        switch self {
        case .string(let value): StringLiteral.quoted(value)
        case .integer(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .date(let value): "{\"date\":\(DateLiteral.secondsSince1970(of: value))}"
        case .null: "null"
        case .strings(let values): "[" + values.map(StringLiteral.quoted).joined(separator: ",") + "]"
        }
    }
}

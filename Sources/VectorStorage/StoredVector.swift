public import Vectors

public import struct Foundation.UUID

/// What a vector is stored under: text of 1 to 4,096 bytes of UTF-8, as long as a word of word vectors may be.
///
/// Keys are told apart by their bytes: `é` as one character and `e` with an accent are two keys, where Swift takes them for
/// equal strings. Word vectors and other stores have both. Whole numbers and UUIDs are keys by their usual text: `42`, `"42"` and `VectorKey(42)` are the same key.
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

    func validate() throws(StorageError) {
        let length = text.utf8.count
        guard (1...Self.maximumLength).contains(length) else {
            let start = text.prefix(20)
            throw StorageError(
                .invalidArgument,
                "the key '\(start)\(start.count < text.count ? "…" : "")' has \(length) bytes, "
                    + "outside 1...\(Self.maximumLength)"
            )
        }
    }
}

/// A vector under its key, with what is known about it.
public struct StoredVector: Sendable, Hashable {
    /// What the vector is stored under.
    public var key: VectorKey
    /// As many numbers as the collection's dimension.
    public var vector: [Float]
    /// What is known about it.
    public var metadata: Metadata

    /// Puts a key, a vector and metadata together.
    public init(key: VectorKey, vector: [Float], metadata: Metadata = [:]) {
        self.key = key
        self.vector = vector
        self.metadata = metadata
    }
}

/// One answer of a search.
public struct Match: Sendable, Hashable {
    /// What the vector is stored under.
    public var key: VectorKey
    /// How near it is, in the unit of the collection's metric: a squared distance, an inner product or a cosine. Always
    /// computed from the stored vector, whatever index found it.
    public var score: Float
    /// What is known about it.
    public var metadata: Metadata

    /// Puts an answer together.
    public init(key: VectorKey, score: Float, metadata: Metadata) {
        self.key = key
        self.score = score
        self.metadata = metadata
    }
}

/// The answers to a query, nearest first, and how they were found.
public struct SearchResult: Sendable {
    /// Nearest first; equally near ones in the order of their writing.
    public var matches: [Match]
    /// How they were found.
    public var diagnostics: SearchDiagnostics
}

/// How a search was done.
public struct SearchDiagnostics: Sendable, Hashable {
    /// Who looked at the vectors.
    public enum Strategy: String, Sendable, Hashable, Codable {
        /// Every vector that passes the condition was looked at: the answer is exact.
        case exact
        /// The index proposed candidates; rows newer than the index were all looked at.
        case index
    }

    /// Who looked at the vectors.
    public var strategy: Strategy
    /// How many vectors pass the condition, all of them where there is none.
    public var matching: Int
    /// How many vectors' scores were computed one by one.
    public var scored: Int
    /// The sequence number of the state that was searched: all that was written up to it, and nothing later.
    public var sequence: Int64
}

/// How one search is done.
public struct QueryOptions: Sendable {
    /// Look at every vector that passes the condition, whatever it costs.
    public var exact: Bool
    /// Inverted lists to visit, where the index has any; by default 1.5 times the square root of their number, which on
    /// descriptors of images finds 96 of 100 neighbours, and more under a condition that few vectors pass.
    public var probes: Int?
    /// Candidates that an HNSW index keeps, at least; by default 64, and more under a condition.
    public var ef: Int?
    /// How many candidates the index proposes, from k up, of which the k best by their stored vectors are answered. By
    /// default 2 k + 16, times the ratio of the index's rows to those of them that are still there, 16 at most. More
    /// candidates raise the recall of an index that compresses.
    public var candidates: Int?
    /// Threads for a batch of queries.
    public var threads: ThreadLimit

    /// Makes options.
    public init(
        exact: Bool = false,
        probes: Int? = nil,
        ef: Int? = nil,
        candidates: Int? = nil,
        threads: ThreadLimit = .automatic
    ) {
        self.exact = exact
        self.probes = probes
        self.ef = ef
        self.candidates = candidates
        self.threads = threads
    }

    func validate(k: Int) throws(StorageError) {
        guard k >= 1 else { throw StorageError(.invalidArgument, "k \(k) is less than 1") }
        if let probes, probes < 1 { throw StorageError(.invalidArgument, "probes \(probes) is less than 1") }
        if let ef, ef < 1 { throw StorageError(.invalidArgument, "ef \(ef) is less than 1") }
        if let candidates, candidates < 1 {
            throw StorageError(.invalidArgument, "candidates \(candidates) is less than 1")
        }
    }
}

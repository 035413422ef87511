public import Vectors

public import struct Foundation.URL

extension WordVectors {
    /// Reads word vectors from a file; its extension names the format.
    ///
    /// | extension | content |
    /// |---|---|
    /// | `.bin` | word2vec's binary format |
    /// | `.vec`, `.txt` | text: word2vec's and fastText's format, or GloVe's, which lacks the first line |
    ///
    /// Each of them may be compressed by gzip, which is known by its first two bytes; `.gz` at the end of the name is
    /// ignored (`words.vec.gz`).
    ///
    /// Text may start with a UTF-8 byte-order mark and end its lines by CR LF; UTF-16 and NUL bytes are refused. Words that
    /// are no valid UTF-8, as word2vec's C program cuts them, are repaired with U+FFFD. Vectors are checked: a file with a
    /// row that is not a word and its numbers, a number that is NaN or infinite, an empty word or one word twice is
    /// refused, as is one with too few or too many bytes. The message says which line or row it is.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - limit: read only so many words from the start, the most frequent, and no further; gensim's `limit`. nil
    ///     stands for all.
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge`, or `invalidArgument` for any
    ///   other extension or a `limit` below 1.
    public init(contentsOf url: URL, limit: Int? = nil) throws(VectorError) {
        self = try Self.read(url, limit: limit, isLenient: false).finish()
    }

    /// Reads word vectors as `init(contentsOf:limit:)` does, but leaves rows out that can't be used, and says which
    /// and why, where that one refuses the file.
    ///
    /// Of a line of text the last ``dimension`` fields are the numbers and all before them is the word, as GloVe's files
    /// of 840 billion words have `. . .` among them. The first of equal words is kept, as in gensim. A file may have
    /// fewer rows than it declares, or more. What can't be read at all is refused here, too.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - limit: keep only so many words from the start, and read no further. nil stands for all.
    ///   - omitted: becomes what was left out.
    public init(contentsOf url: URL, limit: Int? = nil, omitted: inout OmittedRows) throws(VectorError) {
        let builder = try Self.read(url, limit: limit, isLenient: true)
        self = try builder.finish()
        omitted = builder.omitted ?? OmittedRows()
    }

    /// As `init(contentsOf:limit:)`, off the cooperative pool.
    public init(contentsOf url: URL, limit: Int? = nil) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in try WordVectors(contentsOf: url, limit: limit) }
    }

    /// As `init(contentsOf:limit:omitted:)`, off the cooperative pool.
    public init(contentsOf url: URL, limit: Int? = nil, omitted: inout OmittedRows) async throws(VectorError) {
        (self, omitted) = try await runBlocking { _ throws(VectorError) in
            var omitted = OmittedRows()
            return (try WordVectors(contentsOf: url, limit: limit, omitted: &omitted), omitted)
        }
    }

    private static func read(
        _ url: URL,
        limit: Int?,
        isLenient: Bool
    ) throws(VectorError) -> WordVectorsBuilder {
        if let limit, limit < 1 {
            throw VectorError(.invalidArgument, "limit \(limit) is less than 1")
        }
        let format = try Self.format(of: url, compressed: true)
        let file = try ByteStream(url)
        switch format {
        case .binary: return try BinaryFormat.read(file, limit: limit ?? .max, isLenient: isLenient)
        case .text: return try TextFormat.read(file, limit: limit ?? .max, isLenient: isLenient)
        }
    }

    /// What the first line of a file says of it; nil where it says nothing, as in GloVe's files. Reads little more.
    package static func header(of url: URL) throws(VectorError) -> (count: Int, dimension: Int)? {
        let format = try Self.format(of: url, compressed: true)
        let file = try ByteStream(url)
        switch format {
        case .text:
            var lines = TextLines(file, blockSize: 1 << 12)
            return try lines.next { line throws(VectorError) in TextFormat.header(line[...].fields) } ?? nil
        case .binary:
            var start: [UInt8] = []
            _ = try file.append(64, to: &start)
            guard let end = start.firstIndex(of: 0x0A) else { return nil }
            return start[..<end].withUnsafeBufferPointer { TextFormat.header($0[...].fields) }
        }
    }

    /// Writes the word vectors in word2vec's binary (`.bin`) or text format (`.vec`, `.txt`), whole or not at all.
    ///
    /// The binary format keeps every bit; so does the text format, which writes as many digits as that takes.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, or `invalidArgument` for any other extension or a word that
    ///   holds white space or NUL, for which the formats have no room.
    public func write(to url: URL) throws(VectorError) {
        let format = try Self.format(of: url)
        for word in words where word.utf8.contains(where: { $0 == 0x20 || $0 &- 0x09 <= 0x0D - 0x09 || $0 == 0 }) {
            throw VectorError(
                .invalidArgument,
                "the word '\(word.prefix(40))' holds white space or NUL, which word2vec's formats can't express"
            )
        }
        let file = try AtomicFile(replacing: url)
        switch format {
        case .binary: try BinaryFormat.write(self, to: file)
        case .text: try TextFormat.write(self, to: file)
        }
        try file.commit()
    }

    /// As `write(to:)`, off the cooperative pool.
    public func write(to url: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try write(to: url) }
    }

    private enum Format {
        case binary
        case text
    }

    /// - Parameter compressed: whether `.gz` may follow.
    private static func format(of url: URL, compressed: Bool = false) throws(VectorError) -> Format {
        let isCompressed = compressed && url.pathExtension.lowercased() == "gz"
        switch (isCompressed ? url.deletingPathExtension() : url).pathExtension.lowercased() {
        case "bin": return .binary
        case "vec", "txt": return .text
        default:
            throw VectorError(
                .invalidArgument,
                "'\(url.lastPathComponent)' has none of the extensions .bin, .vec, .txt"
            )
        }
    }
}

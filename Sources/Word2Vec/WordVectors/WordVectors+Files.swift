import Vectors

public import struct Foundation.URL

extension WordVectors {
    /// Reads word vectors from a file, told by its extension.
    ///
    /// | extension | content |
    /// |---|---|
    /// | `.bin` | word2vec's binary format |
    /// | `.vec`, `.txt` | text: word2vec's and fastText's format, or GloVe's, which lacks the first line |
    ///
    /// Each of them may be compressed by gzip, which its first two bytes tell; `.gz` at the end of the name is passed
    /// over (`words.vec.gz`).
    ///
    /// Words that are no valid UTF-8, as word2vec's C program cuts them, are repaired with U+FFFD. Vectors are checked:
    /// a file with a number that is NaN or infinite, with an empty word or one word twice is refused, as is one with
    /// too few or too many bytes.
    ///
    /// - Throws: ``Word2VecError`` with code `inputOutput`, `invalidFormat`, `tooLarge`, or `invalidArgument` for any
    ///   other extension.
    public init(contentsOf url: URL) throws(Word2VecError) {
        let format = try Self.format(of: url, compressed: true)
        let file = try ByteStream(url)
        switch format {
        case .binary: self = try BinaryFormat.read(file)
        case .text: self = try TextFormat.read(file)
        }
    }

    /// Writes the word vectors in word2vec's binary (`.bin`) or text format (`.vec`, `.txt`), whole or not at all.
    ///
    /// The binary format keeps every bit; so does the text format, which writes as many digits as that takes.
    ///
    /// - Throws: ``Word2VecError`` with code `inputOutput`, or `invalidArgument` for any other extension or a word that
    ///   holds white space, for which the formats have no room.
    public func write(to url: URL) throws(Word2VecError) {
        let format = try Self.format(of: url)
        for word in words where word.utf8.contains(where: { $0 == 0x20 || $0 &- 0x09 <= 0x0D - 0x09 }) {
            throw Word2VecError(
                .invalidArgument,
                "the word '\(word.prefix(40))' holds white space, which word2vec's formats can't express"
            )
        }
        try converting { () throws(VectorError) in
            let file = try AtomicFile(replacing: url)
            switch format {
            case .binary: try BinaryFormat.write(self, to: file)
            case .text: try TextFormat.write(self, to: file)
            }
            try file.commit()
        }
    }

    private enum Format {
        case binary
        case text
    }

    /// - Parameter compressed: whether `.gz` may follow.
    private static func format(of url: URL, compressed: Bool = false) throws(Word2VecError) -> Format {
        let isCompressed = compressed && url.pathExtension.lowercased() == "gz"
        switch (isCompressed ? url.deletingPathExtension() : url).pathExtension.lowercased() {
        case "bin": return .binary
        case "vec", "txt": return .text
        default:
            throw Word2VecError(
                .invalidArgument,
                "'\(url.lastPathComponent)' has none of the extensions .bin, .vec, .txt"
            )
        }
    }
}

package import Vectors

public import struct Foundation.URL

/// The text to train on: files of any size, or sentences in memory.
///
/// A file is read in blocks, again in every epoch, and never held as a whole. Words are what white space (ASCII space,
/// tab, line feed, vertical tab, form feed, carriage return) separates. A sentence ends with its line, and after
/// 10,000 words, so that a corpus in one endless line works too. Nothing else is done to the text: lower-casing and
/// splitting off punctuation are the caller's part.
///
/// Bytes that are no valid UTF-8 are replaced by U+FFFD "�", as `String(decoding:as:)` does. Words of more than
/// ``maximumWordLength`` bytes are no words: they take a place in their sentence, but never enter a vocabulary.
public struct Corpus: Sendable {
    /// The bytes of the longest word.
    public static let maximumWordLength = 4096
    /// The words after which a sentence ends even without a line's end.
    public static let maximumSentenceLength = 10_000

    private let source: Source
    private let blockSize: Int

    private enum Source {
        case files([URL])
        case sentences([[String]])
    }

    /// The text of a file.
    ///
    /// - Throws: ``Word2VecError/Code/inputOutput`` if it can't be opened or is not a regular file.
    public init(contentsOf url: URL) throws(Word2VecError) {
        try self.init(contentsOf: [url])
    }

    /// The texts of several files, one after the other; a file's end ends a sentence.
    ///
    /// - Throws: ``Word2VecError/Code/inputOutput`` if one can't be opened or is not a regular file,
    ///   ``Word2VecError/Code/invalidArgument`` if there is none.
    public init(contentsOf urls: [URL]) throws(Word2VecError) {
        try self.init(contentsOf: urls, blockSize: 1 << 18)
    }

    /// As above, with the number of bytes that are read at once.
    package init(contentsOf urls: [URL], blockSize: Int) throws(Word2VecError) {
        guard !urls.isEmpty else { throw Word2VecError(.invalidArgument, "no corpus file is given") }
        // Opened here only to refuse early what can't be read; thousands of files can't all stay open.
        for url in urls { _ = try converting { () throws(VectorError) in try InputFile(url) } }
        source = .files(urls)
        self.blockSize = blockSize
    }

    /// Sentences that have already been split into words, which are taken as they are, even with white space inside.
    /// Empty words are skipped.
    public init(sentences: [[String]]) {
        source = .sentences(sentences)
        blockSize = 0
    }

    /// How a message calls the corpus.
    var name: String {
        switch source {
        case .files(let urls):
            "'\(urls[0].path(percentEncoded: false))'" + (urls.count > 1 ? " and \(urls.count - 1) more" : "")
        case .sentences(let sentences): "the corpus of \(sentences.count) sentences"
        }
    }

    // MARK: Reading

    /// A stretch of whole sentences: of bytes of a file, or of sentences in memory.
    package struct Passage: Sendable, Hashable {
        /// Which file, 0 for sentences in memory.
        var part: Int
        /// From where to where; nil stands for the end of the part.
        var start: Int
        var end: Int?
    }

    /// Passages that together are the whole corpus, one a file.
    package var parts: [Passage] {
        switch source {
        case .files(let urls): urls.indices.map { Passage(part: $0, start: 0) }
        case .sentences: [Passage(part: 0, start: 0)]
        }
    }

    /// Reads a passage: calls `word` with each word's bytes and `sentenceEnd` after each sentence that has words, with
    /// the place where the next passage may start, or nil within a sentence in memory that was cut for its length.
    ///
    /// Reading a passage that ends where `sentenceEnd` said gives the same words and sentences again. Throws if the work
    /// is cancelled meanwhile.
    @inline(__always)
    package func read(
        _ passage: Passage,
        _ cancellation: Cancellation,
        word: (UnsafeBufferPointer<UInt8>) throws(Word2VecError) -> Void,
        sentenceEnd: (_ next: Int?) throws(Word2VecError) -> Void
    ) throws(Word2VecError) {
        switch source {
        case .files(let urls):
            let file = try converting { () throws(VectorError) in try InputFile(urls[passage.part]) }
            let tokenizer = Tokenizer(file: file, blockSize: blockSize, cancellation: cancellation)
            try tokenizer.read(passage.start..<max(passage.start, passage.end ?? file.size), word, sentenceEnd)
        case .sentences(let sentences):
            for index in passage.start..<(passage.end ?? sentences.count) {
                if cancellation.isCancelled { throw Word2VecError(.cancelled, "reading \(name) was cancelled") }
                var words = 0
                for token in sentences[index] where !token.isEmpty {
                    if words == Self.maximumSentenceLength {
                        try sentenceEnd(nil)
                        words = 0
                    }
                    words += 1
                    if token.utf8.count <= Self.maximumWordLength {
                        try withUTF8(of: token, word)
                    }
                }
                if words > 0 { try sentenceEnd(index + 1) }
            }
        }
    }
}

/// `String.withUTF8` with a typed error.
private func withUTF8(
    of text: String,
    _ body: (UnsafeBufferPointer<UInt8>) throws(Word2VecError) -> Void
) throws(Word2VecError) {
    var text = text
    try text.withUTF8 { bytes in Result { () throws(Word2VecError) in try body(bytes) } }.get()
}

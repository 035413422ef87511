import Synchronization
public import Vectors

public import struct Foundation.URL

/// The text to train on: files of any size, plain or gzip, or sentences of your own.
///
/// Words are what white space (ASCII space, tab, line feed, vertical tab, form feed, carriage return) separates. A
/// sentence ends with its line, and after 10,000 words, so that a corpus in one endless line works too. Nothing else is
/// done to the text: lower-casing and splitting off punctuation are the caller's part.
///
/// Text is UTF-8, with a byte-order mark at a file's start or not; UTF-16, UTF-32 and NUL bytes are refused. Other bytes
/// that are no valid UTF-8 are replaced by U+FFFD "�", as `String(decoding:as:)` does. Words of more than
/// ``maximumWordLength`` bytes are no words; they are ignored.
///
/// A training reads its corpus exactly once: each word becomes a number, 4 bytes, that is kept in memory or in a
/// temporary file, as ``Word2VecConfiguration/corpusMemory`` says. Files are read in blocks of 1 MiB, by as many threads
/// as the training may use; what they find doesn't depend on the number of threads. For that, a line that
/// reaches more than 64 KiB beyond the block in which it starts is cut at the first white space there, which ends the
/// sentence.
///
/// A file is never mapped into memory: one that is cut short meanwhile gives an error, where a mapping would end the
/// process.
public struct Corpus: Sendable {
    /// The bytes of the longest word.
    public static let maximumWordLength = 4096
    /// The words after which a sentence ends even without a line's end.
    public static let maximumSentenceLength = 10_000

    let source: Source

    enum Source {
        case files([URL], TextLayout)
        case sentences(SentenceSequence)
        case counted(CountedCorpus)
    }

    /// The text of a file, which may be compressed by gzip.
    ///
    /// - Throws: `inputOutput` if it can't be opened or is not a regular file. What is in it shows
    ///   when it is read: `invalidFormat` if that is no UTF-8 text.
    public init(contentsOf url: URL) throws(VectorError) {
        try self.init(contentsOf: [url])
    }

    /// The texts of several files, one after the other; a file's end ends a sentence.
    ///
    /// A file that begins with gzip's two bytes, 1F 8B, is decompressed, whatever its name. One thread reads it from
    /// start to end, others other files meanwhile.
    ///
    /// - Throws: `inputOutput` if one can't be opened or is not a regular file,
    ///   `invalidArgument` if there is none.
    public init(contentsOf urls: [URL]) throws(VectorError) {
        try self.init(contentsOf: urls, layout: .standard)
    }

    /// As above, with the places where files are cut.
    package init(contentsOf urls: [URL], layout: TextLayout) throws(VectorError) {
        guard !urls.isEmpty else { throw VectorError(.invalidArgument, "no corpus file is given") }
        // Opened here only to refuse early what can't be read; thousands of files can't all stay open.
        for url in urls { _ = try InputFile(url) }
        source = .files(urls, layout)
    }

    /// Sentences that have already been split into words, which are taken as they are, even with white space inside.
    /// Empty words are skipped.
    ///
    /// Any sequence will do, a lazy one too: a training goes through it once, on one thread, and keeps only numbers. A
    /// sequence that can be gone through only once can be trained on once, for as many epochs as you like.
    public init<Sentences: Sequence>(sentences: sending Sentences)
    where Sentences.Element: Sequence, Sentences.Element.Element: StringProtocol {
        source = .sentences(SentenceSequence(sentences))
    }

    /// Sentences that come one after the other, such as lines from the network, already split into words.
    ///
    /// They are counted and numbered as they come, so that this takes 4 bytes a word, in memory or in a temporary file,
    /// and the corpus can be trained on again and again. Words are taken as they are; empty ones are skipped.
    ///
    /// - Parameters:
    ///   - sentences: the sentences.
    ///   - memory: as ``Word2VecConfiguration/corpusMemory``, which doesn't matter to this corpus any more.
    /// - Throws: what the sequence throws, as it is; `VectorError` with code `invalidArgument`, `inputOutput`,
    ///   `tooLarge`, or `cancelled` if the task was.
    public init<Sentences: AsyncSequence>(collecting sentences: Sentences, memory: Int? = nil) async throws
    where Sentences.Element: Sequence, Sentences.Element.Element: StringProtocol {
        let budget = try CorpusMemory(memory, threads: 1)
        let cancellation = Cancellation()
        let spool = Spool(memory: budget.numbers)
        let counter = WordCounter(memory: budget.words, cancellation: cancellation)
        var writer = PassageWriter(counter: counter, part: 0, spool: spool)
        for try await sentence in sentences { try writer.add(sentence: sentence, cancellation) }
        try cancellation.check("reading the sentences")
        try writer.endBlock()
        source = .counted(
            try CountedCorpus(name: "the collected sentences", [writer], spool: spool, cancellation: cancellation)
        )
    }

    /// Sentences that have been counted and numbered.
    init(_ counted: CountedCorpus) { source = .counted(counted) }

    /// How a message calls the corpus.
    var name: String {
        switch source {
        case .files(let urls, _):
            "'\(urls[0].path(percentEncoded: false))'" + (urls.count > 1 ? " and \(urls.count - 1) more" : "")
        case .sentences: "the corpus of sentences"
        case .counted(let counted): counted.name
        }
    }
}

/// What a corpus may take of memory.
package struct CorpusMemory: Sendable {
    /// The bytes for the numbers of the text's words; what is beyond goes to a file.
    package let numbers: Int
    /// The bytes for the distinct words that each reading thread counts; beyond that, rare ones are dropped.
    package let words: Int

    /// Half of the bytes for either, but enough in any case to count some 95,000 distinct words.
    ///
    /// - Parameters:
    ///   - bytes: nil stands for an eighth of the memory that the process may use; more than all of it means all.
    ///   - threads: how many threads read.
    package init(_ bytes: Int?, threads: Int) throws(VectorError) {
        let bytes = min(bytes ?? usableMemory / 8, usableMemory)
        guard bytes >= 0 else { throw VectorError(.invalidArgument, "memory \(bytes) is below 0") }
        numbers = bytes / 2
        words = max(bytes / 2 / threads, 8 << 20)
    }
}

/// Sentences of any kind, which one reading at a time goes through.
final class SentenceSequence: Sendable {
    private let sentences: Mutex<any WritableSentences>

    init<Sentences: Sequence>(_ sentences: sending Sentences)
    where Sentences.Element: Sequence, Sentences.Element.Element: StringProtocol {
        self.sentences = Mutex(SentencesOfWords(sentences: sentences))
    }

    /// Hands all sentences to a writer.
    func read(into writer: inout PassageWriter, _ cancellation: Cancellation) throws(VectorError) {
        try sentences.withLock { sentences throws(VectorError) in try sentences.write(to: &writer, cancellation) }
        try writer.endBlock()
    }
}

/// A sequence of sentences whose type doesn't matter any more.
private protocol WritableSentences {
    func write(to writer: inout PassageWriter, _ cancellation: Cancellation) throws(VectorError)
}

private struct SentencesOfWords<Sentences: Sequence>: WritableSentences
where Sentences.Element: Sequence, Sentences.Element.Element: StringProtocol {
    let sentences: Sentences

    func write(to writer: inout PassageWriter, _ cancellation: Cancellation) throws(VectorError) {
        for sentence in sentences { try writer.add(sentence: sentence, cancellation) }
    }
}

extension PassageWriter {
    /// Adds a sentence that has been split into words.
    mutating func add(
        sentence: some Sequence<some StringProtocol>,
        _ cancellation: Cancellation
    ) throws(VectorError) {
        try cancellation.check("reading the sentences")
        for word in sentence where !word.isEmpty && word.utf8.count <= Corpus.maximumWordLength {
            var text = String(word)
            try text.withUTF8 { bytes in Result { () throws(VectorError) in try add(bytes) } }.get()
        }
        try endSentence()
    }
}

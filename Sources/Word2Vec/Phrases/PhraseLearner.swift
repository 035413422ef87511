public import Vectors

/// Learns which words of a corpus belong together, so that "new york" becomes one word, "new_york" (Mikolov et al.
/// 2013, arXiv:1310.4546, section 4; gensim's `Phrases`).
///
/// The defaults are gensim's, and so is what is learned from the same sentences. `learn(from:)` counts and gives
/// ``Phrases``, which join; joined text can be learned from again, for longer phrases.
///
/// ```swift
/// let corpus = try Corpus(contentsOf: text)
/// let bigrams = try PhraseLearner().learn(from: corpus).join(corpus)
/// let trigrams = try PhraseLearner().learn(from: bigrams).join(bigrams)
/// let model = try Word2VecTrainer().train(on: trigrams)
/// ```
public struct PhraseLearner: Sendable, Hashable {
    /// How strongly two words attract each other. a, b and ab are the counts of the words and of the pair.
    public enum Scoring: String, Sendable, Hashable, Codable, CaseIterable {
        /// (ab − minimumCount) / (a · b) · the number of distinct words and pairs; 0 and less is no attraction.
        /// (word2phrase's; gensim's "default".)
        case ratio = "default"
        /// Normalised pointwise mutual information, ln(p(ab) / (p(a) · p(b))) / −ln p(ab), from −1 to 1; surer where
        /// frequent words are concerned. (Bouma 2009, "Normalized (pointwise) mutual information in collocation
        /// extraction"; gensim's "npmi".)
        case npmi
    }

    /// Pairs with fewer occurrences are never a phrase; at least 1. Default: 5.
    public var minimumCount = 5
    /// The score that a phrase must exceed: above 0 for ``Scoring/ratio``, from −1 to 1 for ``Scoring/npmi``. Higher
    /// means fewer phrases. Default: 10.
    public var threshold = 10.0
    /// How pairs are scored. Default: ``Scoring/ratio``.
    public var scoring = Scoring.ratio
    /// What stands between the words of a phrase, from 1 to 64 bytes. Default: "_".
    public var delimiter = "_"
    /// Words that don't count, such as ``englishConnectorWords``: a phrase neither starts nor ends with one, but may
    /// hold any number of them inside, as "bank_of_america". Default: none.
    public var connectorWords: Set<String> = []
    /// The distinct words and pairs that are counted at once, at least 1. Default: 40,000,000, about 4 GB.
    ///
    /// When there are more at a sentence's end, the rarest are dropped; the count below which that happens rises by 1
    /// each time, from 1. One that comes again starts from 0.
    public var maximumVocabulary = 40_000_000
    /// How many threads read files. Counting pairs takes one. Default: one a processor.
    public var threads = ThreadLimit.automatic
    /// The bytes of memory that the corpus may take; see ``Word2VecConfiguration/corpusMemory``.
    public var corpusMemory: Int?

    /// The defaults.
    public init() {}

    /// English articles, prepositions and conjunctions, gensim's `ENGLISH_CONNECTOR_WORDS`.
    public static let englishConnectorWords: Set<String> = [
        "a", "an", "the", "for", "of", "with", "without", "at", "from", "to", "in", "on", "by", "and", "or",
    ]

    /// Counts the words and pairs of a corpus, reading it once.
    ///
    /// Blocks the calling thread. Ends early if the calling task is cancelled. Takes some 100 bytes for each distinct
    /// word and pair, and 4 bytes for each word of the text, the latter up to ``corpusMemory`` in memory.
    ///
    /// - Parameters:
    ///   - corpus: the text. Words that were dropped for lack of memory are in no pair.
    ///   - progress: called on the calling thread, about ten times a second and at the end, with the part of the pairs
    ///     that is counted, from 0 to 1; reading comes before.
    /// - Throws: `VectorError` with code `invalidArgument` for a setting outside its range, `corpusTooSmall` if the
    ///   corpus holds no words, `inputOutput`, `invalidFormat`, `tooLarge` or `cancelled`.
    public func learn(
        from corpus: Corpus,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> Phrases {
        let cancellation = Cancellation.current
        try check()
        let counted = try CountedCorpus(
            sentencesOf: corpus,
            memory: corpusMemory,
            threads: threads,
            share: 1,
            cancellation: cancellation
        )
        guard counted.table.count > 0 else {
            throw VectorError(.corpusTooSmall, "\(counted.name) holds no words")
        }
        var counter = PairCounter(counted, self)
        var pace = Pace()
        try counted.forEachSentence(cancellation) { sentence, fraction throws(VectorError) in
            try counter.add(sentence)
            if pace.isDue() { progress?(fraction) }
        }
        let phrases = counter.finish()
        progress?(1)
        return phrases
    }

    /// As `learn(from:progress:)`, off the cooperative pool; stops when the task is cancelled. Progress is reported on a
    /// thread of the work.
    public func learn(
        from corpus: Corpus,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> Phrases {
        try await runBlocking { _ throws(VectorError) in try learn(from: corpus, progress: progress) }
    }

    /// The connector words, to be found by their bytes.
    var connectors: WordTable {
        var table = WordTable()
        for word in connectorWords { _ = table.insert(word) }
        return table
    }

    /// Refuses what lies outside the ranges stated above.
    package func check() throws(VectorError) {
        guard minimumCount >= 1 else {
            throw VectorError(.invalidArgument, "minimumCount \(minimumCount) is below 1")
        }
        guard maximumVocabulary >= 1 else {
            throw VectorError(.invalidArgument, "maximumVocabulary \(maximumVocabulary) is below 1")
        }
        guard (1...64).contains(delimiter.utf8.count) else {
            throw VectorError(
                .invalidArgument,
                "the delimiter has \(delimiter.utf8.count) bytes, outside 1...64"
            )
        }
        switch scoring {
        case .ratio:
            guard threshold > 0, threshold.isFinite else {
                throw VectorError(.invalidArgument, "threshold \(threshold) is not above 0")
            }
        case .npmi:
            guard (-1...1).contains(threshold) else {
                throw VectorError(.invalidArgument, "threshold \(threshold) is outside -1...1, the range of npmi")
            }
        }
    }
}

/// When to report progress: at most ten times a second.
struct Pace {
    private var last = ContinuousClock.now
    private var untilLook = 0

    mutating func isDue() -> Bool {
        // A sentence may take less time than reading the clock.
        untilLook -= 1
        guard untilLook < 0 else { return false }
        untilLook = 255
        let now = ContinuousClock.now
        guard now - last > .milliseconds(100) else { return false }
        last = now
        return true
    }
}

extension CountedCorpus {
    /// Reads a corpus for its sentences.
    ///
    /// - Parameters:
    ///   - memory: as ``Word2VecConfiguration/corpusMemory``.
    ///   - share: by how much to divide what the text may take of it.
    init(
        sentencesOf corpus: Corpus,
        memory: Int?,
        threads: ThreadLimit,
        share: Int,
        cancellation: Cancellation
    ) throws(VectorError) {
        let readers = min(threads.count, ThreadLimit.automatic.count)
        let budget = try CorpusMemory(memory, threads: readers)
        try self.init(
            corpus,
            threads: readers,
            wordMemory: budget.words,
            spool: Spool(memory: budget.numbers / share),
            cancellation: cancellation
        )
    }
}

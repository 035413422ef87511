package import Vectors

/// The words of a corpus and how often each occurs, the most frequent first.
///
/// Words with equal counts stand in the order of their UTF-8 bytes, whatever the order in the corpus. (gensim keeps
/// the corpus's order there.)
public struct Vocabulary: Sendable {
    /// The words by falling count.
    public let words: [String]
    /// How often each word occurs, in the order of ``words``.
    public let counts: [Int]
    /// The occurrences of all words of the vocabulary.
    public let total: Int
    /// The occurrences of all words of the corpus, those included that were too rare to enter.
    public let corpusTotal: Int

    /// The words again, to be found by their bytes.
    package let table: WordTable

    /// The number of words.
    public var count: Int { words.count }

    /// Counts the words of a corpus, reading it once.
    ///
    /// - Parameters:
    ///   - corpus: the text.
    ///   - minimumCount: words with fewer occurrences are left out.
    ///   - maximumSize: the most words kept, the most frequent ones; nil keeps all.
    /// - Throws: ``Word2VecError`` with code `corpusTooSmall` if no word is left, `inputOutput`, `invalidFormat`,
    ///   `tooLarge`, or `cancelled` if the task was.
    public init(of corpus: Corpus, minimumCount: Int = 5, maximumSize: Int? = nil) throws(Word2VecError) {
        let counted = try CountedCorpus(corpus, cancellation: Cancellation())
        try self.init(counted, minimumCount: minimumCount, maximumSize: maximumSize)
    }

    /// Chooses and sorts the words of a corpus that has been counted.
    package init(_ counted: CountedCorpus, minimumCount: Int, maximumSize: Int?) throws(Word2VecError) {
        let all = counted.counts
        var kept = all.indices.filter { all[$0] >= minimumCount }
        kept.sort { all[$0] != all[$1] ? all[$0] > all[$1] : counted.table.precedes($0, $1) }
        if let maximumSize, kept.count > maximumSize { kept.removeSubrange(max(0, maximumSize)...) }

        guard !kept.isEmpty else {
            guard let highest = all.max() else {
                throw Word2VecError(.corpusTooSmall, "\(counted.corpus.name) holds no words")
            }
            if let maximumSize, maximumSize < 1 {
                throw Word2VecError(.invalidArgument, "maximumSize \(maximumSize) is below 1")
            }
            // The alphabetically first of the most frequent words, so that the message is the same in every run.
            let mostFrequent = all.indices.filter { all[$0] == highest }.min { counted.table.precedes($0, $1) }!
            throw Word2VecError(
                .corpusTooSmall,
                "none of the \(all.count) distinct words of \(counted.corpus.name) occurs \(minimumCount) times, the "
                    + "minimum count; the most frequent, '\(counted.table[mostFrequent].prefix(40))', occurs "
                    + "\(highest) times"
            )
        }
        var table = WordTable()
        words = kept.map { counted.table[$0] }
        for word in words { _ = table.insert(word) }
        counts = kept.map { all[$0] }
        total = counts.reduce(0, +)
        corpusTotal = all.reduce(0, +)
        self.table = table
    }

    /// The place of a word in ``words``, or nil. Complexity: O(1).
    public func index(of word: String) -> Int? { table.find(word) }
}

/// What one reading of a corpus finds out: each distinct word's count, and passages of convenient size.
package struct CountedCorpus: Sendable {
    package let corpus: Corpus
    package private(set) var table = WordTable()
    /// How often each word of `table` occurs.
    package private(set) var counts: [Int] = []
    /// The corpus in passages of at least ``passageLength`` words, save the last of each part.
    package private(set) var passages: [Corpus.Passage] = []

    /// Enough words that handing out a passage costs nothing, few enough that threads finish together.
    package static let passageLength = 10_000

    package init(_ corpus: Corpus, cancellation: Cancellation) throws(Word2VecError) {
        self.corpus = corpus
        for part in corpus.parts {
            var start = part.start
            var words = 0
            var untilLook = 0
            try corpus.read(part, cancellation) { bytes throws(Word2VecError) in
                words += 1
                let number = table.insertRepaired(bytes)
                if number < counts.count {
                    counts[number] += 1
                } else {
                    counts.append(1)
                }
                untilLook -= 1
                if untilLook < 0 {
                    untilLook = 1 << 14
                    try converting { () throws(VectorError) in
                        try checkMemory(bytes: table.bytesWhenGrown, for: "more than \(table.count) distinct words")
                    }
                }
            } sentenceEnd: { next in
                if let next, words >= Self.passageLength {
                    passages.append(Corpus.Passage(part: part.part, start: start, end: next))
                    start = next
                    words = 0
                }
            }
            if words > 0 { passages.append(Corpus.Passage(part: part.part, start: start, end: nil)) }
        }
    }
}

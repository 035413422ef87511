public import Vectors

/// The words of a corpus and how often each occurs, the most frequent first.
///
/// Words with equal counts stand in the order in which they first occur in the corpus, however many threads read it.
/// Hierarchical softmax learns from that: rare words that come up in the same passage get neighbouring places in its tree,
/// which in the order of the alphabet are any two (measured on 6 MB, 5 epochs: WordSim-353 30.1 for CBOW in that order,
/// 33.6 in this one; 52.2 and 53.7 for skip-gram).
public struct Vocabulary: Sendable {
    /// The words by falling count.
    public let words: [String]
    /// How often each word occurs, in the order of ``words``.
    public let counts: [Int]
    /// The occurrences of all words of the vocabulary.
    public let total: Int
    /// The occurrences of all words of the corpus, those included that were too rare to enter.
    public let corpusTotal: Int
    /// The occurrences among ``corpusTotal`` that were not counted for their words, since there was no memory for all
    /// distinct words and the rare ones were dropped; see ``Word2VecConfiguration/corpusMemory``. Almost always 0.
    public let prunedTotal: Int

    /// The words again, to be found by their bytes.
    package let table: WordTable

    /// The number of words.
    public var count: Int { words.count }

    /// Counts the words of a corpus, reading it once, files with one thread a processor.
    ///
    /// - Parameters:
    ///   - corpus: the text.
    ///   - minimumCount: words with fewer occurrences are left out.
    ///   - maximumSize: the most words kept, the most frequent ones; nil keeps all.
    /// - Throws: `VectorError` with code `corpusTooSmall` if no word is left, `inputOutput`, `invalidFormat`,
    ///   `tooLarge`, or `cancelled` if the task was.
    public init(of corpus: Corpus, minimumCount: Int = 5, maximumSize: Int? = nil) throws(VectorError) {
        let cancellation = Cancellation.current
        let threads = ThreadLimit.automatic.count
        let counted = try CountedCorpus(
            corpus,
            threads: threads,
            wordMemory: CorpusMemory(nil, threads: threads).words,
            spool: nil,
            cancellation: cancellation
        )
        try self.init(counted, minimumCount: minimumCount, maximumSize: maximumSize, cancellation: cancellation)
    }

    /// As `init(of:minimumCount:maximumSize:)`, off the cooperative pool; stops when the task is cancelled.
    public init(of corpus: Corpus, minimumCount: Int = 5, maximumSize: Int? = nil) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in
            try Vocabulary(of: corpus, minimumCount: minimumCount, maximumSize: maximumSize)
        }
    }

    /// Chooses and sorts the words of a corpus that has been counted.
    package init(
        _ counted: CountedCorpus,
        minimumCount: Int,
        maximumSize: Int?,
        cancellation: Cancellation
    ) throws(VectorError) {
        let all = counted.counts
        var kept = all.indices.filter { all[$0] >= minimumCount }
        try kept.sort(byFalling: { all[$0] }, cancellation)
        if let maximumSize, kept.count > maximumSize { kept.removeSubrange(max(0, maximumSize)...) }

        guard !kept.isEmpty else {
            guard let highest = all.max() else {
                throw VectorError(.corpusTooSmall, "\(counted.name) holds no words")
            }
            if let maximumSize, maximumSize < 1 {
                throw VectorError(.invalidArgument, "maximumSize \(maximumSize) is below 1")
            }
            throw VectorError(
                .corpusTooSmall,
                "none of the \(all.count) distinct words of \(counted.name) occurs \(minimumCount) times, the "
                    + "minimum count; the most frequent, '\(counted.table[all.firstIndex(of: highest)!].prefix(40))', occurs "
                    + "\(highest) times"
            )
        }
        var table = WordTable()
        var words: [String] = []
        for number in kept {
            if words.count.isMultiple(of: 1 << 14) { try cancellation.check(choosing) }
            words.append(counted.table[number])
            _ = table.insert(counted.table, number)
        }
        self.words = words
        self.table = table
        counts = kept.map { all[$0] }
        total = counts.reduce(0, +)
        corpusTotal = all.reduce(counted.prunedTotal, +)
        prunedTotal = counted.prunedTotal
    }

    /// Puts together words in falling order of their counts.
    package init(words: [String], counts: [Int], corpusTotal: Int, prunedTotal: Int) {
        var table = WordTable()
        for word in words { _ = table.insert(word) }
        self.words = words
        self.counts = counts
        total = counts.reduce(0, +)
        self.corpusTotal = corpusTotal
        self.prunedTotal = prunedTotal
        self.table = table
    }

    /// This vocabulary after more text: all its words, their counts added up, and the text's other words that occur at
    /// least `minimumCount` times in it, as far as `maximumSize` leaves room for them.
    /// Words with equal counts stand as they stood here, the new ones behind.
    package func grown(
        by counted: CountedCorpus,
        minimumCount: Int,
        maximumSize: Int?,
        cancellation: Cancellation
    ) throws(VectorError) -> Vocabulary {
        var all = zip(words, counts).map { (word: $0, count: $1) }
        var new: [(word: String, count: Int)] = []
        for (number, count) in counted.counts.enumerated() {
            if number.isMultiple(of: 1 << 14) { try cancellation.check(choosing) }
            let word = counted.table[number]
            if let known = index(of: word) {
                all[known].count += count
            } else if count >= minimumCount {
                new.append((word, count))
            }
        }
        try new.sort(byFalling: \.count, cancellation)
        all += new.prefix(max(0, (maximumSize ?? .max) - all.count))
        try all.sort(byFalling: \.count, cancellation)
        return Vocabulary(
            words: all.map(\.word),
            counts: all.map(\.count),
            corpusTotal: corpusTotal + counted.counts.reduce(counted.prunedTotal, +),
            prunedTotal: prunedTotal + counted.prunedTotal
        )
    }

    /// The place of a word in ``words``, or nil. Complexity: O(1).
    public func index(of word: String) -> Int? { table.find(word) }
}

private let choosing = "choosing the words of the vocabulary"

extension Array {
    /// Sorts by counts; what has equal counts keeps its order. Ends early if the work is cancelled.
    fileprivate mutating func sort(
        byFalling count: (Element) -> Int,
        _ cancellation: Cancellation
    ) throws(VectorError) {
        // The library's sort does not promise to keep the order.
        var places = enumerated().map { (place: $0, count: count($1)) }
        var untilLook = 0
        do {
            try places.sort { one, other in
                untilLook -= 1
                if untilLook < 0 {
                    untilLook = 1 << 14
                    if cancellation.isCancelled { throw CancellationError() }
                }
                return one.count != other.count ? one.count > other.count : one.place < other.place
            }
        } catch {
            try cancellation.check(choosing)
        }
        self = places.map { self[$0.place] }
    }
}

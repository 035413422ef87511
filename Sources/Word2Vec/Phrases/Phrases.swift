public import Vectors

import func Foundation.log

/// Which words of a text belong together, learned by a ``PhraseLearner``.
///
/// From the start of a sentence to its end, two neighbouring words, with connector words between them or not, become
/// one if their score is above the threshold; the search continues behind them, so that a word is in one phrase only.
/// (gensim's `Phrases` and `FrozenPhrases`.)
public struct Phrases: Sendable {
    /// What they were learned with.
    public let settings: PhraseLearner
    /// The number of distinct words and pairs that the score goes by.
    public let vocabularySize: Int
    /// The number of words of the corpus that they were learned from.
    public let corpusTotal: Int
    /// All words, and the pairs that are frequent enough for a phrase.
    let table: WordTable
    let counts: [Int]
    private let connectors: WordTable
    private let delimiter: [UInt8]

    /// A phrase that was found in a text.
    public struct Found: Sendable, Hashable {
        /// The words, joined.
        public var phrase: String
        /// Its score, above the threshold.
        public var score: Double
        /// How often it was found.
        public var count: Int
    }

    init(settings: PhraseLearner, table: WordTable, counts: [Int], vocabularySize: Int, corpusTotal: Int) {
        self.settings = settings
        self.table = table
        self.counts = counts
        self.vocabularySize = vocabularySize
        self.corpusTotal = corpusTotal
        connectors = settings.connectors
        delimiter = Array(settings.delimiter.utf8)
    }

    // MARK: Sentences

    /// The words of a sentence, those that make a phrase joined. Never fails: unknown words stay as they are.
    public func join(_ sentence: [String]) -> [String] {
        analyze(sentence).map(\.word)
    }

    /// The words of a sentence, those that make a phrase joined, with the phrase's score; nil where there is none.
    /// (gensim's `analyze_sentence`.)
    public func analyze(_ sentence: [String]) -> [(word: String, score: Double?)] {
        let words = SentenceOfStrings(words: sentence, table: table, connectors: connectors)
        var result: [(word: String, score: Double?)] = []
        var pair: [UInt8] = []
        segments(of: words, &pair) { range, score in
            result.append((sentence[range].joined(separator: settings.delimiter), score))
        }
        return result
    }

    // MARK: Corpora

    /// A corpus with its phrases joined, to be trained on or learned from again.
    ///
    /// Reads the corpus once and keeps the joined text, 4 bytes a word, in memory or in a temporary file. Blocks the
    /// calling thread; ends early if the calling task is cancelled. Rare words that were dropped
    /// for lack of memory are left out; see ``Word2VecConfiguration/corpusMemory``.
    ///
    /// - Parameters:
    ///   - corpus: the text, as a rule the one that was learned from.
    ///   - progress: called on the calling thread, about ten times a second and at the end, with the part of the text
    ///     that is joined, from 0 to 1; reading comes before.
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge` or `cancelled`.
    public func join(
        _ corpus: Corpus,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> Corpus {
        let cancellation = Cancellation.current
        // The text is kept twice: as it was read, and joined.
        let counted = try read(corpus, cancellation)
        let budget = try CorpusMemory(settings.corpusMemory, threads: 1)
        let spool = Spool(memory: budget.numbers / 2)
        let counter = WordCounter(memory: budget.words, cancellation: cancellation)
        var writer = PassageWriter(counter: counter, part: 0, spool: spool)
        var pace = Pace()
        try forEachSegment(of: counted, cancellation) { text, _, isLast, fraction throws(VectorError) in
            if !text.isEmpty {
                try text.withUnsafeBufferPointer { bytes throws(VectorError) in try writer.add(bytes) }
            }
            guard isLast else { return }
            try writer.endSentence()
            if pace.isDue() { progress?(fraction) }
        }
        try writer.endBlock()
        progress?(1)
        return Corpus(
            try CountedCorpus(name: counted.name, [writer], spool: spool, cancellation: cancellation)
        )
    }

    /// As `join(_:progress:)`, off the cooperative pool; stops when the task is cancelled. Progress is reported on a
    /// thread of the work.
    public func join(
        _ corpus: Corpus,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> Corpus {
        try await runBlocking { _ throws(VectorError) in try join(corpus, progress: progress) }
    }

    /// The phrases of a corpus, those with the highest scores first, equal ones in the order of their bytes. (gensim's
    /// `find_phrases`.)
    ///
    /// Reads the corpus once. Blocks the calling thread; ends early if the calling task is cancelled.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge` or `cancelled`.
    public func found(in corpus: Corpus) throws(VectorError) -> [Found] {
        let cancellation = Cancellation.current
        var phrases = WordTable()
        var found: [Found] = []
        try forEachSegment(of: read(corpus, cancellation), cancellation) { text, score, _, _ in
            guard let score else { return }
            let (number, isNew) = text.withUnsafeBufferPointer { phrases.insert($0) }
            if isNew { found.append(Found(phrase: phrases[number], score: score, count: 0)) }
            // As gensim does where two pairs make the same text: the last one's.
            found[number].score = score
            found[number].count += 1
        }
        return found.sorted { one, other in
            one.score != other.score
                ? one.score > other.score : one.phrase.utf8.lexicographicallyPrecedes(other.phrase.utf8)
        }
    }

    /// As `found(in:)`, off the cooperative pool; stops when the task is cancelled.
    public func found(in corpus: Corpus) async throws(VectorError) -> [Found] {
        try await runBlocking { _ throws(VectorError) in try found(in: corpus) }
    }

    private func read(_ corpus: Corpus, _ cancellation: Cancellation) throws(VectorError) -> CountedCorpus {
        try CountedCorpus(
            sentencesOf: corpus,
            memory: settings.corpusMemory,
            threads: settings.threads,
            share: 2,
            cancellation: cancellation
        )
    }

    /// Calls `body` with the bytes of each word, joined or not, none for a dropped one; its score if it is a phrase;
    /// and whether its sentence ends with it.
    private func forEachSegment(
        of counted: CountedCorpus,
        _ cancellation: Cancellation,
        _ body: (_ text: [UInt8], _ score: Double?, _ isLast: Bool, _ fraction: Double) throws(VectorError) -> Void
    ) throws(VectorError) {
        let words = counted.table
        let isConnector = words.isIn(connectors)
        let entries = (0..<words.count).map { number in words.withBytes(of: number) { table.find($0) } }
        var (pair, text): ([UInt8], [UInt8]) = ([], [])
        try counted.forEachSentence(cancellation) { numbers, fraction throws(VectorError) in
            let sentence = SentenceOfNumbers(words: words, isConnector: isConnector, entries: entries, numbers: numbers)
            try segments(of: sentence, &pair) { range, score throws(VectorError) in
                append(sentence, range, to: &text)
                try body(text, score, range.upperBound == numbers.count, fraction)
            }
        }
    }

    // MARK: The search

    /// Calls `emit` with the stretches of a sentence that make one word each, from its start to its end.
    ///
    /// - Parameter pair: room for the bytes of two words.
    private func segments<Failure: Error>(
        of sentence: some PhraseSentence,
        _ pair: inout [UInt8],
        _ emit: (_ range: Range<Int>, _ score: Double?) throws(Failure) -> Void
    ) throws(Failure) {
        var start: Int?
        for place in 0..<sentence.count {
            if sentence.isConnector(place) {
                if start == nil { try emit(place..<place + 1, nil) }
            } else if let first = start {
                if let score = score(sentence, first...place, &pair) {
                    try emit(first..<place + 1, score)
                    start = nil
                } else {
                    for single in first..<place { try emit(single..<single + 1, nil) }
                    start = place
                }
            } else {
                start = place
            }
        }
        if let start {
            for single in start..<sentence.count { try emit(single..<single + 1, nil) }
        }
    }

    /// The score of a stretch as one phrase; nil if it is none.
    private func score(_ sentence: some PhraseSentence, _ pair: ClosedRange<Int>, _ text: inout [UInt8]) -> Double? {
        guard let first = sentence.entry(pair.lowerBound), let last = sentence.entry(pair.upperBound) else {
            return nil
        }
        append(sentence, Range(pair), to: &text)
        guard text.count <= Corpus.maximumWordLength,
            let both = text.withUnsafeBufferPointer({ table.find($0) })
        else { return nil }
        let (a, b, ab) = (Double(counts[first]), Double(counts[last]), Double(counts[both]))
        let score: Double
        switch settings.scoring {
        case .ratio: score = (ab - Double(settings.minimumCount)) / (a * b) * Double(vocabularySize)
        case .npmi:
            guard counts[both] >= settings.minimumCount else { return nil }
            let total = Double(corpusTotal)
            score = log(ab / total / (a / total * (b / total))) / -log(ab / total)
        }
        return score > settings.threshold ? score : nil
    }

    /// Replaces `text` by the words of a stretch, joined.
    private func append(_ sentence: some PhraseSentence, _ range: Range<Int>, to text: inout [UInt8]) {
        text.removeAll(keepingCapacity: true)
        for place in range {
            if place > range.lowerBound { text.append(contentsOf: delimiter) }
            sentence.append(place, to: &text)
        }
    }
}

/// A sentence in which phrases are looked for.
private protocol PhraseSentence {
    var count: Int { get }
    func isConnector(_ place: Int) -> Bool
    /// The number of a word in the phrases' table, or nil.
    func entry(_ place: Int) -> Int?
    func append(_ place: Int, to text: inout [UInt8])
}

private struct SentenceOfStrings: PhraseSentence {
    let words: [String]
    let table: WordTable
    let connectors: WordTable

    var count: Int { words.count }
    func isConnector(_ place: Int) -> Bool { connectors.find(words[place]) != nil }
    func entry(_ place: Int) -> Int? { table.find(words[place]) }
    func append(_ place: Int, to text: inout [UInt8]) { text.append(contentsOf: words[place].utf8) }
}

private struct SentenceOfNumbers: PhraseSentence {
    let words: WordTable
    let isConnector: [Bool]
    let entries: [Int?]
    /// ``WordTable/missing`` for a dropped word, which separates its neighbours.
    let numbers: [UInt32]

    var count: Int { numbers.count }
    func isConnector(_ place: Int) -> Bool { isKnown(place) && isConnector[Int(numbers[place])] }
    func entry(_ place: Int) -> Int? { isKnown(place) ? entries[Int(numbers[place])] : nil }
    func append(_ place: Int, to text: inout [UInt8]) {
        guard isKnown(place) else { return }
        words.withBytes(of: Int(numbers[place])) { text.append(contentsOf: $0) }
    }
    private func isKnown(_ place: Int) -> Bool { numbers[place] != WordTable.missing }
}

import Vectors

/// One thread's part of reading a corpus: counts words, and puts their numbers together to passages.
package struct PassageWriter: Sendable {
    /// Enough words that handing out a passage costs nothing, few enough that threads finish together.
    static let passageLength = 10_000

    package private(set) var counter: WordCounter
    private(set) var passages: [CountedCorpus.Passage] = []
    /// Which block of the corpus the words belong to; later blocks have larger numbers.
    var block = TextBlock(file: 0, number: 0) {
        didSet { firstNumbers.append((block, counter.issued)) }
    }
    /// For each block the first number that was given in it.
    private var firstNumbers = [(block: TextBlock(file: 0, number: 0), number: 0)]

    /// Where passages are kept; nil if only the counts are wanted.
    private let spool: Spool?
    private let part: Int
    private var numbers: [UInt32] = []
    private var wordsInPassage = 0
    private var wordsInSentence = 0

    /// - Parameters:
    ///   - part: which of the counters of one reading this one is.
    init(counter: WordCounter, part: Int, spool: Spool?) {
        self.counter = counter
        self.part = part
        self.spool = spool
        // The longest passage: a sentence of full length begins one word before the passage is full.
        numbers.reserveCapacity(spool == nil ? 0 : 2 * (Self.passageLength + Corpus.maximumSentenceLength))
    }

    /// Counts a word and adds it to the sentence.
    mutating func add(_ word: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        try add(number: counter.count(word))
    }

    /// Counts words, which are then to be added by number.
    @inline(__always)
    mutating func count(_ words: WordBatch) throws(VectorError) { try counter.count(words) }

    /// Adds a word that has been counted to the sentence.
    @inline(__always)
    mutating func add(number: UInt32) throws(VectorError) {
        numbers.append(number)
        wordsInSentence += 1
        if wordsInSentence == Corpus.maximumSentenceLength { try endSentence() }
    }

    mutating func endSentence() throws(VectorError) {
        guard wordsInSentence > 0 else { return }
        numbers.append(Spool.sentenceEnd)
        wordsInPassage += wordsInSentence
        wordsInSentence = 0
        if wordsInPassage >= Self.passageLength { try endPassage() }
    }

    /// Ends the sentence and the passage, as far as one has begun.
    mutating func endBlock() throws(VectorError) {
        try endSentence()
        if wordsInPassage > 0 { try endPassage() }
    }

    /// For each block the words, by their places in the counter's table, that had not occurred before.
    var newWords: [(block: TextBlock, words: Range<Int>)] {
        let ends = firstNumbers.dropFirst().map { counter.place(of: $0.number) } + [counter.table.count]
        return zip(firstNumbers, ends).map { first, end in (first.block, counter.place(of: first.number)..<end) }
    }

    private mutating func endPassage() throws(VectorError) {
        if let spool {
            passages.append(CountedCorpus.Passage(block: block, part: part, kept: try spool.add(numbers)))
        }
        numbers.removeAll(keepingCapacity: true)
        wordsInPassage = 0
    }
}

import Vectors

/// Counts the words of a corpus and its pairs, by the text that a pair makes when it is joined: a word "new_york" and
/// the pair of "new" and "york" are counted together, as gensim does.
struct PairCounter {
    private let learner: PhraseLearner
    private let words: WordTable
    private let isConnector: [Bool]
    private let delimiter: [UInt8]
    /// Words and pairs.
    private var table = WordTable()
    private var counts: [Int] = []
    /// Of each of `words` the number in `table`, or ``WordTable/missing``.
    private var entries: [UInt32]
    private var total = 0
    /// Entries with a lower count are dropped next time.
    private var threshold = 1

    /// Pairs that are looked up side by side, so that the waits for memory overlap: their bytes one after the other,
    /// and where each ends.
    private let text = Scratch<UInt8>(batchSize * Corpus.maximumWordLength + WordTable.readAhead)
    private var ends: [Int] = []
    private let keys = Scratch<WordTable.Key>(batchSize)
    private let numbers = Scratch<UInt32>(batchSize)
    private static let batchSize = 32

    init(_ counted: CountedCorpus, _ learner: PhraseLearner) {
        self.learner = learner
        words = counted.table
        isConnector = counted.table.isIn(learner.connectors)
        delimiter = Array(learner.delimiter.utf8)
        entries = [UInt32](repeating: WordTable.missing, count: counted.table.count)
    }

    /// Counts a sentence, given by numbers in the corpus's table.
    mutating func add(_ sentence: [UInt32]) throws(VectorError) {
        total += sentence.count
        var start: Int?
        for (place, number) in sentence.enumerated() {
            guard number != WordTable.missing else {
                start = nil
                continue
            }
            if isConnector[Int(number)] { continue }
            count(word: Int(number))
            if let start { addPair(sentence[start...place]) }
            start = place
        }
        // How many of those that wait are new is known when they have been looked up.
        if table.count + ends.count > learner.maximumVocabulary { lookUp() }
        if table.count > learner.maximumVocabulary {
            keep(counts.map { $0 >= threshold })
            threshold += 1
        }
        guard table.count < Int(WordTable.missing) - Corpus.maximumSentenceLength - Self.batchSize else {
            throw VectorError(
                .tooLarge,
                "the corpus has more than \(table.count) distinct words and pairs, the limit"
            )
        }
    }

    /// What was learned: the counts of all words, and those of the pairs that may be phrases.
    mutating func finish() -> Phrases {
        lookUp()
        let vocabularySize = table.count
        var isKept = counts.map { $0 >= learner.minimumCount }
        for entry in entries where entry != WordTable.missing { isKept[Int(entry)] = true }
        keep(isKept)
        return Phrases(
            settings: learner,
            table: table,
            counts: counts,
            vocabularySize: vocabularySize,
            corpusTotal: total
        )
    }

    private mutating func count(word: Int) {
        if entries[word] != WordTable.missing {
            counts[Int(entries[word])] += 1
        } else {
            let number = table.insert(words, word)
            if number == counts.count { counts.append(0) }
            counts[number] += 1
            entries[word] = UInt32(number)
        }
    }

    /// Puts a pair, with the connector words in between, among those that wait to be looked up.
    private mutating func addPair(_ pair: ArraySlice<UInt32>) {
        let length = pair.reduce((pair.count - 1) * delimiter.count) { $0 + words.length(of: Int($1)) }
        guard length <= Corpus.maximumWordLength else { return }
        var end = ends.last ?? 0
        for (place, number) in pair.enumerated() {
            for byte in place > 0 ? delimiter : [] {
                text.start[end] = byte
                end += 1
            }
            end += words.copy(Int(number), to: text.start + end)
        }
        ends.append(end)
        if ends.count == Self.batchSize { lookUp() }
    }

    private mutating func lookUp() {
        var start = 0
        for (place, end) in ends.enumerated() {
            keys.start[place] = table.key(text.start + start, end - start)
            start = end
        }
        table.find(UnsafeBufferPointer(start: keys.start, count: ends.count), numbers.start)
        start = 0
        for (place, end) in ends.enumerated() {
            if numbers.start[place] != WordTable.missing {
                counts[Int(numbers.start[place])] += 1
            } else {
                let (number, isNew) = table.insert(UnsafeBufferPointer(start: text.start + start, count: end - start))
                if isNew { counts.append(0) }
                counts[number] += 1
            }
            start = end
        }
        ends.removeAll(keepingCapacity: true)
    }

    /// Forgets all but some of the words and pairs.
    private mutating func keep(_ isKept: [Bool]) {
        var kept = WordTable()
        var keptCounts: [Int] = []
        var moved = [UInt32](repeating: WordTable.missing, count: table.count)
        for number in 0..<table.count where isKept[number] {
            moved[number] = UInt32(kept.insert(table, number))
            keptCounts.append(counts[number])
        }
        entries = entries.map { $0 == WordTable.missing ? $0 : moved[Int($0)] }
        (table, counts) = (kept, keptCounts)
    }
}

extension WordTable {
    /// For each word whether another table has it.
    func isIn(_ other: WordTable) -> [Bool] {
        (0..<count).map { number in withBytes(of: number) { other.find($0) } != nil }
    }
}

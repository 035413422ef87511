package import Vectors

/// Counts words and numbers them, in bounded memory.
///
/// Where the distinct words outgrow the memory, the rarest are dropped, at least a quarter of all. The threshold at
/// and below which words are dropped rises with each such pruning, as in word2vec's `ReduceVocab` and
/// gensim's `max_vocab_size`. A dropped word that comes again starts from 0, under another number: a number never
/// changes its meaning.
package struct WordCounter: Sendable {
    /// The words that are known now.
    package private(set) var table = WordTable()
    /// How often each of them has occurred since it is known.
    package private(set) var counts: [Int] = []
    /// The occurrences of the words that were dropped.
    package private(set) var prunedTotal = 0
    /// How many numbers have been given.
    private(set) var issued = 0

    /// The bytes that the known words may take, as ``WordTable/memory`` counts them.
    private let memory: Int
    private let cancellation: Cancellation
    /// The number given to each word of the table; nil as long as that is its number in the table.
    private var numbers: [UInt32]?
    private var threshold = 0

    /// - Parameter memory: the bytes that the words may take.
    package init(memory: Int, cancellation: Cancellation) {
        self.memory = memory
        self.cancellation = cancellation
    }

    /// The number that was given to a word of the table.
    func number(of word: Int) -> UInt32 { numbers.map { $0[word] } ?? UInt32(word) }

    /// How many words of the table have a lower number than this one. Numbers rise with places.
    func place(of number: Int) -> Int {
        guard let numbers else { return min(number, table.count) }
        var (low, high) = (0, numbers.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(numbers[middle]) < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Counting

    /// Counts one word and gives its number.
    package mutating func count(_ word: UnsafeBufferPointer<UInt8>) throws(VectorError) -> UInt32 {
        let place: Int
        if let known = table.find(word) {
            counts[known] += 1
            place = known
        } else {
            place = try add(word)
        }
        let number = number(of: place)
        try pruneIfNeeded()
        return number
    }

    /// Counts words of a text side by side and writes each one's number.
    @inline(__always)
    mutating func count(_ words: WordBatch) throws(VectorError) {
        for index in 0..<words.count {
            words.keys[index] = table.key(words.text + Int(words.starts[index]), words.length(index))
        }
        table.find(UnsafeBufferPointer(start: words.keys, count: words.count), words.numbers)
        counts.withUnsafeMutableBufferPointer { counts in
            for index in 0..<words.count where words.numbers[index] != WordTable.missing {
                counts[Int(words.numbers[index])] += 1
            }
        }
        for index in 0..<words.count where words.numbers[index] == WordTable.missing {
            let start = words.text + Int(words.starts[index])
            words.numbers[index] = UInt32(try add(UnsafeBufferPointer(start: start, count: words.length(index))))
        }
        if let numbers {
            for index in 0..<words.count { words.numbers[index] = numbers[Int(words.numbers[index])] }
        }
        try pruneIfNeeded()
    }

    /// Counts a word that is not in the table as it is written, and gives its place there.
    private mutating func add(_ word: UnsafeBufferPointer<UInt8>) throws(VectorError) -> Int {
        let place = table.insertRepaired(word)
        if place < counts.count {
            counts[place] += 1
        } else {
            guard issued < Int(WordTable.missing) else {
                throw VectorError(.tooLarge, "the corpus has more than \(issued) distinct words, the limit")
            }
            counts.append(1)
            numbers?.append(UInt32(issued))
            issued += 1
        }
        return place
    }

    // MARK: Forgetting

    private mutating func pruneIfNeeded() throws(VectorError) {
        while table.memory + counts.count * 16 > memory { try prune() }
    }

    private mutating func prune() throws(VectorError) {
        // The count that a quarter of the words don't exceed, from a histogram: sorting millions can't be interrupted.
        var histogram = [Int](repeating: 0, count: 1 << 16)
        for count in counts { histogram[min(count, histogram.count - 1)] += 1 }
        var quartile = 0
        var below = 0
        while below < (counts.count + 3) / 4 {
            below += histogram[quartile]
            quartile += 1
        }
        threshold = max(threshold + 1, quartile - 1)

        var kept = WordTable()
        var keptCounts: [Int] = []
        var keptNumbers: [UInt32] = []
        for word in 0..<table.count {
            if word.isMultiple(of: 1 << 14) { try cancellation.check("reading the corpus") }
            if counts[word] > threshold {
                _ = kept.insert(table, word)
                keptCounts.append(counts[word])
                keptNumbers.append(number(of: word))
            } else {
                prunedTotal += counts[word]
            }
        }
        table = kept
        counts = keptCounts
        numbers = keptNumbers
    }
}

/// Words of a text that are looked up side by side, and what that needs and gives.
struct WordBatch {
    static let size = 32

    /// The text, behind whose words ``WordTable/readAhead`` more bytes can be read.
    let text: UnsafePointer<UInt8>
    /// Where each word starts and ends in the text.
    let starts: UnsafePointer<UInt32>
    let ends: UnsafePointer<UInt32>
    /// How many there are.
    let count: Int
    /// Room for their keys.
    let keys: UnsafeMutablePointer<WordTable.Key>
    /// Room for their numbers.
    let numbers: UnsafeMutablePointer<UInt32>

    @inline(__always)
    func length(_ index: Int) -> Int { Int(ends[index] - starts[index]) }
}

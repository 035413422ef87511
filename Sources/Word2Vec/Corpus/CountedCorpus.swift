package import Vectors

/// What the one reading of a corpus gives: each distinct word's count, and the text in numbers, passage by passage.
package struct CountedCorpus: Sendable {
    /// How a message calls the corpus.
    package let name: String
    /// The distinct words, except those that were dropped for lack of memory, in the order in which they first occur.
    package private(set) var table: WordTable
    /// How often each of them occurs.
    package private(set) var counts: [Int]
    /// The occurrences of dropped words.
    package private(set) var prunedTotal: Int
    /// The passages in the corpus's order; at least ``PassageWriter/passageLength`` words each, save the last of each
    /// block.
    package let passages: [Passage]
    /// What keeps the passages; nil if there are none to keep.
    let spool: Spool?
    /// For each part of the reading and each number given there the word's number in ``table``, or
    /// ``WordTable/missing``.
    private(set) var words: [[UInt32]]

    /// A passage as it was read.
    package struct Passage: Sendable {
        /// Where in the corpus it stood.
        var block: TextBlock
        /// Whose numbers it holds.
        var part: Int
        /// Where they are.
        var kept: Spool.Passage
    }

    /// Reads a corpus.
    ///
    /// - Parameters:
    ///   - threads: how many threads may read files side by side.
    ///   - wordMemory: the bytes that the distinct words may take in each thread.
    ///   - spool: keeps the passages; nil keeps none.
    package init(
        _ corpus: Corpus,
        threads: Int,
        wordMemory: Int,
        spool: Spool?,
        cancellation: Cancellation
    ) throws(VectorError) {
        switch corpus.source {
        case .files(let urls, let layout):
            let reading = try CorpusReading(
                urls,
                layout,
                spool: spool,
                wordMemory: wordMemory,
                cancellation: cancellation
            )
            let writers = try reading.run(threads: threads)
            try self.init(name: corpus.name, writers, spool: spool, cancellation: cancellation)
        case .sentences(let sentences):
            // One thread reads them, and has all threads' memory.
            let memory = wordMemory > .max / threads ? .max : wordMemory * threads
            let counter = WordCounter(memory: memory, cancellation: cancellation)
            var writer = PassageWriter(counter: counter, part: 0, spool: spool)
            try sentences.read(into: &writer, cancellation)
            try self.init(name: corpus.name, [writer], spool: spool, cancellation: cancellation)
        case .counted(let counted):
            self = counted
        }
    }

    /// Puts together what the parts of a reading have found.
    init(
        name: String,
        _ parts: [PassageWriter],
        spool: Spool?,
        cancellation: Cancellation
    ) throws(VectorError) {
        self.name = name
        self.spool = spool
        passages = parts.flatMap(\.passages).sorted { $0.block < $1.block }
        prunedTotal = parts.reduce(0) { $0 + $1.counter.prunedTotal }
        table = WordTable()
        counts = []
        words = parts.map { [UInt32](repeating: WordTable.missing, count: $0.counter.issued) }
        let blocks = parts.enumerated().flatMap { part, writer in writer.newWords.map { (part, $0.block, $0.words) } }
        for (part, _, places) in blocks.sorted(by: { $0.1 < $1.1 }) {
            let counter = parts[part].counter
            for word in places {
                if word.isMultiple(of: 1 << 14) { try cancellation.check("merging the words of the corpus") }
                let number = table.insert(counter.table, word)
                if number == counts.count { counts.append(0) }
                counts[number] += counter.counts[word]
                words[part][Int(counter.number(of: word))] = UInt32(number)
            }
        }
    }
}

extension CountedCorpus {
    /// The number of words and sentences that are kept.
    var size: Int { passages.reduce(0) { $0 + $1.kept.count } }

    /// Calls `body` with each sentence in the corpus's order: for each word its number in ``table``, or
    /// ``WordTable/missing`` if it was dropped.
    ///
    /// - Parameter fraction: how much of the corpus lies behind the sentence's passage.
    func forEachSentence(
        _ cancellation: Cancellation,
        _ body: (_ sentence: [UInt32], _ fraction: Double) throws(VectorError) -> Void
    ) throws(VectorError) {
        guard let spool else { return }
        let size = Double(max(size, 1))
        var done = 0
        for passage in passages {
            try cancellation.check("reading \(name)")
            let words = words[passage.part]
            let numbers = try spool.read(passage.kept)
            // One sentence after the other, as a dropped word's number looks like a sentence's end.
            for sentence in numbers.split(separator: Spool.sentenceEnd) {
                try body(sentence.map { words[Int($0)] }, Double(done) / size)
            }
            done += numbers.count
        }
    }
}

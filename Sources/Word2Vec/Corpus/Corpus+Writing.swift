public import Vectors

public import struct Foundation.URL

extension Corpus {
    /// Writes the corpus as text, a sentence a line, spaces between the words; whole or not at all.
    ///
    /// Reads the corpus once, with as many threads as there are processors, and keeps it meanwhile, 4 bytes a word, in
    /// memory or in a temporary file. Rare words that were dropped for lack of memory are left out; see
    /// ``Word2VecConfiguration/corpusMemory``. Blocks the calling thread; ends early if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - memory: as ``Word2VecConfiguration/corpusMemory``.
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge`, `cancelled`, or
    ///   `invalidArgument` for a word with white space, which would become two.
    public func write(to url: URL, memory: Int? = nil) throws(VectorError) {
        let cancellation = Cancellation.current
        let counted = try CountedCorpus(
            sentencesOf: self,
            memory: memory,
            threads: .automatic,
            share: 1,
            cancellation: cancellation
        )
        for number in 0..<counted.table.count {
            let word = counted.table[number]
            guard !word.utf8.contains(where: { $0 == 0x20 || $0 &- 0x09 <= 0x0D - 0x09 }) else {
                throw VectorError(
                    .invalidArgument,
                    "the word '\(word.prefix(40))' holds white space, which separates words in a text"
                )
            }
        }
        let file = try AtomicFile(replacing: url)
        var line: [UInt8] = []
        try counted.forEachSentence(cancellation) { sentence, _ throws(VectorError) in
            line.removeAll(keepingCapacity: true)
            for number in sentence where number != WordTable.missing {
                if !line.isEmpty { line.append(0x20) }
                counted.table.withBytes(of: Int(number)) { line.append(contentsOf: $0) }
            }
            line.append(0x0A)
            try file.write(line)
        }
        try file.commit()
    }
    /// As `write(to:memory:)`, off the cooperative pool; stops when the task is cancelled.
    public func write(to url: URL, memory: Int? = nil) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in try write(to: url, memory: memory) }
    }
}

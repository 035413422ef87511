import Synchronization
package import Vectors

/// A corpus as numbers of vocabulary words, passage by passage.
///
/// A passage in memory is renumbered when it is first taken, one in the spool's file whenever it is.
package final class EncodedCorpus: Sendable {
    /// Stands behind each sentence.
    package static let sentenceEnd = Spool.sentenceEnd

    private let spool: Spool?
    /// For each part of the reading and each number given there the number in the vocabulary, or `missing`.
    private let words: [[UInt32]]
    private let passages: Mutex<[Passage]>
    /// The number of passages.
    package let count: Int

    private enum Passage {
        case counted(CountedCorpus.Passage)
        case encoded([UInt32])
    }

    package init(_ counted: CountedCorpus, vocabulary: Vocabulary) {
        var numbers = [UInt32](repeating: WordTable.missing, count: counted.table.count)
        for (number, word) in vocabulary.words.enumerated() {
            if let known = counted.table.find(word) { numbers[known] = UInt32(number) }
        }
        spool = counted.spool
        words = counted.words.map { part in part.map { $0 == WordTable.missing ? $0 : numbers[Int($0)] } }
        passages = Mutex(counted.passages.map { .counted($0) })
        count = counted.passages.count
    }

    /// The numbers of the words of a passage, the words outside the vocabulary left out, each sentence followed by
    /// ``sentenceEnd``.
    package func passage(_ number: Int) throws(VectorError) -> [UInt32] {
        let counted: CountedCorpus.Passage
        switch passages.withLock({ $0[number] }) {
        case .encoded(let numbers): return numbers
        case .counted(let passage): counted = passage
        }
        guard let spool else { return [] }
        let encoded = encode(try spool.read(counted.kept), words[counted.part])
        if case .memory = counted.kept { passages.withLock { $0[number] = .encoded(encoded) } }
        return encoded
    }

    /// Renumbers a passage; rare words, and sentences without others, fall out.
    private func encode(_ passage: [UInt32], _ words: [UInt32]) -> [UInt32] {
        [UInt32](unsafeUninitializedCapacity: passage.count) { encoded, count in
            var isInSentence = false
            for number in passage {
                let word = number == Self.sentenceEnd ? number : words[Int(number)]
                guard word != WordTable.missing || number == Self.sentenceEnd && isInSentence else { continue }
                encoded[count] = word
                count += 1
                isInSentence = number != Self.sentenceEnd
            }
        }
    }
}

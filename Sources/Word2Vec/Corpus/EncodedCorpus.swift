import Synchronization
package import Vectors

/// A corpus as numbers of vocabulary words, passage by passage.
///
/// Numbers are kept in memory, 4 bytes a word, as long as the budget lasts; passages beyond it are read and looked up
/// again in every epoch. So a corpus may be larger than memory, and a small one is read only twice.
package final class EncodedCorpus: Sendable {
    /// Stands behind each sentence.
    package static let sentenceEnd = UInt32.max

    private let corpus: Corpus
    private let passages: [Corpus.Passage]
    private let table: WordTable
    private let cancellation: Cancellation
    private let kept: Mutex<(passages: [[UInt32]?], budget: Int)>

    /// - Parameter memory: the bytes that may be used to keep numbers.
    package init(
        _ counted: CountedCorpus,
        vocabulary: Vocabulary,
        cancellation: Cancellation,
        memory: Int = physicalMemory / 8
    ) {
        self.cancellation = cancellation
        corpus = counted.corpus
        passages = counted.passages
        table = vocabulary.table
        kept = Mutex(([[UInt32]?](repeating: nil, count: counted.passages.count), memory))
    }

    /// The number of passages.
    package var count: Int { passages.count }

    /// The numbers of the words of a passage, the words outside the vocabulary left out, each sentence followed by
    /// ``sentenceEnd``.
    package func passage(_ number: Int) throws(Word2VecError) -> [UInt32] {
        if let passage = kept.withLock({ $0.passages[number] }) { return passage }
        var words: [UInt32] = []
        try corpus.read(passages[number], cancellation) { bytes throws(Word2VecError) in
            if let word = table.findRepaired(bytes) { words.append(UInt32(word)) }
        } sentenceEnd: { _ in
            if let last = words.last, last != Self.sentenceEnd { words.append(Self.sentenceEnd) }
        }
        let passage = words
        kept.withLock { kept in
            let bytes = passage.capacity * 4
            guard bytes <= kept.budget, kept.passages[number] == nil else { return }
            kept.passages[number] = passage
            kept.budget -= bytes
        }
        return passage
    }
}

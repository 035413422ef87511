import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Vocabulary")
struct VocabularyTests {
    private let corpus = Corpus(sentences: [
        ["b", "c", "a", "zebra", "c"], ["c", "a", "b", "apple"], ["a", "b", "c"], ["once"],
    ])

    @Test("Words stand by falling count, equal counts as they first occur")
    func order() throws {
        let vocabulary = try Vocabulary(of: corpus, minimumCount: 1)
        #expect(vocabulary.words == ["c", "b", "a", "zebra", "apple", "once"])
        #expect(vocabulary.counts == [4, 3, 3, 1, 1, 1])
        #expect(vocabulary.total == 13 && vocabulary.corpusTotal == 13)
        for (index, word) in vocabulary.words.enumerated() { #expect(vocabulary.index(of: word) == index) }
        #expect(vocabulary.index(of: "missing") == nil)
        #expect(vocabulary.index(of: "") == nil)
    }

    @Test("From an async function it is the same")
    func asynchronous() async throws {
        #expect(try await Vocabulary(of: corpus, minimumCount: 1).words == ["c", "b", "a", "zebra", "apple", "once"])
    }

    @Test("The minimum count and the maximum size leave out the rarest")
    func limits() throws {
        let frequent = try Vocabulary(of: corpus, minimumCount: 2)
        #expect(frequent.words == ["c", "b", "a"])
        #expect(frequent.total == 10 && frequent.corpusTotal == 13)
        #expect(try Vocabulary(of: corpus, minimumCount: 1, maximumSize: 2).words == ["c", "b"])
        #expect(try Vocabulary(of: corpus, minimumCount: 1, maximumSize: 100).count == 6)
        #expect(throws: VectorError.self) { try Vocabulary(of: corpus, minimumCount: 1, maximumSize: 0) }
    }

    @Test("A minimum count that empties the vocabulary names itself and the most frequent word's count")
    func emptied() {
        let error = #expect(throws: VectorError.self) { try Vocabulary(of: corpus, minimumCount: 5) }
        #expect(error?.code == .corpusTooSmall)
        #expect(error?.message.contains(" 5 times") == true)
        #expect(error?.message.contains("'c', occurs 4 times") == true)
    }

    @Test("Words that String takes for equal but whose bytes differ are two words")
    func canonicalEquivalence() throws {
        let vocabulary = try Vocabulary(of: Corpus(sentences: [["\u{E9}", "e\u{301}", "\u{E9}"]]), minimumCount: 1)
        #expect(vocabulary.count == 2)
        #expect(vocabulary.counts == [2, 1])
        #expect(vocabulary.index(of: "\u{E9}") == 0)
        #expect(vocabulary.index(of: "e\u{301}") == 1)
    }

    @Test("A table finds each of 100,000 words again, and no other")
    func table() {
        var table = WordTable()
        for number in 0..<100_000 { #expect(table.insert("word\(number)") == (number, true)) }
        for number in stride(from: 0, to: 100_000, by: 7) {
            #expect(table.insert("word\(number)") == (number, false))
            #expect(table.find("word\(number)") == number)
            #expect(table[number] == "word\(number)")
            #expect(table.find("Word\(number)") == nil)
        }
        #expect(table.count == 100_000)
    }
}

import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Corpus")
struct CorpusTests {
    /// What a corpus holds, sentence by sentence.
    private func sentences(of corpus: Corpus) throws -> [[String]] {
        var sentences: [[String]] = [[]]
        for part in corpus.parts {
            try corpus.read(part, Cancellation()) { bytes in
                sentences[sentences.count - 1].append(String(decoding: bytes, as: UTF8.self))
            } sentenceEnd: { _ in
                sentences.append([])
            }
        }
        sentences.removeLast()
        return sentences
    }

    private func sentences(of bytes: [UInt8], blockSize: Int = 1 << 18) throws -> [[String]] {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(bytes).write(to: url)
            return try sentences(of: Corpus(contentsOf: [url], blockSize: blockSize))
        }
    }

    @Test("Words and sentences are the same wherever a block ends", arguments: [1, 2, 3, 5, 7, 16, 1 << 18])
    func blocks(blockSize: Int) throws {
        let text = "  the cat\tsat\r\n\n\non  the größte Matte\u{0B}x\u{0C}y\n \t \nlast words 日本語"
        let expected = [["the", "cat", "sat"], ["on", "the", "größte", "Matte", "x", "y"], ["last", "words", "日本語"]]
        #expect(try sentences(of: Array(text.utf8), blockSize: blockSize) == expected)
        #expect(try sentences(of: Array((text + "\n").utf8), blockSize: blockSize) == expected)
    }

    @Test("Random text is split as a plain split does, for random block sizes", arguments: 0..<20 as Range<UInt64>)
    func randomText(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let alphabet = Array("ab é\n \t🙂".unicodeScalars)
        let text = String(String.UnicodeScalarView((0..<400).map { _ in alphabet.randomElement(using: &random)! }))
        let expected = text.unicodeScalars.split(separator: "\n").map { line in
            line.split { $0 == " " || $0 == "\t" }.map { String(Substring($0)) }
        }.filter { !$0.isEmpty }
        let blockSize = Int.random(in: 1...50, using: &random)
        let found = try sentences(of: Array(text.utf8), blockSize: blockSize)
        #expect(found.map { $0.map { Array($0.utf8) } } == expected.map { $0.map { Array($0.utf8) } })
    }

    @Test("One endless line is cut into sentences of 10,000 words", arguments: [64, 1 << 18])
    func endlessLine(blockSize: Int) throws {
        let words = (0..<25_000).map { "w\($0)" }
        let found = try sentences(of: Array(words.joined(separator: " ").utf8), blockSize: blockSize)
        #expect(found.map(\.count) == [10_000, 10_000, 5_000])
        #expect(Array(found.joined()) == words)
        #expect(try sentences(of: Corpus(sentences: [words])) == found)
    }

    @Test("A line of exactly 10,000 words is one sentence")
    func exactSentence() throws {
        let line = [String](repeating: "a", count: 10_000).joined(separator: " ")
        #expect(try sentences(of: Array("\(line)\nb c\n".utf8)).map(\.count) == [10_000, 2])
    }

    @Test(
        "A word of 4,096 bytes is a word, a longer one is not, wherever blocks end",
        arguments: [1, 100, 4096, 1 << 18]
    )
    func longWords(blockSize: Int) throws {
        let longest = String(repeating: "x", count: Corpus.maximumWordLength)
        for tooLong in [longest + "y", String(repeating: "z", count: 20_000)] {
            let text = "a \(longest) \(tooLong) b\n\(tooLong)\nc \(tooLong)"
            #expect(try sentences(of: Array(text.utf8), blockSize: blockSize) == [["a", longest, "b"], [], ["c"]])
        }
        #expect(
            try sentences(of: Corpus(sentences: [["a", longest, longest + "y", "", "b"]])) == [["a", longest, "b"]]
        )
    }

    @Test("Invalid UTF-8 is repaired, and counted under its repaired form")
    func invalidUTF8() throws {
        let bytes: [UInt8] = [0x61, 0xFF, 0x20, 0x61, 0xFE, 0x20] + Array("a\u{FFFD} b b".utf8) + [0x20, 0xC3]
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(bytes).write(to: url)
            let vocabulary = try Vocabulary(of: Corpus(contentsOf: url), minimumCount: 1)
            #expect(vocabulary.words == ["a\u{FFFD}", "b", "\u{FFFD}"])
            #expect(vocabulary.counts == [3, 2, 1])
        }
    }

    @Test("Passages put together are the whole corpus, and in memory or read again they are the same")
    func passages() throws {
        var random = SplitMix64(seed: 3)
        let lines = (0..<3000).map { _ in
            (0..<Int.random(in: 0...40, using: &random)).map { _ in "w\(Int.random(in: 0..<50, using: &random))" }
        }
        try withTemporaryFolder { folder in
            let urls = [folder.appending(path: "1.txt"), folder.appending(path: "2.txt")]
            try lines[..<2000].map { $0.joined(separator: " ") }.joined(separator: "\n")
                .write(to: urls[0], atomically: true, encoding: .utf8)
            try lines[2000...].map { $0.joined(separator: " ") }.joined(separator: "\n")
                .write(to: urls[1], atomically: true, encoding: .utf8)

            let corpora = [try Corpus(contentsOf: urls, blockSize: 1000), Corpus(sentences: lines)]
            for corpus in corpora {
                let counted = try CountedCorpus(corpus, cancellation: Cancellation())
                let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil)
                #expect(counted.passages.count > 3)
                for memory in [0, 100_000, Int.max] {
                    let encoded = EncodedCorpus(
                        counted,
                        vocabulary: vocabulary,
                        cancellation: Cancellation(),
                        memory: memory
                    )
                    for _ in 0..<2 {
                        var found: [[String]] = [[]]
                        for passage in 0..<encoded.count {
                            for number in try encoded.passage(passage) {
                                if number == EncodedCorpus.sentenceEnd {
                                    found.append([])
                                } else {
                                    found[found.count - 1].append(vocabulary.words[Int(number)])
                                }
                            }
                        }
                        #expect(found.dropLast() == ArraySlice(lines.filter { !$0.isEmpty }))
                    }
                }
            }
        }
    }

    @Test("A file that can't be a corpus is refused at once")
    func refusedFiles() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appending(path: "missing.txt")
            for url in [missing, folder, URL(filePath: "/dev/null"), URL(string: "https://example.org/a.txt")!] {
                #expect { try Corpus(contentsOf: url) } throws: { error in
                    (error as? Word2VecError).map { [.inputOutput, .invalidArgument].contains($0.code) } ?? false
                }
            }
            #expect(throws: Word2VecError.self) { try Corpus(contentsOf: []) }
        }
    }

    @Test("A corpus without words says so", arguments: ["", "\n\n\n", " \t\r\n  "])
    func empty(text: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "nothing.txt")
            try text.write(to: url, atomically: true, encoding: .utf8)
            let error = #expect(throws: Word2VecError.self) { try Vocabulary(of: Corpus(contentsOf: url)) }
            #expect(error?.code == .corpusTooSmall)
            #expect(error?.message.contains("nothing.txt") == true)
        }
    }

    @Test("A file that is cut short while it is read gives an error")
    func shortened() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(String(repeating: "one two three\n", count: 20_000).utf8).write(to: url)
            let counted = try CountedCorpus(Corpus(contentsOf: url), cancellation: Cancellation())
            let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil)
            try Data("one".utf8).write(to: url)
            let encoded = EncodedCorpus(counted, vocabulary: vocabulary, cancellation: Cancellation())
            #expect(throws: Word2VecError.self) { try encoded.passage(1) }
        }
    }
}

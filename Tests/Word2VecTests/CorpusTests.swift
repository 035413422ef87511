import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Corpus")
struct CorpusTests {
    /// What a corpus holds, sentence by sentence, as training would see it.
    private func sentences(
        of corpus: Corpus,
        threads: Int = 2,
        memory: Int = .max,
        wordMemory: Int = .max
    ) throws -> [[String]] {
        let cancellation = Cancellation()
        let counted = try CountedCorpus(
            corpus,
            threads: threads,
            wordMemory: wordMemory,
            spool: Spool(memory: memory),
            cancellation: cancellation
        )
        let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil, cancellation: cancellation)
        let encoded = EncodedCorpus(counted, vocabulary: vocabulary)
        var sentences: [[String]] = [[]]
        for _ in 0..<2 {
            // The second time, passages in memory have been renumbered.
            sentences = [[]]
            for passage in 0..<encoded.count {
                for number in try encoded.passage(passage) {
                    if number == EncodedCorpus.sentenceEnd {
                        sentences.append([])
                    } else {
                        sentences[sentences.count - 1].append(vocabulary.words[Int(number)])
                    }
                }
            }
        }
        sentences.removeLast()
        return sentences
    }

    private func sentences(
        of bytes: [UInt8],
        blockSize: Int = 1 << 18,
        lookAhead: Int = 1 << 16
    ) throws -> [[String]] {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(bytes).write(to: url)
            let layout = TextLayout(blockSize: blockSize, lookAhead: lookAhead)
            return try sentences(of: Corpus(contentsOf: [url], layout: layout))
        }
    }

    @Test("Words and sentences are the same wherever a block ends", arguments: [1, 2, 3, 5, 7, 16, 1 << 18])
    func blocks(blockSize: Int) throws {
        let text = "  the cat\tsat\r\n\n\non  the größte Matte\u{0B}x\u{0C}y\n \t \nlast words 日本語"
        let expected = [["the", "cat", "sat"], ["on", "the", "größte", "Matte", "x", "y"], ["last", "words", "日本語"]]
        #expect(try sentences(of: Array(text.utf8), blockSize: blockSize) == expected)
        #expect(try sentences(of: Array((text + "\n").utf8), blockSize: blockSize) == expected)
    }

    @Test(
        "A byte-order mark is no part of a word, and what is no UTF-8 text is refused by name",
        arguments: [2, 1 << 18]
    )
    func encodings(blockSize: Int) throws {
        #expect(
            try sentences(of: Array("\u{FEFF}the cat\nsat".utf8), blockSize: blockSize) == [["the", "cat"], ["sat"]]
        )
        #expect(try sentences(of: Array("the \u{FEFF}cat".utf8), blockSize: blockSize) == [["the", "\u{FEFF}cat"]])
        let utf16 = "the cat sat\non the mat".utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
        for (bytes, mention) in [
            ([0xFE, 0xFF] + utf16, "UTF-16BE"), (utf16, "NUL byte"), (Array("the cat\0".utf8), "at byte 7"),
            ([0xFF, 0xFE, 0, 0] + utf16, "UTF-32LE"),
        ] {
            let error = #expect(throws: VectorError.self) { try sentences(of: bytes, blockSize: blockSize) }
            #expect(
                error?.code == .invalidFormat && error?.message.contains(mention) == true,
                "\(error?.message ?? "")"
            )
        }
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

    @Test("One endless line is cut into sentences of 10,000 words")
    func endlessLine() throws {
        let words = (0..<25_000).map { "w\($0)" }
        let found = try sentences(of: Array(words.joined(separator: " ").utf8))
        #expect(found.map(\.count) == [10_000, 10_000, 5_000])
        #expect(Array(found.joined()) == words)
        #expect(try sentences(of: Corpus(sentences: [words])) == found)
    }

    /// Where the documented rule cuts a text, found byte by byte: behind the first line feed from the byte before each
    /// border on, or at the text's end; where none comes within the look-ahead, behind the first white space; else in the
    /// middle of a word, which is then too long to be one.
    private func cuts(_ text: [UInt8], blockSize: Int, lookAhead: Int) -> [Int] {
        stride(from: blockSize, to: text.count, by: blockSize).map { border in
            let window = border - 1..<min(border + lookAhead, text.count)
            if let lineFeed = window.first(where: { text[$0] == 10 }) { return lineFeed + 1 }
            if border + lookAhead > text.count { return text.count }
            return window.first { text[$0] == 32 }.map { $0 + 1 } ?? window.upperBound
        }
    }

    @Test("Lines longer than the look-ahead are cut where the rule says", arguments: 0..<10 as Range<UInt64>)
    func longLines(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var text: [UInt8] = []
        while text.count < 120_000 {
            let length = Int.random(in: 0..<40, using: &random) == 0 ? 6000 : Int.random(in: 1...9, using: &random)
            text += (0..<length).map { _ in UInt8.random(in: 97...99, using: &random) }
            text.append(Int.random(in: 0..<1500, using: &random) == 0 ? 10 : 32)
        }
        let layout = TextLayout(blockSize: Int.random(in: 1000...20_000, using: &random), lookAhead: 0)
        let cuts = cuts(text, blockSize: layout.blockSize, lookAhead: layout.lookAhead)
        var expected: [[String]] = [[]]
        var word: [UInt8] = []
        func endWord() {
            if !word.isEmpty, word.count <= Corpus.maximumWordLength {
                expected[expected.count - 1].append(String(decoding: word, as: UTF8.self))
            }
            word = []
        }
        for (place, byte) in (text + [10]).enumerated() {
            if cuts.contains(place) { expected.append([]) }
            if byte == 10 || byte == 32 { endWord() } else { word.append(byte) }
            if byte == 10 { expected.append([]) }
        }
        expected.removeAll(where: \.isEmpty)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(text).write(to: url)
            for threads in [1, 3] {
                #expect(try sentences(of: Corpus(contentsOf: [url], layout: layout), threads: threads) == expected)
            }
        }
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
            let found = try sentences(of: Array(text.utf8), blockSize: blockSize)
            #expect(found == [["a", longest, "b"], ["c"]])
            // Cut into more sentences, the words are the same.
            let cut = try sentences(of: Array(text.utf8), blockSize: blockSize, lookAhead: 0)
            #expect(Array(cut.joined()) == ["a", longest, "b", "c"])
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

    private static let lines: [[String]] = {
        var random = SplitMix64(seed: 3)
        return (0..<6000).map { _ in
            (0..<Int.random(in: 0...40, using: &random)).map { _ in "w\(Int.random(in: 0..<500, using: &random))" }
        }
    }()

    /// The lines as the text of two files.
    private func write(_ lines: [[String]], to folder: URL) throws -> [URL] {
        let urls = [folder.appending(path: "1.txt"), folder.appending(path: "2.txt")]
        for (url, part) in zip(urls, [lines[..<2000], lines[2000...]]) {
            try part.map { $0.joined(separator: " ") }.joined(separator: "\n")
                .write(to: url, atomically: true, encoding: .utf8)
        }
        return urls
    }

    @Test(
        "Read by any number of threads, kept in memory, partly or wholly in a file, the text is the same",
        arguments: [1, 2, 5],
        [0, 100_000, Int.max]
    )
    func passages(threads: Int, memory: Int) throws {
        let expected = Self.lines.filter { !$0.isEmpty }
        try withTemporaryFolder { folder in
            let urls = try write(Self.lines, to: folder)
            for blockSize in [100, 70_000, 1 << 20] {
                let corpus = try Corpus(contentsOf: urls, layout: TextLayout(blockSize: blockSize, lookAhead: 1 << 16))
                #expect(try sentences(of: corpus, threads: threads, memory: memory) == expected)
            }
            #expect(try sentences(of: Corpus(sentences: Self.lines), threads: threads, memory: memory) == expected)
        }
    }

    @Test("Words, counts and passages don't depend on the number of threads")
    func threads() throws {
        try withTemporaryFolder { folder in
            let corpus = try Corpus(
                contentsOf: write(Self.lines, to: folder),
                layout: TextLayout(blockSize: 20_000, lookAhead: 1 << 16)
            )
            var results: [([String], [Int], [[UInt32]])] = []
            for threads in [1, 2, 5] {
                let cancellation = Cancellation()
                let counted = try CountedCorpus(
                    corpus,
                    threads: threads,
                    wordMemory: .max,
                    spool: Spool(memory: .max),
                    cancellation: cancellation
                )
                let vocabulary = try Vocabulary(
                    counted,
                    minimumCount: 1,
                    maximumSize: nil,
                    cancellation: cancellation
                )
                let encoded = EncodedCorpus(counted, vocabulary: vocabulary)
                let passages = try (0..<encoded.count).map { try encoded.passage($0) }
                #expect(vocabulary.total == passages.joined().count { $0 != EncodedCorpus.sentenceEnd })
                results.append((vocabulary.words, vocabulary.counts, passages))
            }
            #expect(results[0] == results[1] && results[0] == results[2])
            #expect(results[0].2.count > 5)
        }
    }

    @Test("A file that can't be a corpus is refused at once")
    func refusedFiles() throws {
        try withTemporaryFolder { folder in
            let missing = folder.appending(path: "missing.txt")
            for url in [missing, folder, URL(filePath: "/dev/null"), URL(string: "https://example.org/a.txt")!] {
                #expect { try Corpus(contentsOf: url) } throws: { error in
                    (error as? VectorError).map { [.inputOutput, .invalidArgument].contains($0.code) } ?? false
                }
            }
            #expect(throws: VectorError.self) { try Corpus(contentsOf: []) }
        }
    }

    @Test("A corpus without words says so", arguments: ["", "\n\n\n", " \t\r\n  "])
    func empty(text: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "nothing.txt")
            try text.write(to: url, atomically: true, encoding: .utf8)
            let error = #expect(throws: VectorError.self) { try Vocabulary(of: Corpus(contentsOf: url)) }
            #expect(error?.code == .corpusTooSmall)
            #expect(error?.message.contains("nothing.txt") == true)
        }
    }

    @Test("A file that is cut short while it is read gives an error that says where it ends")
    func shortened() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(String(repeating: "one two three\n", count: 200_000).utf8).write(to: url)
            let reading = try CorpusReading(
                [url],
                .standard,
                spool: nil,
                wordMemory: .max,
                cancellation: Cancellation()
            )
            try Data("one".utf8).write(to: url)
            let error = #expect(throws: VectorError.self) { try reading.run(threads: 2) }
            #expect(error?.code == .invalidFormat)
            #expect(error?.message.contains("corpus.txt' ends after 3 bytes") == true)
        }
    }
}

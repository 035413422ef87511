import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Sources of a corpus")
struct CorpusSourcesTests {
    private static let text: [UInt8] = {
        var random = SplitMix64(seed: 11)
        let lines = (0..<20_000).map { _ in
            (0..<Int.random(in: 0...12, using: &random)).map { _ in "w\(Int.random(in: 0..<900, using: &random))" }
        }
        return Array(lines.map { $0.joined(separator: " ") }.joined(separator: "\n").utf8)
    }()

    private func counted(
        _ corpus: Corpus,
        threads: Int = 2,
        wordMemory: Int = .max,
        spool: Spool = Spool(memory: .max),
        cancellation: Cancellation = Cancellation()
    ) throws(VectorError) -> CountedCorpus {
        try CountedCorpus(
            corpus,
            threads: threads,
            wordMemory: wordMemory,
            spool: spool,
            cancellation: cancellation
        )
    }

    /// A corpus as training sees it.
    private struct Content: Equatable {
        var words: [String]
        var counts: [Int]
        var passages: [[UInt32]]
    }

    private func content(_ counted: CountedCorpus) throws -> Content {
        let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil, cancellation: Cancellation())
        let encoded = EncodedCorpus(counted, vocabulary: vocabulary)
        return Content(
            words: vocabulary.words,
            counts: vocabulary.counts,
            passages: try (0..<encoded.count).map { try encoded.passage($0) }
        )
    }

    /// Bytes, compressed by gzip(1).
    private func gzip(_ bytes: some Sequence<UInt8>, in folder: URL) throws -> [UInt8] {
        let url = folder.appending(path: UUID().uuidString)
        try Data(bytes).write(to: url)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", url.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try Array(Data(contentsOf: url.appendingPathExtension("gz")))
    }

    // MARK: gzip

    @Test("A gzip file is the same corpus as its text", arguments: [500, 30_000, 1 << 20])
    func gzip(blockSize: Int) throws {
        try withTemporaryFolder { folder in
            let layout = TextLayout(blockSize: blockSize, lookAhead: 0)
            let plain = folder.appending(path: "1.txt")
            try Data(Self.text).write(to: plain)
            let expected = try content(counted(Corpus(contentsOf: [plain, plain], layout: layout)))
            let whole = try gzip(Self.text, in: folder)
            let members = try gzip(Self.text[..<70_001], in: folder) + gzip(Self.text[70_001...], in: folder)
            for bytes in [whole, members, whole + [UInt8](repeating: 0, count: 1000)] {
                let url = folder.appending(path: "2.txt.gz")
                try Data(bytes).write(to: url)
                for urls in [[url, url], [plain, url], [url, plain]] {
                    let found = try content(counted(Corpus(contentsOf: urls, layout: layout), threads: 3))
                    #expect(found == expected)
                }
            }
        }
    }

    @Test("A gzip file that is cut short, damaged, or followed by something else gives an error that names it")
    func damagedGzip() throws {
        try withTemporaryFolder { folder in
            let whole = try gzip(Self.text, in: folder)
            var damaged = whole
            for place in whole.count / 2..<whole.count / 2 + 50 { damaged[place] ^= 0xFF }
            var wrongSum = whole
            wrongSum[whole.count - 6] ^= 1
            let cases = [
                Array(whole.dropLast()), Array(whole.dropLast(8)), Array(whole[..<(whole.count / 2)]),
                Array(whole[..<5]), damaged, wrongSum, whole + [7], whole + [0, 0, 7], whole + whole.dropLast(3),
            ]
            for bytes in cases {
                let url = folder.appending(path: "damaged.gz")
                try Data(bytes).write(to: url)
                let error = #expect(throws: VectorError.self) { try counted(Corpus(contentsOf: url)) }
                #expect(error?.code == .invalidFormat)
                #expect(error?.message.contains("damaged.gz'") == true)
            }
        }
    }

    // MARK: Sentences

    private static let sentences = PlantedCorpus().sentences

    private static func configuration() -> Word2VecConfiguration {
        var configuration = Word2VecConfiguration()
        configuration.dimension = 16
        configuration.minimumCount = 1
        configuration.threads = 1
        return configuration
    }

    @Test("Lazy sequences, and such as can be gone through once, train as arrays do")
    func sequences() throws {
        let trainer = Word2VecTrainer(Self.configuration())
        let expected = try trainer.train(on: Corpus(sentences: Self.sentences)).vectors.matrix
        let lines = Self.sentences.map { $0.joined(separator: " ") }
        let lazy = Corpus(sentences: lines.lazy.map { $0.split(separator: " ") })
        #expect(try trainer.train(on: lazy).vectors.matrix == expected)
        #expect(try trainer.train(on: lazy).vectors.matrix == expected)

        var rest = Self.sentences[...]
        let once = Corpus(sentences: AnyIterator { rest.popFirst() })
        #expect(try trainer.train(on: once).vectors.matrix == expected)
        #expect(throws: VectorError.self) { try trainer.train(on: once) }
    }

    @Test("Sentences that arrive one by one train as arrays do, as often as one likes")
    func collected() async throws {
        let trainer = Word2VecTrainer(Self.configuration())
        let expected = try await trainer.train(on: Corpus(sentences: Self.sentences)).vectors.matrix
        let stream = AsyncStream { continuation in
            for sentence in Self.sentences { continuation.yield(sentence) }
            continuation.finish()
        }
        let corpus = try await Corpus(collecting: stream, memory: 10_000)
        for _ in 0..<2 {
            #expect(try await trainer.train(on: corpus).vectors.matrix == expected)
        }
    }

    private struct Broken: Error {}

    @Test("What an asynchronous sequence throws is passed on as it is")
    func failing() async throws {
        let stream = AsyncThrowingStream { continuation in
            continuation.yield(["a", "b"])
            continuation.finish(throwing: Broken())
        }
        await #expect(throws: Broken.self) { try await Corpus(collecting: stream) }
        let none = AsyncStream<[String]> { $0.finish() }
        await #expect(throws: VectorError.self) { try await Corpus(collecting: none, memory: -1) }
    }

    @Test("Reading an endless sequence ends when the task is cancelled")
    func cancellation() async throws {
        let endless = Task {
            try await Word2VecTrainer(Self.configuration()).train(
                on: Corpus(sentences: AnyIterator { ["a", "b", "c"] })
            ).vectors.count
        }
        endless.cancel()
        let error = await #expect(throws: VectorError.self) { try await endless.value }
        #expect(error?.code == .cancelled)

        let collecting = Task {
            _ = try await Corpus(collecting: AsyncStream { ["a", "b", "c"] })
        }
        collecting.cancel()
        let other = await #expect(throws: VectorError.self) { try await collecting.value }
        #expect(other?.code == .cancelled)
    }

    @Test("A reading that was cancelled before says so, wherever it is")
    func cancelledBefore() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(Self.text).write(to: url)
            let cancellation = Cancellation()
            let read = try counted(Corpus(contentsOf: url))
            cancellation.cancel()
            for corpus in [try Corpus(contentsOf: url), Corpus(sentences: Self.sentences)] {
                let error = #expect(throws: VectorError.self) { try counted(corpus, cancellation: cancellation) }
                #expect(error?.code == .cancelled)
            }
            let error = #expect(throws: VectorError.self) {
                try Vocabulary(read, minimumCount: 1, maximumSize: nil, cancellation: cancellation)
            }
            #expect(error?.code == .cancelled)
        }
    }

    // MARK: Memory

    @Test("In too little memory rare words are forgotten by the stated rule", arguments: 0..<8 as Range<UInt64>)
    func pruning(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let words = (0..<20_000).map { _ in
            // Few frequent words and many rare ones.
            "w\(Int(1000 * pow(Double.random(in: 0..<1, using: &random), 4)))"
        }
        let limit = 100
        var counts: [String: Int] = [:]
        var threshold = 0
        var lost = 0
        for word in words {
            counts[word, default: 0] += 1
            while counts.count > limit {
                threshold = max(threshold + 1, counts.values.sorted()[(counts.count + 3) / 4 - 1])
                lost += counts.values.filter { $0 <= threshold }.reduce(0, +)
                counts = counts.filter { $0.value > threshold }
            }
        }
        #expect(lost > 0 && !counts.isEmpty)

        let bytesPerWord = 88
        let counted = try counted(Corpus(sentences: [words]), threads: 1, wordMemory: limit * bytesPerWord)
        let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil, cancellation: Cancellation())
        #expect(Dictionary(uniqueKeysWithValues: zip(vocabulary.words, vocabulary.counts)) == counts)
        #expect(vocabulary.prunedTotal == lost)
        #expect(vocabulary.corpusTotal == words.count)
        try expectCountsHold(counted, vocabulary)
    }

    @Test("With several threads, too, what is left of the text agrees with the counts, and nothing is lost unsaid")
    func parallelPruning() throws {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Data(Self.text).write(to: url)
            let corpus = try Corpus(contentsOf: [url], layout: TextLayout(blockSize: 20_000, lookAhead: 0))
            let counted = try counted(corpus, threads: 3, wordMemory: 300 * 88)
            let vocabulary = try Vocabulary(counted, minimumCount: 1, maximumSize: nil, cancellation: Cancellation())
            #expect(vocabulary.prunedTotal > 0)
            let words = String(decoding: Self.text, as: UTF8.self).split { $0 == " " || $0 == "\n" }
            #expect(vocabulary.corpusTotal == words.count)
            #expect(vocabulary.total + vocabulary.prunedTotal == words.count)
            try expectCountsHold(counted, vocabulary)
        }
    }

    /// Expects each word to stand in the passages as often as it was counted.
    private func expectCountsHold(_ counted: CountedCorpus, _ vocabulary: Vocabulary) throws {
        let encoded = EncodedCorpus(counted, vocabulary: vocabulary)
        var found = [Int](repeating: 0, count: vocabulary.count)
        for passage in 0..<encoded.count {
            for number in try encoded.passage(passage) where number != EncodedCorpus.sentenceEnd {
                found[Int(number)] += 1
            }
        }
        #expect(found == vocabulary.counts)
    }

    @Test("A full disk gives an error that names the folder and the bytes", .enabled(if: SmallDisk.isPossible))
    func fullDisk() throws {
        try SmallDisk.withMounted(kilobytes: 64) { folder in
            let corpus = Corpus(sentences: [[String]](repeating: ["a", "b"], count: 20_000))
            let error = #expect(throws: VectorError.self) {
                try counted(corpus, spool: Spool(memory: 0, folder: folder.path))
            }
            #expect(error?.code == .inputOutput)
            #expect(error?.message.contains("'\(folder.path)'") == true)
            #expect(error?.message.contains("60000 bytes") == true)
            #expect(error?.message.contains("No space left") == true)
            // The file had no name any more, and its space is free again.
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
            try Data(count: 50_000).write(to: folder.appending(path: "as large as before"))
        }
    }

    @Test("A folder in which no temporary file can be made is named")
    func noTemporaryFolder() {
        let error = #expect(throws: VectorError.self) {
            try counted(Corpus(sentences: [["a", "b"]]), spool: Spool(memory: 0, folder: "/nowhere/at/all"))
        }
        #expect(error?.code == .inputOutput)
        #expect(error?.message.contains("'/nowhere/at/all'") == true)
    }
}

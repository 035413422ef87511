import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Phrases")
struct PhrasesTests {
    private let graph = [
        ["trees", "graph", "minors"], ["graph", "minors", "survey"], ["the", "graph", "of", "minors"],
        ["graph", "minors"], ["trees", "of", "the", "graph"], ["survey", "of", "trees"],
    ]

    private func learner(_ change: (inout PhraseLearner) -> Void = { _ in }) -> PhraseLearner {
        var learner = PhraseLearner()
        learner.minimumCount = 1
        learner.threshold = 1
        change(&learner)
        return learner
    }

    /// The sentences of a corpus, by way of its text.
    private func sentences(of corpus: Corpus) throws -> [[String]] {
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "text")
            try corpus.write(to: url)
            return try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
                .map { $0.split(separator: " ").map(String.init) }
        }
    }

    @Test("Scores and joined words are gensim's")
    func gensim() throws {
        // gensim 4.4.0, Phrases(graph, min_count=1, threshold=…).find_phrases(graph)
        let ratio = try learner { $0.threshold = 0.5 }.learn(from: Corpus(sentences: graph))
        #expect(ratio.vocabularySize == 16 && ratio.corpusTotal == 19)
        try expect(ratio.found(in: Corpus(sentences: graph)), [("graph_minors", 1.6), ("the_graph", 1.6)])
        let npmi = try learner {
            $0.scoring = .npmi
            $0.threshold = 0.2
        }.learn(from: Corpus(sentences: graph))
        try expect(
            npmi.found(in: Corpus(sentences: graph)),
            [
                ("graph_minors", 0.567398336838334), ("the_graph", 0.5929933505548589),
                ("trees_of", 0.2537713999567261), ("survey_of", 0.3914767866117248),
            ]
        )
        let connected = try learner {
            $0.threshold = 0.3
            $0.connectorWords = ["of", "the"]
        }.learn(from: Corpus(sentences: graph))
        #expect(connected.vocabularySize == 10)
        try expect(connected.found(in: Corpus(sentences: graph)), [("graph_minors", 1)])
        #expect(connected.join(graph[2]) == ["the", "graph", "of", "minors"])
        #expect(connected.join(graph[1]) == ["graph_minors", "survey"])
    }

    private func expect(_ found: [Phrases.Found], _ expected: [(String, Double)]) {
        #expect(found.map(\.phrase).sorted() == expected.map(\.0).sorted())
        for (phrase, score) in expected {
            #expect(abs((found.first { $0.phrase == phrase }?.score ?? .nan) - score) < 1e-12, "\(phrase)")
        }
        #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
    }

    @Test("Learned and joined as by dictionaries of text, over seeds", arguments: 0..<24 as Range<UInt64>)
    func againstDictionaries(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        // Some words hold the delimiter, so that words and pairs are written alike; some are long; few are frequent.
        let words = (0..<Int.random(in: 3...40, using: &random)).map { number in
            [
                "w\(number)", "a_w\(number % 3)", "w\(number % 5)_w\(number % 4)",
                "ein-langes-wort-\(number)", "größe\(number)",
            ].randomElement(using: &random)!
        }
        let text = (0..<Int.random(in: 1...400, using: &random)).map { _ in
            (0..<Int.random(in: 1...12, using: &random)).map { _ in
                words[min(words.count - 1, Int(abs(Double.random(in: -1...1, using: &random)) * Double(words.count)))]
            }
        }
        let learner = learner {
            $0.minimumCount = Int.random(in: 1...6, using: &random)
            $0.scoring = seed.isMultiple(of: 2) ? .ratio : .npmi
            $0.threshold = Double.random(in: 0.01...0.6, using: &random)
            $0.delimiter = ["_", "_", "++", "ß"].randomElement(using: &random)!
            $0.connectorWords = Set(words.prefix(Int.random(in: 0...4, using: &random)))
            if seed.isMultiple(of: 3) { $0.maximumVocabulary = Int.random(in: 1...200, using: &random) }
        }
        let reference = DictionaryPhrases(text, learner)
        let phrases = try learner.learn(from: Corpus(sentences: text))
        #expect(phrases.vocabularySize == reference.counts.count)
        let expected = text.map(reference.analyze)
        for (sentence, expected) in zip(text, expected) {
            let found = phrases.analyze(sentence)
            #expect(found.map(\.word) == expected.map(\.word))
            #expect(found.map(\.score) == expected.map(\.score))
            #expect(phrases.join(sentence) == expected.map(\.word))
        }
        #expect(try sentences(of: phrases.join(Corpus(sentences: text))) == expected.map { $0.map(\.word) })
        let found = try phrases.found(in: Corpus(sentences: text))
        let counts = Dictionary(expected.joined().filter { $0.score != nil }.map { ($0.word, 1) }, uniquingKeysWith: +)
        #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.phrase, $0.count) }) == counts)

        try withTemporaryFolder { folder in
            let url = folder.appending(path: "phrases")
            try phrases.write(to: url)
            let again = try Phrases(contentsOf: url)
            #expect(again.settings.connectorWords == learner.connectorWords)
            for (sentence, expected) in zip(text, expected) {
                #expect(again.analyze(sentence).map(\.score) == expected.map(\.score))
            }
        }
    }

    @Test("Learned twice, phrases have three words and more; a collected corpus can be joined again and again")
    func trigrams() async throws {
        let text = (0..<200).map { number in
            ["in", "new", "york", "city", "w\(number % 40)", "v\(number % 30)"]
        }
        let corpus = try await Corpus(collecting: AsyncStream(text))
        let learner = learner {
            $0.minimumCount = 5
            $0.threshold = 0.5
        }
        let bigrams = try await learner.learn(from: corpus)
        #expect(bigrams.join(["new", "york", "city", "in", "new", "jersey"]).contains("york_city") == false)
        let joined = try await bigrams.join(corpus)
        let trigrams = try await learner.learn(from: joined)
        let words = try await sentences(of: trigrams.join(joined))[0]
        #expect(words[0].hasPrefix("in_new_york_city") && words.count < 6)
        #expect(try sentences(of: corpus)[0].count == 6)

        var configuration = Word2VecConfiguration()
        configuration.dimension = 4
        let model = try await Word2VecTrainer(configuration).train(on: trigrams.join(joined))
        #expect(model.vectors.contains(words[0]))
    }

    @Test("Files, plain text or gzip, are learned from as their sentences are, whatever the memory")
    func files() throws {
        let text = PlantedCorpus(sentences: 500).sentences
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "text")
            try Corpus(sentences: text).write(to: url)
            let learner = learner { $0.corpusMemory = 0 }
            let expected = try learner.learn(from: Corpus(sentences: text))
            let phrases = try learner.learn(from: Corpus(contentsOf: url))
            for sentence in text { #expect(phrases.join(sentence) == expected.join(sentence)) }
            #expect(try sentences(of: phrases.join(Corpus(contentsOf: url))) == text.map(expected.join))
        }
    }

    @Test("Settings out of range, empty text and files that hold no phrases give an error")
    func refused() throws {
        let changes: [(inout PhraseLearner) -> Void] = [
            { $0.minimumCount = 0 }, { $0.threshold = 0 }, { $0.threshold = .nan }, { $0.threshold = .infinity },
            { $0.delimiter = "" }, { $0.delimiter = String(repeating: "x", count: 65) },
            { $0.maximumVocabulary = 0 }, { $0.corpusMemory = -1 },
            {
                $0.scoring = .npmi
                $0.threshold = 1.5
            },
        ]
        for change in changes {
            let error = #expect(throws: VectorError.self) {
                try learner(change).learn(from: Corpus(sentences: graph))
            }
            #expect(error?.code == .invalidArgument)
        }
        let empty = #expect(throws: VectorError.self) {
            try learner().learn(from: Corpus(sentences: [[String]]()))
        }
        #expect(empty?.code == .corpusTooSmall)
        let spaced = try learner().join(Corpus(sentences: [["a b", "c"]]), through: graph)
        try withTemporaryFolder { folder in
            let error = #expect(throws: VectorError.self) { try spaced.write(to: folder.appending(path: "text")) }
            #expect(error?.code == .invalidArgument && error?.message.contains("'a b'") == true)

            let url = folder.appending(path: "phrases")
            try learner().learn(from: Corpus(sentences: graph)).write(to: url)
            let whole = try String(contentsOf: url, encoding: .utf8)
            let lines = whole.split(separator: "\n").map(String.init)
            let broken = [
                "", "{}", lines[1...].joined(separator: "\n"), lines.dropLast().joined(separator: "\n"),
                whole + "3 trees\n", whole + "0 new\n", whole + "new\n", whole + "3 \n",
                whole.replacingOccurrences(of: "\"minimumCount\":1", with: "\"minimumCount\":0"),
                whole.replacingOccurrences(of: "phrases 1", with: "phrases 2"),
            ]
            for text in broken {
                try text.write(to: url, atomically: true, encoding: .utf8)
                let error = #expect(throws: VectorError.self) { try Phrases(contentsOf: url) }
                #expect(error?.code == .invalidFormat, "\(text)")
            }
        }
    }

    @Test("A cancelled task learns and joins nothing")
    func cancelled() async throws {
        let text = PlantedCorpus(sentences: 2000).sentences
        let phrases = try await learner().learn(from: Corpus(sentences: text))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            let error = await #expect(throws: VectorError.self) {
                _ = try await learner().learn(from: Corpus(sentences: text))
            }
            #expect(error?.code == .cancelled)
            let other = await #expect(throws: VectorError.self) {
                _ = try await phrases.join(Corpus(sentences: text))
            }
            #expect(other?.code == .cancelled)
        }
        await task.value
    }

    @Test("Progress is told up to the end")
    func progress() throws {
        let text = PlantedCorpus(sentences: 2000).sentences
        var told: [Double] = []
        let phrases = try learner().learn(from: Corpus(sentences: text)) { told.append($0) }
        _ = try phrases.join(Corpus(sentences: text)) { told.append($0 + 1) }
        #expect(told.last == 2 && told.contains(1) && told == told.sorted())
    }
}

extension PhraseLearner {
    fileprivate func join(_ corpus: Corpus, through text: [[String]]) throws -> Corpus {
        try learn(from: Corpus(sentences: text)).join(corpus)
    }
}

extension AsyncStream where Element: Sendable {
    fileprivate init(_ elements: [Element]) {
        self.init { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}

/// The same by dictionaries of text, as plainly as can be.
private struct DictionaryPhrases {
    var counts: [String: Int] = [:]
    private var total = 0
    private let learner: PhraseLearner

    init(_ text: [[String]], _ learner: PhraseLearner) {
        self.learner = learner
        var least = 1
        for sentence in text {
            total += sentence.count
            let places = sentence.indices.filter { !learner.connectorWords.contains(sentence[$0]) }
            for place in places { counts[sentence[place], default: 0] += 1 }
            for (place, next) in zip(places, places.dropFirst()) {
                counts[joined(sentence[place...next]), default: 0] += 1
            }
            if counts.count > learner.maximumVocabulary {
                counts = counts.filter { $0.value >= least }
                least += 1
            }
        }
    }

    private func joined(_ words: ArraySlice<String>) -> String { words.joined(separator: learner.delimiter) }

    private func score(_ pair: ArraySlice<String>) -> Double? {
        guard let a = counts[pair.first ?? ""], let b = counts[pair.last ?? ""], let ab = counts[joined(pair)] else {
            return nil
        }
        let score: Double
        switch learner.scoring {
        case .ratio:
            score = Double(ab - learner.minimumCount) / Double(a * b) * Double(counts.count)
        case .npmi:
            if ab < learner.minimumCount { return nil }
            let (pa, pb, pab) = (Double(a) / Double(total), Double(b) / Double(total), Double(ab) / Double(total))
            score = log(pab / (pa * pb)) / -log(pab)
        }
        return score > learner.threshold ? score : nil
    }

    func analyze(_ sentence: [String]) -> [(word: String, score: Double?)] {
        var result: [(word: String, score: Double?)] = []
        var place = 0
        while place < sentence.count {
            let isConnector = { (word: String) in learner.connectorWords.contains(word) }
            if !isConnector(sentence[place]),
                let next = sentence.indices.first(where: { $0 > place && !isConnector(sentence[$0]) }),
                let score = score(sentence[place...next])
            {
                result.append((joined(sentence[place...next]), score))
                place = next + 1
            } else {
                result.append((sentence[place], nil))
                place += 1
            }
        }
        return result
    }
}

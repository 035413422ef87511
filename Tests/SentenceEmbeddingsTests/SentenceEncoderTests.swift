import Foundation
import SentenceEmbeddings
import TestSupport
import Testing
import Vectors
import VectorsC

@Suite("Sentence encoders")
struct SentenceEncoderTests {
    /// Texts of many lengths out of a fixture's words, from a fixed seed.
    private func manyTexts(_ fixture: ModelFixture, count: Int) throws -> [String] {
        var random = SplitMix64(seed: 3)
        let words = try fixture.texts().flatMap { $0.split(separator: " ") }
        return (0..<count).map { _ in
            (0..<Int.random(in: 0..<40, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
                .joined(separator: " ")
        }
    }

    @Test(
        "Hidden states are those of transformers, at every length and level",
        arguments: ModelFixture.transformers,
        KernelLevel.available
    )
    func states(fixture: ModelFixture, level: KernelLevel) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder, precision: .float32, level: level)
        let states = try encoder.states(of: fixture.ids())
        let expected = try fixture.expected("states")
        #expect(largestDifference(states.values, expected.values) < 1e-5)
    }

    @Test(
        "Vectors are those of sentence-transformers and Model2Vec",
        arguments: ModelFixture.encoders,
        KernelLevel.available
    )
    func vectors(fixture: ModelFixture, level: KernelLevel) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder, precision: .float32, level: level)
        let vectors = try encoder.encode(fixture.texts())
        let expected = try fixture.expected("vectors")
        #expect(vectors.dimension == expected.dimension && encoder.dimension == expected.dimension)
        #expect(largestDifference(vectors.values, expected.values) < 2e-6)
    }

    @Test("8-bit vectors are near those, at every level", arguments: ModelFixture.transformers, KernelLevel.available)
    func quantized(fixture: ModelFixture, level: KernelLevel) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder, precision: .int8, level: level)
        let vectors = try encoder.encode(fixture.texts())
        let expected = try fixture.expected("vectors")
        #expect(leastCosine(vectors, expected) > 0.9999)
        // Not the same: otherwise nothing was rounded.
        #expect(largestDifference(vectors.values, expected.values) > 1e-5)
    }

    @Test(
        "A text has the same bits alone, in a batch, and with any number of threads",
        arguments: ModelFixture.encoders,
        EncoderPrecision.allCases
    )
    func independence(fixture: ModelFixture, precision: EncoderPrecision) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder, precision: precision)
        let texts = try manyTexts(fixture, count: 150)
        let whole = try encoder.encode(texts, threads: 1)
        for threads in [2, 3, 5] as [ThreadLimit] {
            #expect(try encoder.encode(texts, threads: threads) == whole)
            #expect(try encoder.encode(texts[10..<17], threads: threads) == whole[10..<17])
        }
        for row in stride(from: 0, to: texts.count, by: 7) {
            #expect(try encoder.encode(texts[row], threads: 2) == Array(whole[row]))
        }
        #expect(try encoder.encode(texts.reversed(), threads: 2).reversed().map(Array.init) == whole.map(Array.init))
    }

    @Test("Many callers at once get what one gets")
    func callersAtOnce() throws {
        let fixture = ModelFixture("bert")
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        let texts = try manyTexts(fixture, count: 60)
        let whole = try encoder.encode(texts)
        onThreads(6) { caller in
            let found = try? encoder.encode(texts, threads: .threads(caller % 3 + 1))
            #expect(found == whole)
        }
    }

    @Test("Async calls give the same; a cancelled task ends them")
    func async() async throws {
        let fixture = ModelFixture("mpnet")
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        let texts = try fixture.texts()
        let vectors = try await encoder.encode(texts, prompt: nil, threads: 2)
        #expect(vectors.count == texts.count)
        #expect(try await encoder.encode(texts[1]) == Array(vectors[1]))
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await encoder.encode(texts)
        }
        task.cancel()
        await #expect {
            _ = try await task.value
        } throws: { error in
            (error as? VectorError)?.code == .cancelled
        }
    }

    @Test("Progress grows up to 1")
    func progress() throws {
        let fixture = ModelFixture("bert")
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        for count in [3, 400] {
            var shares: [Double] = []
            _ = try encoder.encode(manyTexts(fixture, count: count), threads: 1) { shares.append($0) }
            #expect(shares == shares.sorted() && shares.last == 1)
        }
    }

    @Test("Prompts: the model's default, any other, none")
    func prompts() throws {
        let fixture = ModelFixture("roberta")
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        #expect(encoder.prompts["query"] == "query: " && encoder.prompts["passage"] == "passage: ")
        #expect(encoder.defaultPromptName == "query")
        let text = "Water turns into ice."
        let plain = try encoder.encode(text, prompt: "")
        #expect(try encoder.encode(text) == encoder.encode("query: " + text, prompt: ""))
        #expect(try encoder.encode(text) == encoder.encode(text, prompt: encoder.prompts["query"]))
        #expect(try encoder.encode(text) != plain)
    }

    @Test("Odd texts have vectors", arguments: ModelFixture.encoders)
    func oddTexts(fixture: ModelFixture) throws {
        let encoder = try SentenceEncoder(contentsOf: fixture.folder)
        let texts = [
            "", " ", "\0", "\u{FFFD}", String(repeating: "a", count: 300_000),
            String(repeating: "the ", count: 300_000),
            String(repeating: "e\u{301}", count: 10_000), "\u{10FFFF}\u{202E}\u{FEFF}",
        ]
        let vectors = try encoder.encode(texts, prompt: "")
        #expect(vectors.count == texts.count && vectors.values.allSatisfy(\.isFinite))
        #expect(try encoder.encode([String]()).count == 0)
    }

    @Test("The fingerprint knows the weights, the settings and the precision, and not the place")
    func fingerprint() throws {
        let fixture = ModelFixture("bert")
        let own = try SentenceEncoder(contentsOf: fixture.folder).fingerprint
        #expect(try SentenceEncoder(contentsOf: fixture.folder, precision: .int8).fingerprint == own + "-int8")
        try fixture.withCopy { folder in
            #expect(try SentenceEncoder(contentsOf: folder).fingerprint == own)
            let pooling = folder.appending(path: "1_Pooling/config.json")
            try Data(#"{"word_embedding_dimension": 32, "pooling_mode_cls_token": true}"#.utf8).write(to: pooling)
            let other = try SentenceEncoder(contentsOf: folder).fingerprint
            #expect(other.prefix(8) == own.prefix(8) && other != own)
        }
    }

    @Test("ModernBERT's settings in the spelling before transformers 5 give the same bits")
    func olderSpelling() throws {
        let fixture = ModelFixture("modernbert")
        let vectors = try SentenceEncoder(contentsOf: fixture.folder).encode(fixture.texts())
        try fixture.withCopy { folder in
            let url = folder.appending(path: "config.json")
            try changeJSON(url) { settings in
                settings["layer_types"] = nil
                settings["rope_parameters"] = nil
                settings["global_rope_theta"] = 160_000.0
                settings["local_rope_theta"] = 10_000.0
            }
            #expect(try SentenceEncoder(contentsOf: folder).encode(fixture.texts()) == vectors)
            try changeJSON(url) { $0["local_rope_theta"] = 1000.0 }
            #expect(try SentenceEncoder(contentsOf: folder).encode(fixture.texts()) != vectors)
        }
    }

    @Test("A cross-encoder's scores are those of sentence-transformers", arguments: KernelLevel.available)
    func crossEncoder(level: KernelLevel) throws {
        let fixture = ModelFixture("cross-encoder")
        let encoder = try CrossEncoder(contentsOf: fixture.folder, precision: .float32, level: level)
        let texts = try fixture.texts()
        let scores = try encoder.score(texts[0], texts)
        #expect(largestDifference(scores, try fixture.expected("scores").values) < 1e-6)
        for (text, score) in zip(texts, scores) {
            let alone = try encoder.score(texts[0], [text])
            #expect(alone == [score])
        }
        #expect(try encoder.score(texts[0], texts, threads: 3) == scores)
        #expect(try encoder.score("", []).isEmpty)
        let small = try CrossEncoder(contentsOf: fixture.folder, precision: .int8, level: level)
        #expect(largestDifference(try small.score(texts[0], texts), scores) < 1e-3)
    }

    @Test("Scores without the logistic function, where the settings say so")
    func logits() throws {
        let fixture = ModelFixture("cross-encoder")
        let texts = try fixture.texts()
        let scores = try CrossEncoder(contentsOf: fixture.folder).score(texts[0], texts)
        try fixture.withCopy { folder in
            let url = folder.appending(path: "config.json")
            let text = try String(contentsOf: url, encoding: .utf8)
            let own = #"{"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity","#
            try Data((own + text.dropFirst()).utf8).write(to: url)
            let logits = try CrossEncoder(contentsOf: folder).score(texts[0], texts)
            #expect(largestDifference(logits.map { 1 / (1 + exp(-$0)) }, scores) < 1e-6)
            #expect(largestDifference(logits, scores) > 0.1)
        }
    }
}

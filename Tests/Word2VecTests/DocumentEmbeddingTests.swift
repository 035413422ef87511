import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Document vectors")
struct DocumentEmbeddingTests {
    private func words() throws -> WordVectors {
        try WordVectors(
            words: ["the", "sea", "salt", "état"],
            matrix: VectorMatrix(rows: [[1, 0, 2], [0, 4, -1], [3, 3, 3], [-2, 0.5, 8]])
        )
    }

    private func vocabulary() throws -> Vocabulary {
        try Vocabulary(of: Corpus(sentences: [["the", "the", "the", "sea", "the", "sea", "rare"]]), minimumCount: 1)
    }

    @Test("A document's vector is the mean of its known words' vectors, each as often as it occurs")
    func mean() throws {
        let embedding = try DocumentEmbedding(words())
        let vectors = try embedding.vectors(of: ["the sea", "salt", "the unknown the\nsalt The", "état état"])
        #expect(vectors.count == 4 && vectors.dimension == 3)
        #expect(Array(vectors[0]) == [0.5, 2, 0.5])
        #expect(Array(vectors[1]) == [3, 3, 3])
        #expect(zip(vectors[2], [5.0 / 3, 1, 7.0 / 3]).allSatisfy { abs($0 - Float($1)) < 1e-6 })
        #expect(Array(vectors[3]) == [-2, 0.5, 8])
        #expect(embedding.weights == nil && embedding.commonComponent == nil)
    }

    @Test("A document without known words has a row of zeros, whatever is taken away; no documents give no rows")
    func unknown() throws {
        let mean = try DocumentEmbedding(words())
        let sif = try mean.removingFirstComponent(of: mean.vectors(of: ["the sea", "salt"]))
        for embedding in [mean, sif] {
            let vectors = try embedding.vectors(of: ["", "nothing known here", " \t\r\n", "sea"])
            for row in 0..<3 { #expect(vectors[row].allSatisfy { $0 == 0 }) }
            #expect(!vectors[3].allSatisfy { $0 == 0 })
            #expect(try embedding.vectors(of: [String]()).isEmpty)
            #expect(try embedding.vectors(of: [[String]]()).isEmpty)
        }
    }

    @Test("Texts are split as the corpus is, over seeds", arguments: 0..<10 as Range<UInt64>)
    func split(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let letters: [Character] = [
            "a", "b", "é", "日", " ", "\t", "\u{B}", "\u{C}", "\r", "\n", "\r\n", "\u{A0}", "\u{2003}", "\u{85}",
            "\u{1}",
        ]
        let text = String((0..<400).map { _ in letters.randomElement(using: &random)! })
        let vocabulary = try withTemporaryFolder { folder in
            let url = folder.appending(path: "text")
            try Data(text.utf8).write(to: url)
            return try Vocabulary(of: Corpus(contentsOf: url), minimumCount: 1)
        }
        // One dimension a word: the document's vector is each word's share.
        var unit = [Float](repeating: 0, count: vocabulary.count * vocabulary.count)
        for word in 0..<vocabulary.count { unit[word * (vocabulary.count + 1)] = 1 }
        let words = try WordVectors(
            words: vocabulary.words,
            matrix: VectorMatrix(unit, dimension: vocabulary.count)
        )
        let shares = try DocumentEmbedding(words).vectors(of: [text])[0]
        for (share, count) in zip(shares, vocabulary.counts) {
            #expect(abs(share - Float(count) / Float(vocabulary.total)) < 1e-6)
        }
    }

    @Test("Words that have already been split are taken as they are")
    func lists() async throws {
        let words = try WordVectors(
            words: ["New York", "sea"],
            matrix: VectorMatrix(rows: [[2, 0], [0, 2]])
        )
        let embedding = DocumentEmbedding(words)
        let documents = [["New York", "sea"], [], ["New", "York", "sea"]]
        let vectors = try blocking { try embedding.vectors(of: documents) }
        #expect(vectors.values == [1, 1, 0, 0, 0, 2])
        #expect(try await embedding.vectors(of: documents) == vectors)
    }

    @Test("Smooth inverse frequency weighs a word a / (a + its share), one that was not counted 1")
    func weights() throws {
        let embedding = try DocumentEmbedding(words(), vocabulary: vocabulary(), a: 0.5)
        let expected: [Float] = [0.5 / (0.5 + 4.0 / 7), 0.5 / (0.5 + 2.0 / 7), 1, 1]
        let weights = try #require(embedding.weights)
        #expect(zip(weights, expected).allSatisfy { abs($0 - $1) < 1e-6 })
        // Divided by the number of words, not by the sum of weights, as in the paper.
        let vector = try embedding.vectors(of: ["the salt nothing"])[0]
        let sum = (0..<3).map { (expected[0] * [1, 0, 2][$0] + 3) / 2 }
        #expect(zip(vector, sum).allSatisfy { abs($0 - $1) < 1e-6 })
        let usual = try #require(DocumentEmbedding(words(), vocabulary: vocabulary()).weights)
        #expect(abs(usual[0] - Float(1e-3 / (1e-3 + 4.0 / 7))) < 1e-9)
    }

    @Test("The first component is what numpy and scikit-learn find, whatever the number of threads")
    func peer() throws {
        let values = (0..<240).map { number -> Float in
            let (row, column) = (Double(number / 6), Double(number % 6))
            return Float(sin(5 * row + column * column) + 0.3 * column * cos(row))
        }
        let matrix = try VectorMatrix(values, dimension: 6)
        // numpy.linalg.svd(matrix)[2][0] and TruncatedSVD(1, algorithm="arpack").fit(matrix).components_[0]
        let expected: [Float] = [-0.2560441, -0.1179355, 0.4312319, 0.4876277, 0.6608812, 0.2450040]
        let words = try WordVectors(words: ["a"], matrix: VectorMatrix([1, 1, 1, 1, 1, 1], dimension: 6))
        let found = try DocumentEmbedding(words).removingFirstComponent(of: matrix, threads: 1)
        let component = found.commonComponent ?? []
        #expect(component.count == 6 && zip(component, expected).allSatisfy { abs($0 - $1) < 1e-5 })
        let others = try DocumentEmbedding(words).removingFirstComponent(of: matrix, threads: 4)
        #expect(others.commonComponent == component)
    }

    @Test(
        "No direction has more of the documents than the one taken away, over seeds",
        arguments: 0..<10 as Range<UInt64>
    )
    func most(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let dimension = Int.random(in: 1...20, using: &random)
        let scale = Float([1, 1e-42, 1e-20, 1e20, 1e36][Int(seed) % 5])
        let values = (0..<200 * dimension).map { _ in random.nextGaussian() * scale }
        let documents = try VectorMatrix(values, dimension: dimension)
        let words = try WordVectors(words: ["a"], matrix: documents[0..<1])
        let embedding = try DocumentEmbedding(words).removingFirstComponent(of: documents)
        let component = embedding.commonComponent ?? []
        #expect(component.count == dimension)
        #expect(abs(component.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        #expect(component.max { $0.magnitude < $1.magnitude }! > 0)
        func share(_ direction: [Float]) -> Double {
            let length = direction.reduce(0) { $0 + Double($1) * Double($1) }
            return (0..<documents.count).reduce(0) { sum, row in
                let along = zip(documents[row], direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                return sum + along * along / length / Double(scale) / Double(scale)
            }
        }
        let most = share(component)
        for _ in 0..<50 {
            // Close ones, too.
            let step = Float.random(in: 0.001...2, using: &random)
            #expect(share(component.map { $0 + step * random.nextGaussian() }) <= most * (1 + 1e-5))
        }
    }

    @Test("A direction is found that stands at right angles to the mean")
    func rightAngles() throws {
        let documents = try VectorMatrix(rows: [[1, 10], [1, -10], [1, 10], [1, -10]])
        let words = try WordVectors(words: ["a"], matrix: VectorMatrix([3, 4], dimension: 2))
        let embedding = try DocumentEmbedding(words).removingFirstComponent(of: documents)
        #expect(embedding.commonComponent.map { abs($0[0]) < 1e-6 && $0[1] == 1 } == true)
        let vector = try embedding.vectors(of: ["a"])[0]
        #expect(abs(vector[0] - 3) < 1e-5 && abs(vector[1]) < 1e-5)
    }

    @Test("What was learned from some documents is taken away from others, and nothing else")
    func newDocuments() throws {
        let weighted = try DocumentEmbedding(words(), vocabulary: vocabulary())
        let sif = try weighted.removingFirstComponent(of: weighted.vectors(of: ["the sea", "the salt sea", "salt"]))
        let component = try #require(sif.commonComponent)
        #expect(sif.weights == weighted.weights)
        let documents = ["état the", "sea", "salt salt sea"]
        let (before, after) = (try weighted.vectors(of: documents), try sif.vectors(of: documents))
        for row in 0..<documents.count {
            let along = zip(before[row], component).reduce(0) { $0 + $1.0 * $1.1 }
            let expected = zip(before[row], component).map { $0 - along * $1 }
            #expect(zip(after[row], expected).allSatisfy { abs($0 - $1) < 1e-5 })
        }
        // Learned again, the new direction takes the old one's place.
        let again = try sif.removingFirstComponent(of: weighted.vectors(of: ["état"]))
        #expect(try again.vectors(of: ["état"])[0].allSatisfy { abs($0) < 1e-5 })
    }

    @Test("The variants that don't block give the same, and progress ends at 1")
    func asynchronous() async throws {
        let documents = (0..<1000).map { ["the sea", "salt", "état sea unknown"][$0 % 3] }
        let embedding = try DocumentEmbedding(words())
        var shares: [Double] = []
        let vectors = try blocking { try embedding.vectors(of: documents, threads: 1) { shares.append($0) } }
        #expect(shares == shares.sorted() && shares.allSatisfy { 0...1 ~= $0 } && shares.last == 1)
        #expect(try await embedding.vectors(of: documents) == vectors)
        let learned = try blocking { try embedding.removingFirstComponent(of: vectors) { shares.append($0) } }
        #expect(shares.allSatisfy { 0...1 ~= $0 } && shares.last == 1)
        #expect(try await embedding.removingFirstComponent(of: vectors).commonComponent == learned.commonComponent)
    }

    @Test("Work whose task is cancelled ends with that error")
    func cancellation() async throws {
        let embedding = try DocumentEmbedding(words())
        let vectors = try blocking { try embedding.vectors(of: ["the sea", "salt"]) }
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try blocking { try embedding.vectors(of: ["sea"]) } },
            { _ = try await embedding.vectors(of: ["sea"]) },
            { _ = try await embedding.vectors(of: [["sea"]]) },
            { _ = try blocking { try embedding.removingFirstComponent(of: vectors) } },
            { _ = try await embedding.removingFirstComponent(of: vectors) },
        ]
        for call in calls {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await call()
            }
            task.cancel()
            let error = await #expect(throws: VectorError.self) { try await task.value }
            #expect(error?.code == .cancelled)
        }
    }

    @Test("Arguments that make no sense give errors")
    func refused() throws {
        for a in [0, -1, .nan, .infinity] {
            let error = #expect(throws: VectorError.self) {
                try DocumentEmbedding(words(), vocabulary: vocabulary(), a: a)
            }
            #expect(error?.code == .invalidArgument && error?.message.contains("\(a)") == true)
        }
        let embedding = try DocumentEmbedding(words())
        let cases: [([Float], Int, VectorError.Code)] = [
            ([1, 2], 2, .invalidArgument), ([], 3, .invalidArgument), ([0, 0, 0, 0, 0, 0], 3, .invalidArgument),
            ([0, 0, 1, 0, .nan, 0], 3, .notFinite), ([0, 0, .infinity], 3, .notFinite),
        ]
        for (values, dimension, code) in cases {
            let error = #expect(throws: VectorError.self) {
                try embedding.removingFirstComponent(of: VectorMatrix(values, dimension: dimension))
            }
            #expect(error?.code == code)
        }
        // No words at all: every document is unknown.
        let empty = try DocumentEmbedding(WordVectors(words: [], matrix: VectorMatrix([], dimension: 2)))
        #expect(try empty.vectors(of: ["a b"]).values == [0, 0])
        // The largest floats neither end the process nor come out as NaN.
        let huge = try WordVectors(
            words: ["a", "b"],
            matrix: VectorMatrix([.greatestFiniteMagnitude, 1, .greatestFiniteMagnitude, -1], dimension: 2)
        )
        let largest = DocumentEmbedding(huge)
        #expect(try largest.vectors(of: ["a b a b"])[0].allSatisfy(\.isFinite))
        #expect(try largest.removingFirstComponent(of: huge.matrix).commonComponent?[0] == 1)
    }
}

/// Calls the variants that block from a test that is async itself.
private func blocking<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }

import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Word vectors")
struct WordVectorsTests {
    /// In the plane, by angle and length.
    private func plane(_ words: [(String, degrees: Double, length: Double)]) throws -> WordVectors {
        try WordVectors(
            words: words.map(\.0),
            matrix: VectorMatrix(
                words.flatMap { word in
                    let angle = word.degrees * .pi / 180
                    return [Float(cos(angle) * word.length), Float(sin(angle) * word.length)]
                },
                dimension: 2
            )
        )
    }

    private func compass() throws -> WordVectors {
        try plane([("east", 0, 1), ("north", 90, 5), ("northeast", 45, 0.1), ("west", 180, 2), ("zero", 0, 0)])
    }

    @Test("A word is found with its vector, an unknown one is not")
    func lookup() throws {
        let vectors = try compass()
        #expect(vectors.count == 5 && vectors.dimension == 2)
        #expect(vectors.index(of: "west") == 3)
        #expect(vectors.contains("east") && !vectors.contains("East") && !vectors.contains(""))
        #expect(vectors["zero"].map(Array.init) == [0, 0])
        #expect(vectors["nowhere"] == nil)
    }

    @Test("Normalised vectors have length 1, zero stays zero, words stay")
    func normalized() throws {
        let unit = try compass().normalized()
        #expect(try unit.words == compass().words)
        #expect(unit.index(of: "west") == 3)
        for row in 0..<4 {
            #expect(abs(unit.matrix[row].reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
        }
        #expect(unit["zero"].map(Array.init) == [0, 0])
    }

    @Test("Similarity is the cosine, whatever the lengths")
    func similarity() throws {
        let vectors = try compass()
        #expect(abs(try vectors.similarity("east", "northeast") - Float(0.5).squareRoot()) < 1e-6)
        #expect(try vectors.similarity("east", "west") == -1)
        #expect(abs(try vectors.similarity("east", "north")) < 1e-6)
        #expect(try vectors.similarity("zero", "north") == 0)
        #expect(throws: VectorError.self) { try vectors.similarity("east", "nowhere") }
        let error = #expect(throws: VectorError.self) { try vectors.similarity("nowhere", "east") }
        #expect(error?.code == .unknownWord && error?.message.contains("nowhere") == true)
    }

    @Test("Similarity is right for huge and tiny vectors too")
    func extremeLengths() throws {
        for length in [1e-44, 1e-30, 1e-15, 1e15, 1e30, 3e38] {
            let vectors = try plane([("a", 0, length), ("b", 60, 1), ("c", 0, length)])
            #expect(abs(try vectors.similarity("a", "b") - 0.5) < 1e-5)
            #expect(abs(try vectors.similarity("b", "a") - 0.5) < 1e-5)
            #expect(abs(try vectors.similarity("a", "c") - 1) < 1e-5)
            #expect(try vectors.mostSimilar(positive: ["a"], top: 1)[0].word == "c")
        }
    }

    @Test("The most similar words are the nearest by angle, without those asked with")
    func mostSimilar() throws {
        let vectors = try compass()
        let near = try vectors.mostSimilar(positive: ["east"])
        #expect(near.map(\.word) == ["northeast", "north", "zero", "west"])
        #expect(abs(near[0].similarity - Float(0.5).squareRoot()) < 1e-6)
        #expect(try vectors.mostSimilar(positive: ["east"], top: 2).map(\.word) == ["northeast", "north"])
        #expect(try vectors.mostSimilar(positive: ["east"], top: 0).isEmpty)
        #expect(try vectors.mostSimilar(positive: ["northeast"], top: .max).count == 4)
        #expect(try vectors.mostSimilar(positive: ["northeast"], restrict: 2).map(\.word) == ["east", "north"])
        // Unit vectors count, not lengths: north is five times as long as east.
        #expect(try vectors.mostSimilar(positive: ["north", "east"], top: 1)[0].word == "northeast")
        #expect(try vectors.mostSimilar(positive: ["northeast"], negative: ["east"], top: 1)[0].word == "north")
        #expect(try vectors.mostSimilar(positive: [], negative: ["east"], top: 1)[0].word == "west")
    }

    @Test("Equally near words come in their order, however many there are")
    func ties() throws {
        let words = (0..<1000).map { ("w\($0)", degrees: Double($0 % 4) * 10, length: 1.0) }
        let near = try plane(words).mostSimilar(positive: ["w0"], top: 300)
        let sameDirection = stride(from: 4, to: 1000, by: 4).map { "w\($0)" }
        let nextDirection = stride(from: 1, to: 1000, by: 4).map { "w\($0)" }
        #expect(near.map(\.word) == sameDirection + nextDirection.prefix(51))
    }

    @Test("The search agrees with a plain sort, over seeds", arguments: 0..<10 as Range<UInt64>)
    func againstSort(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let dimension = Int.random(in: 1...40, using: &random)
        let count = Int.random(in: 1...500, using: &random)
        let values = (0..<count * dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let vectors = try WordVectors(
            words: (0..<count).map { "w\($0)" },
            matrix: VectorMatrix(values, dimension: dimension)
        )
        let query = (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
        let unit = vectors.normalized().matrix
        let sorted = (0..<count).map { row in zip(unit[row], query).reduce(0) { $0 + $1.0 * $1.1 } }.sorted(by: >)
        let length = query.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let found = try vectors.mostSimilar(to: query, top: 20)
        #expect(found.count == min(20, count))
        for (found, expected) in zip(found, sorted) { #expect(abs(found.similarity - expected / length) < 1e-5) }
    }

    @Test("The misfit is the word farthest from the others' mean")
    func doesntMatch() throws {
        let vectors = try plane([("a", 0, 1), ("b", 10, 9), ("c", 20, 0.1), ("odd", 100, 50), ("zero", 0, 0)])
        #expect(try vectors.doesntMatch(["a", "odd", "b", "c"]) == "odd")
        #expect(try vectors.doesntMatch(["a", "b", "c", "c"]) == "a")
        #expect(throws: VectorError.self) { try vectors.doesntMatch([]) }
        #expect(throws: VectorError.self) { try vectors.doesntMatch(["a"]) }
        let error = #expect(throws: VectorError.self) { try vectors.doesntMatch(["a", "b", "nowhere"]) }
        #expect(error?.code == .unknownWord)
    }

    @Test("Only candidates are looked among, and nothing that is excluded")
    func candidates() throws {
        let vectors = try compass()
        let near = try vectors.mostSimilar(positive: ["east"], among: ["west", "north", "east", "west"])
        #expect(near.map(\.word) == ["north", "west"])
        #expect(try vectors.mostSimilar(positive: ["east"], restrict: 3, among: ["west", "north"]).count == 1)
        #expect(try vectors.mostSimilar(positive: ["east"], among: []).isEmpty)
        let found = try vectors.mostSimilar(to: [1, 0], top: 2, excluding: ["east", "zero"])
        #expect(found.map(\.word) == ["northeast", "north"])
        for words in [["nowhere"], ["east", "nowhere"]] {
            #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: ["east"], among: words) }
            #expect(throws: VectorError.self) { try vectors.mostSimilar(to: [1, 0], excluding: words) }
            #expect(throws: VectorError.self) { try vectors.mostSimilarCosMul(positive: ["east"], among: words) }
        }
    }

    @Test("3CosMul is the product of shifted cosines over another, over seeds", arguments: 0..<10 as Range<UInt64>)
    func cosMul(seed: UInt64) throws {
        let vectors = try random(seed: seed, count: 60, dimension: 1 + Int(seed))
        let (positive, negative) = (["w1", "w2", "w2"], seed.isMultiple(of: 2) ? ["w3", "w4"] : [])
        func term(_ word: String, _ other: String) throws -> Double {
            (1 + Double(try vectors.similarity(word, other))) / 2
        }
        let expected = try vectors.words.filter { !(positive + negative).contains($0) }.map { word in
            let above = try positive.reduce(1.0) { try $0 * term(word, $1) }
            return (word, try above / (negative.reduce(1.0) { try $0 * term(word, $1) } + 1e-6))
        }.sorted { $0.1 > $1.1 }
        let found = try vectors.mostSimilarCosMul(positive: positive, negative: negative, top: 100)
        #expect(found.count == expected.count)
        for (found, expected) in zip(found, expected) {
            #expect(abs(Double(found.similarity) - expected.1) <= 1e-4 * max(1, expected.1))
        }
        let few = try vectors.mostSimilarCosMul(positive: positive, negative: negative, top: 5, restrict: 20)
        #expect(few.allSatisfy { (vectors.index(of: $0.word) ?? 99) < 20 } && few.count == 5)
        #expect(throws: VectorError.self) { try vectors.mostSimilarCosMul(positive: [], negative: ["w1"]) }
        #expect(throws: VectorError.self) { try vectors.mostSimilarCosMul(positive: ["w1"], top: -1) }
        #expect(throws: VectorError.self) { try vectors.mostSimilarCosMul(positive: ["w1"], restrict: 0) }
    }

    private func random(seed: UInt64, count: Int, dimension: Int) throws -> WordVectors {
        var random = SplitMix64(seed: seed)
        let values = (0..<count * dimension).map { _ in Float.random(in: -1...1, using: &random) }
        return try WordVectors(
            words: (0..<count).map { "w\($0)" },
            matrix: VectorMatrix(values, dimension: dimension)
        )
    }

    @Test("Distances, ranks and what is closer agree with each other", arguments: 0..<10 as Range<UInt64>)
    func ranks(seed: UInt64) throws {
        let vectors = try random(seed: seed, count: 80, dimension: 2 + Int(seed))
        let distances = try vectors.distances(from: "w0")
        #expect(distances.count == 80)
        #expect(
            try vectors.distances(from: "w0", to: ["w5", "w7", "w5"]) == [distances[5], distances[7], distances[5]]
        )
        #expect(try vectors.distances(from: "w0", to: []).isEmpty)
        #expect(try vectors.distances(from: vectors.matrix[0]) == distances)
        for (row, word) in vectors.words.enumerated() {
            #expect(try vectors.distance("w0", word) == distances[row])
            let closer = vectors.words.indices.filter { $0 != 0 && distances[$0] < distances[row] }
            #expect(try vectors.closerWords(to: "w0", than: word) == closer.map { vectors.words[$0] })
            #expect(try vectors.rank(of: word, to: "w0") == closer.count + 1)
        }
        let nearest = try vectors.mostSimilar(positive: ["w0"], top: 1)[0].word
        #expect(try vectors.rank(of: nearest, to: "w0") == 1)
        #expect(throws: VectorError.self) { try vectors.distances(from: "nowhere") }
        #expect(throws: VectorError.self) { try vectors.distances(from: "w0", to: ["nowhere"]) }
        #expect(throws: VectorError.self) { try vectors.distances(from: [1]) }
        #expect(throws: VectorError.self) { try vectors.rank(of: "nowhere", to: "w0") }
        #expect(throws: VectorError.self) { try vectors.closerWords(to: "nowhere", than: "w0") }
    }

    @Test("Means of words are weighted; groups are as similar as their means")
    func means() throws {
        let vectors = try plane([("a", 0, 2), ("b", 90, 4), ("zero", 0, 0)])
        func expectNear(_ vector: [Float], _ expected: [Float]) {
            for (one, other) in zip(vector, expected) { #expect(abs(one - other) < 1e-6) }
        }
        expectNear(try vectors.meanVector(of: ["a", "b"]), [0.5, 0.5])
        expectNear(try vectors.meanVector(of: ["a", "nowhere", "b"], normalizing: false), [1, 2])
        expectNear(try vectors.meanVector(of: ["a", "b"], weights: [3, -1]), [0.75, -0.25])
        expectNear(try vectors.meanVector(of: ["a", "b"], weights: [0, 0]), [0, 0])
        #expect(abs(try vectors.similarity(["a", "b", "nowhere"], ["b"]) - 2 / Float(5).squareRoot()) < 1e-6)
        #expect(try vectors.similarity(["a"], ["zero"]) == 0)
        #expect(try vectors.rankedByCentrality(["b", "a", "a"]).map(\.word) == ["a", "a", "b"])
        #expect(try vectors.rankedByCentrality([]).isEmpty)
        for words in [[], ["nowhere"]] {
            let error = #expect(throws: VectorError.self) { try vectors.meanVector(of: words) }
            #expect(error?.code == .unknownWord)
            #expect(throws: VectorError.self) { try vectors.similarity(words, ["a"]) }
            #expect(throws: VectorError.self) { try vectors.similarity(["a"], words) }
        }
        #expect(throws: VectorError.self) { try vectors.meanVector(of: ["a"], weights: []) }
        #expect(throws: VectorError.self) { try vectors.meanVector(of: ["a"], weights: [.nan]) }
    }

    @Test("Some of the words are taken with their vectors")
    func some() throws {
        let vectors = try compass()
        let two = try vectors.gathering(["west", "east"])
        #expect(two.words == ["west", "east"] && two["west"].map(Array.init) == vectors["west"].map(Array.init))
        #expect(try vectors.prefix(2).words == ["east", "north"] && vectors.prefix(9).count == 5)
        #expect(try vectors.prefix(0).count == 0)
        #expect(throws: VectorError.self) { try vectors.prefix(-1) }
        #expect(throws: VectorError.self) { try vectors.gathering(["nowhere"]) }
        #expect(throws: VectorError.self) { try vectors.gathering(["east", "east"]) }
    }

    @Test("A question that makes no sense gives an error")
    func badQuestions() throws {
        let vectors = try compass()
        #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: []) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: ["east"], top: -1) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: ["east"], restrict: 0) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: ["nowhere"]) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(positive: ["east"], negative: ["nowhere"]) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(to: [1, 2, 3]) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(to: []) }
        #expect(throws: VectorError.self) { try vectors.mostSimilar(to: [1, .nan]) }
        #expect(try vectors.mostSimilar(to: [0, 0], top: 2).map(\.similarity) == [0, 0])
    }

    @Test("Words and vectors that don't go together are refused")
    func refused() throws {
        let two = try VectorMatrix([1, 2, 3, 4], dimension: 2)
        for words in [["a"], ["a", "b", "c"], ["a", "a"], ["a", ""], ["a", String(repeating: "x", count: 5000)]] {
            let error = #expect(throws: VectorError.self) { try WordVectors(words: words, matrix: two) }
            #expect(error?.code == .invalidArgument)
        }
        for value in [Float.nan, .infinity, -.infinity] {
            let error = #expect(throws: VectorError.self) {
                try WordVectors(words: ["a", "b"], matrix: VectorMatrix([1, 2, 3, value], dimension: 2))
            }
            #expect(error?.code == .notFinite && error?.message.contains("'b'") == true)
        }
        #expect(try WordVectors(words: [], matrix: VectorMatrix([], dimension: 2)).count == 0)
        #expect(try WordVectors(words: [], matrix: VectorMatrix([], dimension: 2)).mostSimilar(to: [1, 2]).isEmpty)
    }
}

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
        #expect(throws: Word2VecError.self) { try vectors.similarity("east", "nowhere") }
        let error = #expect(throws: Word2VecError.self) { try vectors.similarity("nowhere", "east") }
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
        #expect(throws: Word2VecError.self) { try vectors.doesntMatch([]) }
        #expect(throws: Word2VecError.self) { try vectors.doesntMatch(["a"]) }
        let error = #expect(throws: Word2VecError.self) { try vectors.doesntMatch(["a", "b", "nowhere"]) }
        #expect(error?.code == .unknownWord)
    }

    @Test("A question that makes no sense gives an error")
    func badQuestions() throws {
        let vectors = try compass()
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(positive: []) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(positive: ["east"], top: -1) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(positive: ["east"], restrict: 0) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(positive: ["nowhere"]) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(positive: ["east"], negative: ["nowhere"]) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(to: [1, 2, 3]) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(to: []) }
        #expect(throws: Word2VecError.self) { try vectors.mostSimilar(to: [1, .nan]) }
        #expect(try vectors.mostSimilar(to: [0, 0], top: 2).map(\.similarity) == [0, 0])
    }

    @Test("Words and vectors that don't go together are refused")
    func refused() throws {
        let two = try VectorMatrix([1, 2, 3, 4], dimension: 2)
        for words in [["a"], ["a", "b", "c"], ["a", "a"], ["a", ""], ["a", String(repeating: "x", count: 5000)]] {
            let error = #expect(throws: Word2VecError.self) { try WordVectors(words: words, matrix: two) }
            #expect(error?.code == .invalidArgument)
        }
        for value in [Float.nan, .infinity, -.infinity] {
            let error = #expect(throws: Word2VecError.self) {
                try WordVectors(words: ["a", "b"], matrix: VectorMatrix([1, 2, 3, value], dimension: 2))
            }
            #expect(error?.code == .notFinite && error?.message.contains("'b'") == true)
        }
        #expect(try WordVectors(words: [], matrix: VectorMatrix([], dimension: 2)).count == 0)
        #expect(try WordVectors(words: [], matrix: VectorMatrix([], dimension: 2)).mostSimilar(to: [1, 2]).isEmpty)
    }
}

import Faiss
import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

/// The text that `make test` prepares; nil where the tests run without it.
private let corpus = ProcessInfo.processInfo.environment["SWIFT_FAISS_CORPUS"]

/// The whole way on real text: corpus, vectors, clusters, indexes, files.
@Suite("Real text", .enabled(if: corpus != nil, "SWIFT_FAISS_CORPUS names no text; `make test` does"))
struct RealTextTests {
    /// Word vectors of one pass over the text, made once for all tests.
    private static let words = Result {
        var configuration = Word2VecConfiguration()
        configuration.epochs = 1
        let source = try Corpus(contentsOf: URL(filePath: corpus ?? ""))
        return try Word2VecTrainer(configuration).train(on: source).vectors.normalized()
    }

    private static let queries = 200

    private func queries(_ words: WordVectors) -> VectorMatrix {
        words.matrix.gathering((0..<Self.queries).map { $0 * words.count / Self.queries })
    }

    @Test("One pass over the text already puts words of a kind together")
    func neighborsMakeSense() throws {
        let words = try Self.words.get()
        // Loose, as few words are enough for one pass and any text of English.
        let triples = [("man", "woman", "zinc"), ("green", "yellow", "monday"), ("two", "three", "fish")]
        for (word, kin, stranger) in triples where [word, kin, stranger].allSatisfy(words.contains) {
            #expect(try words.similarity(word, kin) > words.similarity(word, stranger), "\(word)")
        }
    }

    @Test("Indexes of word vectors reach their recall against brute force")
    func recallOfWordVectors() throws {
        let words = try Self.words.get()
        try #require(words.count >= 1000, "the text has too few words to say anything")
        let queries = queries(words)
        let truth = BruteForce(words.matrix, metric: .cosine).search(queries, k: 10)
        func expect(_ description: IndexDescription, atLeast stated: Double) throws {
            let index = try VectorIndex(description, dimension: words.dimension, metric: .cosine)
            try index.train(on: words.matrix, options: TrainingOptions(maximumPointsPerCentroid: 64))
            try index.add(words.matrix)
            let reached = recall(of: try index.search(queries, k: 10), against: truth)
            #expect(reached >= stated, "\(description) finds \(reached)")
        }
        try expect(.flat, atLeast: 0.999)
        try expect(.ivfFlat(), atLeast: 0.85)
        try expect(.ivfPQ(subquantizers: words.dimension / 2), atLeast: 0.5)
        try expect(.hnsw(), atLeast: 0.85)
        try expect(.scalarQuantized(), atLeast: 0.85)
    }

    @Test("Clusters of word vectors are as tight as those of plain Swift")
    func clusters() throws {
        let words = try Self.words.get()
        let frequent = words.matrix[0..<min(words.count, 5000)]
        let model = try KMeans(clusters: 50, restarts: 3).fit(frequent)
        let baseline = try Lloyd(frequent, clusters: 50, iterations: 25, restarts: 3, seed: 1)
        #expect(model.inertia <= 1.01 * baseline.inertia)
    }

    @Test("What was saved answers as before")
    func filesKeepAnswers() throws {
        let words = try Self.words.get()
        let index = try VectorIndex(.ivfFlat(), dimension: words.dimension, metric: .cosine)
        try index.train(on: words.matrix)
        try index.add(words.matrix)
        try withTemporaryFolder { folder in
            let model = folder.appending(path: "words.bin")
            let file = folder.appending(path: "words.vindex")
            try words.write(to: model)
            try index.write(to: file)
            let (wordsAgain, indexAgain) = (try WordVectors(contentsOf: model), try VectorIndex(contentsOf: file))
            #expect(wordsAgain.words == words.words && wordsAgain.matrix == words.matrix)
            let queries = queries(words)
            #expect(try indexAgain.search(queries, k: 10) == index.search(queries, k: 10))
        }
    }
}

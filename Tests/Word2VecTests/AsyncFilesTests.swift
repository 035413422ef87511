import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Files from async functions")
struct AsyncFilesTests {
    @Test("Word vectors are written and read as by the calls that block")
    func wordVectors() async throws {
        let matrix = try VectorMatrix([1, 2, 3, 4], dimension: 2)
        let vectors = try WordVectors(words: ["one", "two"], matrix: matrix)
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "words.vec")
            try await vectors.write(to: url)
            #expect(try await WordVectors(contentsOf: url).matrix == matrix)
            #expect(try await WordVectors(contentsOf: url, limit: 1).words == ["one"])

            try Data("one 1 2\none 3 4\n".utf8).write(to: url)
            var omitted = OmittedRows()
            #expect(try await WordVectors(contentsOf: url, omitted: &omitted).words == ["one"])
            #expect(omitted.rows == [1])
            await #expect(throws: VectorError.self) { try await WordVectors(contentsOf: url) }

            let metadata = folder.appending(path: "metadata.tsv")
            try await vectors.writeProjectorFiles(vectors: url, metadata: metadata)
            #expect(try String(contentsOf: metadata, encoding: .utf8) == "one\ntwo\n")
        }
    }

    @Test("Corpora, phrases and states, too")
    func corpora() async throws {
        let sentences = (0..<50).map { _ in ["new", "york", "is", "a", "city"] }
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "text")
            try await Corpus(sentences: sentences).write(to: url)
            let corpus = try Corpus(contentsOf: url)
            var learner = PhraseLearner()
            learner.threshold = 0.1
            let phrases = try await learner.learn(from: corpus)
            try await phrases.write(to: folder.appending(path: "phrases"))
            let again = try await Phrases(contentsOf: folder.appending(path: "phrases"))
            let found = try await again.found(in: corpus)
            #expect(try await found == phrases.found(in: corpus) && !found.isEmpty)

            var trainer = Word2VecTrainer(quickConfiguration(epochs: 1))
            trainer.keepsState = true
            let state = try #require(try await trainer.train(on: corpus).state)
            try await state.write(to: folder.appending(path: "state"))
            let restored = try await TrainingState(contentsOf: folder.appending(path: "state"))
            #expect(restored.vocabulary.words == state.vocabulary.words)
        }
    }

    @Test("Pairs and analogies, too")
    func evaluations() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "pairs")
            try Data("a b 5\nb c 4\na c 1\n".utf8).write(to: url)
            #expect(try await WordPairs(contentsOf: url).pairs.count == 3)
            try Data(": letters\na b c a\n".utf8).write(to: url)
            #expect(try await AnalogyQuestions(contentsOf: url).sections.count == 1)
        }
    }

    @Test("A cancelled task ends the writing of a corpus")
    func cancelled() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "text")
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await Corpus(sentences: [["a", "b"]]).write(to: url)
            }
            task.cancel()
            await #expect {
                try await task.value
            } throws: { error in
                (error as? VectorError)?.code == .cancelled
            }
        }
    }
}

import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Continued training")
struct ContinuedTrainingTests {
    private static let planted = PlantedCorpus()
    /// Sentences about the first five topics, and about the others.
    private static let (old, new) = {
        let oldWords = Set(planted.topics[..<5].joined())
        let isOld = planted.sentences.map { $0.contains(where: oldWords.contains) }
        return (
            zip(planted.sentences, isOld).filter(\.1).map(\.0), zip(planted.sentences, isOld).filter { !$0.1 }.map(\.0)
        )
    }()

    private func trainer(
        _ setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss) = (
            .skipGram, .negativeSampling()
        ),
        epochs: Int = 10,
        threads: ThreadLimit = 1
    ) -> Word2VecTrainer {
        var trainer = Word2VecTrainer(
            quickConfiguration(setting.architecture, setting.loss, epochs: epochs, threads: threads)
        )
        trainer.keepsState = true
        return trainer
    }

    /// The same settings, but so low a learning rate that nothing changes.
    private func idle(_ trainer: Word2VecTrainer) -> Word2VecTrainer {
        var idle = trainer
        idle.configuration.learningRate = 1e-30
        idle.configuration.minimumLearningRate = 0
        idle.configuration.epochs = 1
        return idle
    }

    @Test(
        "New text adds its words and counts; the first words keep their topics, the new ones find theirs",
        arguments: everySetting,
        [1, 2]
    )
    func learns(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss),
        threads: Int
    ) throws {
        let trainer = trainer(setting, threads: .threads(threads))
        let first = try trainer.train(on: Corpus(sentences: Self.old))
        let mixed = Self.new + Self.old[..<200]
        let model = try trainer.train(on: Corpus(sentences: mixed), continuing: first.state)
        let purity = Self.planted.purity { (try? model.vectors.similarity($0, $1)).map(Double.init) ?? -2 }
        #expect(purity >= 0.95)

        let expected = try Vocabulary(of: Corpus(sentences: Self.old + mixed), minimumCount: 1)
        // Words with equal counts stand as they stood before, which need not be as they occur.
        #expect(Set(model.vocabulary.words) == Set(expected.words))
        #expect(model.vocabulary.counts == expected.counts)
        for (word, count) in zip(model.vocabulary.words, model.vocabulary.counts) {
            #expect(expected.index(of: word).map { expected.counts[$0] } == count, "\(word)")
        }
        #expect(model.vocabulary.corpusTotal == expected.corpusTotal)
        #expect(model.vectors.words == model.vocabulary.words)
        #expect(model.wordsTrained == mixed.joined().count * 10)
    }

    @Test(
        "Old vectors are the start, new ones are random, and what was predicted is not forgotten",
        arguments: everySetting
    )
    func start(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss)
    ) throws {
        let trainer = trainer(setting)
        let first = try trainer.train(on: Corpus(sentences: Self.old))
        let same = try idle(trainer).train(on: Corpus(sentences: Self.old), continuing: first.state)
        #expect(same.vectors.words == first.vectors.words && same.vectors.matrix == first.vectors.matrix)
        // The same text again, with weights that the last epoch has still bettered.
        #expect(abs(same.losses[0] - first.losses.last!) < 0.05 * first.losses.last!)

        // A new word for each of the old topic's sentences to end with.
        let grown = Self.old + [["new1", "new2", "new3", "new3"]]
        let model = try idle(trainer).train(on: Corpus(sentences: grown), continuing: first.state)
        #expect(model.vectors.count == first.vectors.count + 3)
        for word in first.vectors.words { #expect(model.vectors[word] == first.vectors[word]) }
        for word in ["new1", "new2", "new3"] {
            let vector = try #require(model.vectors[word])
            #expect(vector.allSatisfy { abs($0) <= 1.0 / 20 } && Set(vector).count > 10)
        }
        #expect(model.vectors["new1"] != model.vectors["new2"])
        // One turn more, undecided yet, stands between the root and each old word in the tree.
        let more = setting.loss == .hierarchicalSoftmax ? log(2.0) : 0
        #expect(abs(model.losses[0] - more - same.losses[0]) < 0.05 * same.losses[0])
    }

    @Test("A word enters that reaches the minimum count in the new text, as long as there is room")
    func entering() throws {
        var trainer = trainer(epochs: 1)
        trainer.configuration.sample = 0
        let state = try trainer.train(on: Corpus(sentences: [["a", "b", "c", "a", "b", "a"]])).state
        let text = Corpus(sentences: [["x", "x", "x", "x", "y", "y", "y", "z", "c", "c", "c", "c", "c"]])
        trainer.configuration.minimumCount = 3
        let all = try trainer.train(on: text, continuing: state)
        #expect(all.vocabulary.words == ["c", "x", "a", "y", "b"])
        #expect(all.vocabulary.counts == [6, 4, 3, 3, 2])
        #expect(all.vocabulary.corpusTotal == 6 + 13)
        trainer.configuration.maximumVocabulary = 4
        #expect(try trainer.train(on: text, continuing: state).vocabulary.words == ["c", "x", "a", "b"])
        trainer.configuration.maximumVocabulary = 2
        #expect(try trainer.train(on: text, continuing: state).vocabulary.words == ["c", "a", "b"])
    }

    @Test("A state survives its file, and going on from it changes nothing in it", arguments: everySetting)
    func file(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss)
    ) throws {
        var trainer = trainer(setting, epochs: 2)
        let state = try #require(try trainer.train(on: Corpus(sentences: Self.old)).state)
        let first = try trainer.train(on: Corpus(sentences: Self.new), continuing: state)
        let again = try withTemporaryFolder { folder in
            let url = folder.appending(path: "state")
            try state.write(to: url)
            let read = try TrainingState(contentsOf: url)
            #expect(read.configuration == state.configuration)
            #expect(read.vocabulary.words == state.vocabulary.words)
            #expect(read.vocabulary.counts == state.vocabulary.counts)
            #expect(read.vocabulary.corpusTotal == state.vocabulary.corpusTotal)
            return try trainer.train(on: Corpus(sentences: Self.new), continuing: read)
        }
        #expect(areSame(first, again))
        #expect(areSame(first, try trainer.train(on: Corpus(sentences: Self.new), continuing: state)))

        // A third text, so that the tree has grown twice.
        trainer.configuration.sample = 0
        let third = try trainer.train(
            on: Corpus(sentences: [["p", "q", "r", "p", "common1"]]),
            continuing: again.state
        )
        #expect(third.vectors.count == again.vectors.count + 3)
        #expect(third.losses.allSatisfy { $0.isFinite })
    }

    @Test("A continued training that is interrupted goes on to the same end, bit for bit", arguments: everySetting)
    func checkpoint(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss)
    ) throws {
        var trainer = trainer(setting, epochs: 20)
        let state = try trainer.train(on: Corpus(sentences: Self.old)).state
        let corpus = Corpus(sentences: Self.new)
        let whole = try trainer.train(on: corpus, continuing: state)
        try withTemporaryFolder { folder in
            trainer.checkpoint = Checkpoint(at: folder.appending(path: "checkpoint"), every: .zero)
            try trainInterrupted(trainer, on: corpus, continuing: state, within: 10_000)
            let resumed = try trainer.train(on: corpus, continuing: state)
            #expect(areSame(resumed, whole))
            // Without the state the vocabulary is another one.
            let error = #expect(throws: VectorError.self) { try trainer.train(on: corpus) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("What does not go together is refused by name and value")
    func refuses() throws {
        let trainer = trainer(epochs: 1)
        let corpus = Corpus(sentences: Self.old)
        let state = try trainer.train(on: corpus).state
        var other = trainer
        other.configuration.dimension = 21
        let dimension = #expect(throws: VectorError.self) { try other.train(on: corpus, continuing: state) }
        #expect(dimension?.code == .invalidArgument)
        #expect(dimension?.message.contains("21") == true && dimension?.message.contains("20") == true)
        other = trainer
        other.configuration.loss = .hierarchicalSoftmax
        let loss = #expect(throws: VectorError.self) { try other.train(on: corpus, continuing: state) }
        #expect(loss?.code == .invalidArgument)
        #expect(loss?.message.contains("hierarchicalSoftmax") == true)
        other = trainer
        other.configuration.minimumCount = 5
        for sentences in [[], [["unknown", "words"]]] {
            let error = #expect(throws: VectorError.self) {
                try other.train(on: Corpus(sentences: sentences), continuing: state)
            }
            #expect(error?.code == .corpusTooSmall)
        }
    }

    @Test("A state is kept for those who ask only")
    func keeping() throws {
        var trainer = trainer(epochs: 1)
        trainer.keepsState = false
        #expect(try trainer.train(on: Corpus(sentences: Self.old)).state == nil)
    }
}

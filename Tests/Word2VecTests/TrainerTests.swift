import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Trainer")
struct TrainerTests {
    private static let planted = PlantedCorpus()

    /// A configuration that learns the planted corpus in a moment.
    private static func configuration(
        _ architecture: Word2VecConfiguration.Architecture = .skipGram,
        _ loss: Word2VecConfiguration.Loss = .negativeSampling(),
        threads: ThreadLimit = 1
    ) -> Word2VecConfiguration {
        var configuration = Word2VecConfiguration()
        configuration.architecture = architecture
        configuration.loss = loss
        configuration.dimension = 20
        configuration.epochs = 10
        configuration.minimumCount = 1
        configuration.sample = 1e-2
        configuration.learningRate = 0.05
        configuration.threads = threads
        return configuration
    }

    private static let settings: [(Word2VecConfiguration.Architecture, Word2VecConfiguration.Loss)] =
        [.skipGram, .cbow].flatMap { architecture in
            [.negativeSampling(), .hierarchicalSoftmax].map { (architecture, $0) }
        }

    @Test("Every setting finds the planted topics, as well as the scalar baseline does", arguments: settings, [1, 2])
    func learns(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss),
        threads: Int
    ) throws {
        let configuration = Self.configuration(setting.architecture, setting.loss, threads: .threads(threads))
        let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        let purity = try Self.purity(model.vectors)

        var scalar = ScalarWord2Vec()
        scalar.isSkipGram = setting.architecture == .skipGram
        scalar.negatives = setting.loss == .hierarchicalSoftmax ? nil : 5
        scalar.epochs = configuration.epochs
        scalar.sample = configuration.sample
        scalar.learningRate = configuration.learningRate
        let baseline = scalar.train(on: Self.planted.sentences)
        let baselinePurity = Self.planted.purity { cosine(baseline.vectors[$0]!, baseline.vectors[$1]!) }

        // Chance gives 0.1.
        #expect(purity >= 0.95)
        #expect(purity >= baselinePurity - 0.05)
        #expect(model.losses.last! < model.losses.first! * 0.95)
    }

    @Test("The mean loss comes down to that of the scalar baseline", arguments: settings, [1, 2])
    func losses(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss),
        threads: Int
    ) throws {
        var configuration = Self.configuration(setting.architecture, setting.loss, threads: .threads(threads))
        // At higher rates the baseline, which learns from pair to pair within a window, sees lower losses there.
        configuration.learningRate = 0.01
        let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        var scalar = ScalarWord2Vec()
        scalar.isSkipGram = setting.architecture == .skipGram
        scalar.negatives = setting.loss == .hierarchicalSoftmax ? nil : 5
        scalar.epochs = configuration.epochs
        scalar.sample = configuration.sample
        scalar.learningRate = configuration.learningRate
        let losses = scalar.train(on: Self.planted.sentences).losses
        let (loss, expected) = (try #require(model.losses.last), try #require(losses.last))
        // They draw other noise in another order; a prediction or an output miscounted would make much more of it.
        #expect(abs(loss - expected) < 0.05 * expected, "\(model.losses) against \(losses)")
    }

    private static func purity(_ vectors: WordVectors) throws -> Double {
        planted.purity { first, second in
            (try? vectors.similarity(first, second)).map(Double.init) ?? -2
        }
    }

    private func cosine(_ first: [Double], _ second: [Double]) -> Double {
        func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return dot(first, second) / (dot(first, first) * dot(second, second)).squareRoot()
    }

    @Test("Untrained vectors don't show the planted topics: the measure above measures something")
    func untrained() throws {
        var configuration = Self.configuration()
        configuration.learningRate = 1e-9
        configuration.minimumLearningRate = 0
        let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        #expect(try Self.purity(model.vectors) < 0.4)
    }

    @Test(
        "One thread and one seed give the same vectors, bit for bit, from memory and from a file",
        arguments: settings
    )
    func reproducible(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss)
    ) throws {
        var configuration = Self.configuration(setting.architecture, setting.loss)
        configuration.epochs = 2
        let first = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        let second = try withTemporaryFolder { folder in
            let url = folder.appending(path: "corpus.txt")
            try Self.planted.sentences.map { $0.joined(separator: " ") }.joined(separator: "\n")
                .write(to: url, atomically: true, encoding: .utf8)
            return try Word2VecTrainer(configuration).train(on: Corpus(contentsOf: url))
        }
        #expect(first.vectors.words == second.vectors.words)
        #expect(first.vectors.matrix == second.vectors.matrix)
        #expect(first.losses == second.losses)

        configuration.seed = 2
        let other = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        #expect(first.vectors.words == other.vectors.words)
        #expect(first.vectors.matrix != other.vectors.matrix)
    }

    @Test("At a vanishing learning rate the loss is that of guessing: ln 2 for each output")
    func lossOfGuessing() throws {
        // Four words of equal count: two turns each. Each word is its own window's centre or context.
        let sentences = [[String]](repeating: ["a", "b", "c", "d"], count: 500)
        var configuration = Self.configuration(.skipGram, .hierarchicalSoftmax)
        configuration.learningRate = 1e-30
        configuration.minimumLearningRate = 0
        configuration.sample = 0
        for architecture in Word2VecConfiguration.Architecture.allCases {
            configuration.architecture = architecture
            configuration.loss = .hierarchicalSoftmax
            let tree = try Word2VecTrainer(configuration).train(on: Corpus(sentences: sentences))
            #expect(tree.losses.allSatisfy { abs($0 - 2 * log(2)) < 1e-5 })

            // Two centres share their draws: one hits either, and is dropped, with probability 1/2.
            configuration.loss = .negativeSampling(negatives: 8)
            let noise = try Word2VecTrainer(configuration).train(on: Corpus(sentences: sentences))
            #expect(noise.losses.allSatisfy { abs($0 - (1 + 8 * 0.5) * log(2)) < 0.1 })
        }
    }

    @Test("The model tells its words, their counts and how much was done")
    func model() throws {
        var configuration = Self.configuration()
        configuration.maximumVocabulary = 50
        let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        #expect(model.vectors.count == 50 && model.vocabulary.count == 50)
        #expect(model.vectors.words == model.vocabulary.words)
        #expect(model.vectors.dimension == 20)
        #expect(model.losses.count == 10)
        #expect(model.wordsTrained == model.vocabulary.total * 10)
        #expect(model.vocabulary.corpusTotal == 24_000)
        #expect(model.seconds > 0 && model.wordsPerSecond > 0)
    }

    @Test("Progress goes forward, ends at the end, and the learning rate falls to its minimum")
    func progress() throws {
        var configuration = Self.configuration()
        configuration.epochs = 40
        var reports: [TrainingProgress] = []
        _ = try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences)) {
            reports.append($0)
        }
        let last = try #require(reports.last)
        #expect(last.wordsDone == last.wordsTotal && last.fraction == 1)
        #expect(last.wordsTotal == 24_000 * 40)
        #expect(last.epoch == 40 && last.epochs == 40)
        #expect(abs(last.learningRate - configuration.minimumLearningRate) < 1e-12)
        #expect(last.meanLoss.isFinite && last.wordsPerSecond > 0)
        for (earlier, later) in zip(reports, reports.dropFirst()) {
            #expect(earlier.wordsDone <= later.wordsDone)
            #expect(earlier.epoch <= later.epoch)
            #expect(earlier.learningRate >= later.learningRate)
        }
    }

    /// A training that would take hours.
    private var endless: Word2VecTrainer {
        var configuration = Self.configuration(threads: 2)
        configuration.epochs = 100_000
        return Word2VecTrainer(configuration)
    }

    @Test("Cancelling the task ends the asynchronous training, and the caller's thread is not blocked")
    func cancellation() async throws {
        let trainer = endless
        let (reports, continuation) = AsyncStream.makeStream(of: TrainingProgress.self)
        let task = Task {
            try await trainer.train(on: Corpus(sentences: Self.planted.sentences)) { continuation.yield($0) }
        }
        for await _ in reports { break }
        task.cancel()
        let error = await #expect(throws: VectorError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test("Cancelling the task ends the blocking training too")
    func blockingCancellation() async throws {
        let trainer = endless
        let task = Task.detached {
            try Self.trainBlocking(trainer) { _ in withUnsafeCurrentTask { $0?.cancel() } }
        }
        let error = await #expect(throws: VectorError.self) { try await task.value }
        #expect(error?.code == .cancelled)

        let early = Task.detached {
            withUnsafeCurrentTask { $0?.cancel() }
            return try Self.trainBlocking(trainer)
        }
        let earlyError = await #expect(throws: VectorError.self) { try await early.value }
        #expect(earlyError?.code == .cancelled)
    }

    /// Not asynchronous, so that the blocking variant is chosen.
    private static func trainBlocking(
        _ trainer: Word2VecTrainer,
        progress: ((TrainingProgress) -> Void)? = nil
    ) throws -> Word2VecModel {
        try trainer.train(on: Corpus(sentences: planted.sentences), progress: progress)
    }

    @Test("Many trainings at once all come to an end")
    func manyAtOnce() async throws {
        var configuration = Self.configuration(threads: 8)
        configuration.epochs = 1
        let trainer = Word2VecTrainer(configuration)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await trainer.train(on: Corpus(sentences: Array(Self.planted.sentences[..<100]))).vectors.count
                }
            }
            for try await count in group { #expect(count == 100) }
        }
    }

    private struct Change: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var change: @Sendable (inout Word2VecConfiguration) -> Void

        init(_ description: String, _ change: @escaping @Sendable (inout Word2VecConfiguration) -> Void) {
            testDescription = description
            self.change = change
        }
    }

    private static let impossible: [Change] = [
        Change("dimension 0") { $0.dimension = 0 },
        Change("dimension -1") { $0.dimension = -1 },
        Change("dimension 1000000000") { $0.dimension = 1_000_000_000 },
        Change("window 0") { $0.window = 0 },
        Change("window 9223372036854775807") { $0.window = .max },
        Change("epochs 0") { $0.epochs = 0 },
        Change("epochs 9223372036854775807") { $0.epochs = .max },
        Change("minimumCount 0") { $0.minimumCount = 0 },
        Change("maximumVocabulary 1") { $0.maximumVocabulary = 1 },
        Change("maximumVocabulary -5") { $0.maximumVocabulary = -5 },
        Change("corpusMemory -1") { $0.corpusMemory = -1 },
        Change("sample -0.001") { $0.sample = -0.001 },
        Change("sample nan") { $0.sample = .nan },
        Change("sample 2.0") { $0.sample = 2 },
        Change("learningRate nan") { $0.learningRate = .nan },
        Change("learningRate 0.0") { $0.learningRate = 0 },
        Change("learningRate -1.0") { $0.learningRate = -1 },
        Change("learningRate inf") { $0.learningRate = .infinity },
        Change("minimumLearningRate nan") { $0.minimumLearningRate = .nan },
        Change("minimumLearningRate 0.1") { $0.minimumLearningRate = 0.1 },
        Change("minimumLearningRate -0.1") { $0.minimumLearningRate = -0.1 },
        Change("minimumImprovement -0.1") { $0.minimumImprovement = -0.1 },
        Change("minimumImprovement 1.1") { $0.minimumImprovement = 1.1 },
        Change("minimumImprovement nan") { $0.minimumImprovement = .nan },
        Change("negatives 0") { $0.loss = .negativeSampling(negatives: 0) },
        Change("negatives -3") { $0.loss = .negativeSampling(negatives: -3) },
        Change("negatives 1000000") { $0.loss = .negativeSampling(negatives: 1_000_000) },
        Change("exponent nan") { $0.loss = .negativeSampling(exponent: .nan) },
        Change("exponent inf") { $0.loss = .negativeSampling(exponent: .infinity) },
    ]

    @Test("What lies outside its range is refused by name and value", arguments: impossible)
    private func refuses(change: Change) {
        var configuration = Self.configuration()
        change.change(&configuration)
        let error = #expect(throws: VectorError.self) {
            try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix(change.testDescription + " ") == true)
    }

    private static let extremes: [Change] = [
        Change("dimension 1") { $0.dimension = 1 },
        Change("window 1000") { $0.window = 1000 },
        Change("negatives 1000") {
            // Ten draws of each of the hundred words: at a higher rate that many at once would overshoot.
            $0.loss = .negativeSampling(negatives: 1000)
            $0.learningRate = 1e-3
        },
        Change("exponent -10") { $0.loss = .negativeSampling(exponent: -10) },
        Change("exponent 10") { $0.loss = .negativeSampling(exponent: 10) },
        Change("sample 1e-300") { $0.sample = 1e-300 },
        Change("sample 1") { $0.sample = 1 },
        Change("minimumLearningRate 0.05") { $0.minimumLearningRate = 0.05 },
        Change("threads 1024") { $0.threads = 1024 },
        Change("seed of all ones") { $0.seed = .max },
        Change("corpusMemory 0") { $0.corpusMemory = 0 },
        Change("corpusMemory 9223372036854775807") { $0.corpusMemory = .max },
        Change("maximumVocabulary 2") { $0.maximumVocabulary = 2 },
    ]

    @Test("What lies at the edge of its range trains, or says why it can't", arguments: extremes)
    private func edge(change: Change) {
        var configuration = Self.configuration()
        configuration.epochs = 1
        change.change(&configuration)
        do throws(VectorError) {
            let model = try Word2VecTrainer(configuration).train(
                on: Corpus(sentences: Array(Self.planted.sentences[..<200]))
            )
            #expect(model.losses[0].isFinite)
            let isFinite = model.vectors.matrix.values.allSatisfy { $0.isFinite }
            #expect(isFinite)
        } catch {
            // So little is left of the text that no two words stand together.
            #expect(error.code == .corpusTooSmall && change.testDescription == "sample 1e-300")
        }
    }

    @Test("Vectors that need more memory than there is are refused before any is taken")
    func tooLarge() throws {
        var configuration = Self.configuration()
        configuration.dimension = 65_536
        let words = (0..<1_000_000).map { "w\($0)" }
        let error = #expect(throws: VectorError.self) {
            try Word2VecTrainer(configuration).train(on: Corpus(sentences: [words]))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("1000000 words of dimension 65536") == true)
    }

    @Test("A corpus that leaves nothing to learn says why")
    func nothingToLearn() {
        let cases: [([[String]], String)] = [
            ([], "holds no words"),
            ([[""], []], "holds no words"),
            ([["a", "a", "a"]], "'a' is the only word"),
            ([["a"], ["b"], ["a"]], "no two words"),
        ]
        for (sentences, message) in cases {
            let error = #expect(throws: VectorError.self) {
                try Word2VecTrainer(Self.configuration()).train(on: Corpus(sentences: sentences))
            }
            #expect(error?.code == .corpusTooSmall)
            #expect(error?.message.contains(message) == true)
        }
        var strict = Self.configuration()
        strict.minimumCount = 1_000_000
        #expect(throws: VectorError.self) {
            try Word2VecTrainer(strict).train(on: Corpus(sentences: Self.planted.sentences))
        }
    }

    @Test("A learning rate at which vectors grow without bound gives an error, not vectors of NaN")
    func divergence() throws {
        var configuration = Self.configuration()
        configuration.learningRate = 10
        configuration.minimumLearningRate = 10
        configuration.epochs = 50
        let error = #expect(throws: VectorError.self) {
            try Word2VecTrainer(configuration).train(on: Corpus(sentences: Self.planted.sentences))
        }
        #expect(error?.code == .diverged)
        #expect(error?.message.contains("10.0") == true)
    }

    @Test("A configuration survives JSON")
    func coding() throws {
        var configuration = Self.configuration(
            .cbow,
            .negativeSampling(negatives: 7, exponent: 0.5),
            threads: .automatic
        )
        configuration.maximumVocabulary = 9
        configuration.decay = .cosine
        configuration.minimumImprovement = 0.25
        configuration.corpusMemory = 1 << 30
        for threads in [ThreadLimit.automatic, 3] {
            configuration.threads = threads
            let data = try JSONEncoder().encode(configuration)
            #expect(try JSONDecoder().decode(Word2VecConfiguration.self, from: data) == configuration)
        }
    }
}

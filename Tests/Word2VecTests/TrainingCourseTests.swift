import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

/// The learning rate's way down, early ends, cancellation and memory.
@Suite("The course of training")
struct TrainingCourseTests {
    private static let planted = PlantedCorpus()
    private var corpus: Corpus { Corpus(sentences: Self.planted.sentences) }

    @Test("The learning rate falls as its formula says", arguments: Word2VecConfiguration.Decay.allCases)
    func decay(decay: Word2VecConfiguration.Decay) throws {
        var configuration = quickConfiguration(epochs: 60)
        configuration.decay = decay
        var reports: [TrainingProgress] = []
        _ = try Word2VecTrainer(configuration).train(on: corpus) { reports.append($0) }
        #expect(reports.last?.fraction == 1)
        let (high, low) = (configuration.learningRate, configuration.minimumLearningRate)
        for report in reports {
            let fall =
                switch decay {
                case .linear: report.fraction
                case .cosine: pow(sin(.pi / 2 * report.fraction), 2)
                }
            #expect(abs(report.learningRate - (high - (high - low) * fall)) < 1e-12)
        }
    }

    @Test("Vectors of a cosine decay show the planted topics, and are others than those of a linear one")
    func cosine() throws {
        var configuration = quickConfiguration()
        let linear = try Word2VecTrainer(configuration).train(on: corpus)
        configuration.decay = .cosine
        let model = try Word2VecTrainer(configuration).train(on: corpus)
        let purity = Self.planted.purity { (try? model.vectors.similarity($0, $1)).map(Double.init) ?? -2 }
        #expect(purity >= 0.95)
        #expect(model.vectors.matrix != linear.vectors.matrix)
    }

    @Test("Training ends after the first epoch that improves too little", arguments: [1, 2])
    func earlyEnd(threads: Int) throws {
        var configuration = quickConfiguration(threads: .threads(threads))
        let whole = try Word2VecTrainer(configuration).train(on: corpus)
        #expect(whole.losses.count == 10)

        // No epoch betters the loss by all of it.
        configuration.minimumImprovement = 1
        var last: TrainingProgress?
        let two = try Word2VecTrainer(configuration).train(on: corpus) { last = $0 }
        #expect(two.losses.count == 2)
        #expect(two.wordsTrained == 2 * 24_000)
        #expect(last?.epoch == 2 && last?.epochs == 2 && last?.fraction == 1)
        #expect(last?.wordsDone == 2 * 24_000 && last?.wordsTotal == 2 * 24_000)
        #expect(last?.meanLoss == two.losses.last)
        guard threads == 1 else { return }
        #expect(two.losses == Array(whole.losses[..<2]))

        // The losses of the whole training say where each bound must end it.
        for bound in [0.0, 0.001, 0.005, 0.02, 0.1] {
            configuration.minimumImprovement = bound
            let improvements = zip(whole.losses, whole.losses.dropFirst()).map { ($0 - $1) / $0 }
            let expected = improvements.firstIndex { $0 < bound }.map { $0 + 2 } ?? 10
            let model = try Word2VecTrainer(configuration).train(on: corpus)
            #expect(model.losses == Array(whole.losses[..<expected]))
        }
    }

    /// A training with much memory to prepare and to copy, in which each phase takes some time.
    private func large(_ loss: Word2VecConfiguration.Loss) -> (Word2VecTrainer, Corpus) {
        var configuration = quickConfiguration(.cbow, loss, epochs: 1, threads: 2)
        configuration.dimension = 2000
        configuration.window = 1
        var trainer = Word2VecTrainer(configuration)
        trainer.keepsState = true
        return (trainer, Corpus(sentences: (0..<2000).map { line in (0..<10).map { "w\(line * 10 + $0)" } }))
    }

    @Test("Training may be cancelled at any moment", arguments: 0..<20 as Range<UInt64>)
    func cancellation(seed: UInt64) throws {
        let (plain, corpus) = large(seed.isMultiple(of: 2) ? .negativeSampling() : .hierarchicalSoftmax)
        var random = SplitMix64(seed: seed)
        try withTemporaryFolder { folder in
            var trainer = plain
            trainer.checkpoint = Checkpoint(at: folder.appending(path: "checkpoint"), every: .zero)
            let cancellation = Cancellation()
            let delay = UInt32.random(in: 0..<400_000, using: &random)
            Thread {
                usleep(delay)
                cancellation.cancel()
            }.start()
            do throws(VectorError) {
                _ = try trainer.train(on: corpus, cancellation: cancellation)
            } catch {
                #expect(error.code == .cancelled, "\(error)")
            }
            // Nothing but a whole checkpoint may be left.
            for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
                #expect(file == "checkpoint")
                let state = try TrainingState(contentsOf: folder.appending(path: file))
                #expect(state.vocabulary.count == 20_000)
            }
        }
    }

    @Test("What was cancelled before it began ends in each phase with the same code")
    func cancelledBefore() throws {
        let (trainer, corpus) = large(.negativeSampling())
        let cancelled = Cancellation()
        cancelled.cancel()
        let error = #expect(throws: VectorError.self) {
            try trainer.train(on: corpus, cancellation: cancelled)
        }
        #expect(error?.code == .cancelled)
        // At the last report training is done, but for taking out its vectors.
        let late = Cancellation()
        let lateError = #expect(throws: VectorError.self) {
            try trainer.train(on: corpus, cancellation: late) { if $0.fraction == 1 { late.cancel() } }
        }
        #expect(lateError?.code == .cancelled)
        #expect(lateError?.message.contains("taken out") == true)
    }

    @Test("The estimate of memory counts what it says it counts")
    func memory() {
        var configuration = Word2VecConfiguration()
        configuration.threads = 1
        // 100 numbers are padded to 112.
        let words = 1_000_000
        let weights = words * 2 * 112 * 4
        let plain = configuration.estimatedMemory(vocabulary: words, tokens: 0)
        #expect(plain > weights && plain < weights + words * 400)
        #expect(configuration.estimatedMemory(vocabulary: words, tokens: 1_000_000) == plain + 4_000_000)
        #expect(
            configuration.estimatedMemory(vocabulary: words, tokens: 0, keepsState: true) == plain + words * 400
        )
        configuration.threads = 4
        #expect(configuration.estimatedMemory(vocabulary: words, tokens: 0) == plain + 4 * 2 * (2 * 1024) * 448)
        configuration.loss = .hierarchicalSoftmax
        #expect(configuration.estimatedMemory(vocabulary: words, tokens: 0) > plain)

        for count in [Int.min, -1, 0, 1, Int.max] {
            for dimension in [Int.min, -1, 0, 1, 65_536, Int.max] {
                configuration.dimension = dimension
                #expect(configuration.estimatedMemory(vocabulary: count, tokens: count) >= 0)
            }
        }
    }
}

import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

/// Every architecture with every kind of loss.
let everySetting: [(Word2VecConfiguration.Architecture, Word2VecConfiguration.Loss)] =
    Word2VecConfiguration.Architecture.allCases.flatMap { architecture in
        [.negativeSampling(), .hierarchicalSoftmax].map { (architecture, $0) }
    }

/// A configuration that learns a planted corpus in a moment.
func quickConfiguration(
    _ architecture: Word2VecConfiguration.Architecture = .skipGram,
    _ loss: Word2VecConfiguration.Loss = .negativeSampling(),
    epochs: Int = 10,
    threads: ThreadLimit = 1
) -> Word2VecConfiguration {
    var configuration = Word2VecConfiguration()
    configuration.architecture = architecture
    configuration.loss = loss
    configuration.dimension = 20
    configuration.epochs = epochs
    configuration.minimumCount = 1
    configuration.sample = 1e-2
    configuration.learningRate = 0.05
    configuration.threads = threads
    return configuration
}

/// Whether two trainings ended alike, bit for bit.
func areSame(_ first: Word2VecModel, _ second: Word2VecModel) -> Bool {
    first.vectors.words == second.vectors.words && first.vectors.matrix == second.vectors.matrix
        && first.losses == second.losses && first.wordsTrained == second.wordsTrained
}

/// Trains, and cancels once the checkpoint has been written and a further moment, up to `microseconds`, has gone by.
/// Training that ends first, on a fast machine or one with other work, starts over with half the moment.
func trainInterrupted(
    _ trainer: Word2VecTrainer,
    on corpus: Corpus,
    continuing state: TrainingState? = nil,
    within microseconds: UInt32
) throws {
    let url = try #require(trainer.checkpoint).url
    @Sendable func stamp() -> Date? {
        try? FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
    }
    for attempt in UInt32(0)..<100 {
        let before = stamp()
        let cancellation = Cancellation()
        let ended = Cancellation()
        let canceller = Thread {
            while !ended.isCancelled, stamp() == before { usleep(500) }
            usleep(microseconds >> attempt)
            cancellation.cancel()
        }
        canceller.start()
        defer { ended.cancel() }
        do throws(VectorError) {
            _ = try trainer.train(on: corpus, continuing: state, cancellation: cancellation)
            try trainer.checkpoint?.remove()
        } catch {
            #expect(error.code == .cancelled)
            return
        }
    }
    Issue.record("no training of a hundred could be interrupted")
}

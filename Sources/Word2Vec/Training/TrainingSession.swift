import Synchronization
import Vectors

import func Foundation.cos

/// One training under way: what its threads share.
///
/// Work is done in rounds. In a round threads take pieces from ``nextPiece()`` until it gives none; then all of them
/// end, so that nobody changes weights, and each has merged its copies. That is the moment to write a checkpoint, and
/// to judge an epoch's loss.
final class TrainingSession: Sendable {
    let configuration: Word2VecConfiguration
    let corpus: EncodedCorpus
    let subsampling: Subsampling
    let objective: Objective
    /// The words' vectors.
    let inputs: SharedRows
    /// The weights of what is predicted: words, or nodes of the tree.
    let outputs: SharedRows
    let cancellation: Cancellation

    /// What an input is to predict.
    enum Objective {
        case noise(AliasTable, negatives: Int)
        case tree(HuffmanTree)
    }

    /// The state when the session began.
    private let initial: TrainingState
    private let checkpoint: Checkpoint?
    private let run: Mutex<Run>
    private let start = ContinuousClock.now

    private struct Run {
        var position: TrainingPosition
        /// The pieces of the round under way.
        var round = 0..<0
        var hasEndedEarly = false
        var lastCheckpoint = ContinuousClock.now
        var checkpointFailure: VectorError?
        var failure: VectorError?
    }

    /// - Parameters:
    ///   - state: before training, or where it was interrupted. Its weights are changed.
    ///   - checkpoint: where to write the state regularly.
    init(
        _ state: TrainingState,
        corpus: EncodedCorpus,
        checkpoint: Checkpoint?,
        cancellation: Cancellation
    ) {
        self.corpus = corpus
        self.checkpoint = checkpoint
        self.cancellation = cancellation
        initial = state
        configuration = state.configuration
        inputs = state.inputs
        outputs = state.outputs
        let counts = state.vocabulary.counts
        subsampling = Subsampling(counts: counts, sample: configuration.sample)
        switch configuration.loss {
        case .negativeSampling(let negatives, let exponent):
            objective = .noise(AliasTable(counts: counts, exponent: exponent), negatives: negatives)
        case .hierarchicalSoftmax:
            objective = .tree(state.tree!)  // All states of this loss are made or read with one.
        }
        run = Mutex(Run(position: state.position))
    }

    /// Of how many inputs, and of how many outputs, each thread has copies of its own.
    ///
    /// A thread by itself needs none, and is reproducible without.
    static func hotRows(_ configuration: Word2VecConfiguration) -> Int { configuration.threads.count > 1 ? 1024 : 0 }

    // MARK: Rounds

    /// Begins a round of work; false if there is none left, or the work was cancelled.
    func beginRound() -> Bool {
        !cancellation.isCancelled
            && run.withLock { run in
                let pieces = corpus.count * configuration.epochs
                let next = run.position.nextPiece
                var end = pieces
                if let part = configuration.minimumImprovement {
                    // All threads must have come to the end of an epoch before its loss is known.
                    let epoch = next / corpus.count
                    end = (epoch + 1) * corpus.count
                    if next.isMultiple(of: corpus.count), epoch >= 2, next < pieces {
                        let (before, last) = (run.position.meanLoss(epoch - 2), run.position.meanLoss(epoch - 1))
                        // An epoch without predictions has no loss, which is no reason to end.
                        run.hasEndedEarly = before - last < part * before
                    }
                }
                run.round = next..<min(pieces, end)
                return !run.hasEndedEarly && !run.round.isEmpty
            }
    }

    /// A passage in an epoch.
    struct Piece {
        var epoch: Int
        var passage: Int
    }

    /// The next piece of work, epoch after epoch; nil if none is left in this round.
    func nextPiece() -> Piece? {
        run.withLock { run in
            let next = run.position.nextPiece
            guard next < run.round.upperBound else { return nil }
            // Each round does some work, however often checkpoints are asked for.
            guard next == run.round.lowerBound || !isCheckpointDue(run) else { return nil }
            run.position.nextPiece += 1
            return Piece(epoch: next / corpus.count, passage: next % corpus.count)
        }
    }

    /// Between two rounds: writes the state, if it is time.
    func endRound() {
        guard let checkpoint, !cancellation.isCancelled, run.withLock({ isCheckpointDue($0) }) else { return }
        var failure: VectorError?
        do throws(VectorError) {
            try state.write(to: checkpoint.url, cancellation: cancellation)
        } catch {
            failure = error.code == .cancelled ? nil : error
        }
        run.withLock { run in
            run.checkpointFailure = failure
            run.lastCheckpoint = .now
        }
    }

    private func isCheckpointDue(_ run: Run) -> Bool {
        guard let checkpoint, run.position.nextPiece < corpus.count * configuration.epochs else { return false }
        return ContinuousClock.now - run.lastCheckpoint >= checkpoint.interval
    }

    /// The state now. To be asked for between rounds.
    var state: TrainingState {
        var state = initial
        state.position = run.withLock { $0.position }
        state.position.seconds = seconds
        return state
    }

    // MARK: Reports of threads

    /// Takes note of work done, and gives the learning rate from here on.
    func add(words: Int, loss: Double, predictions: Int, epoch: Int) -> Float {
        let wordsDone = run.withLock { run in
            run.position.wordsDone += words
            run.position.loss[epoch] += loss
            run.position.predictions[epoch] += predictions
            return run.position.wordsDone
        }
        return Float(learningRate(after: wordsDone))
    }

    /// Takes note of the first failure and makes all threads stop.
    func fail(_ error: VectorError) {
        run.withLock { run in run.failure = run.failure ?? error }
        cancellation.cancel()
    }

    // MARK: Results

    /// The state at the end. Throws if a thread has failed, the work was cancelled, or its result is of no use.
    func finish() throws(VectorError) -> TrainingState {
        if let failure = run.withLock({ $0.failure }) { throw failure }
        let state = state
        guard !cancellation.isCancelled else {
            throw VectorError(
                .cancelled,
                "training was cancelled after \(state.position.wordsDone) of \(state.position.wordsTotal) words"
            )
        }
        guard state.position.predictions.contains(where: { $0 > 0 }) else {
            throw VectorError(
                .corpusTooSmall,
                "no two words of the vocabulary stood in one sentence, so that there was nothing to learn"
            )
        }
        return state
    }

    /// How far training has come; `epoch` is the one that the caller works on, or the last one.
    func progress(epoch: Int? = nil) -> TrainingProgress {
        let run = run.withLock { $0 }
        let position = run.position
        let epochs = run.hasEndedEarly ? position.epochsDone : configuration.epochs
        let epoch = epoch ?? epochs - 1
        return TrainingProgress(
            epoch: epoch + 1,
            epochs: epochs,
            wordsDone: position.wordsDone,
            wordsTotal: run.hasEndedEarly ? position.wordsDone : position.wordsTotal,
            wordsPerSecond: Double(position.wordsDone) / max(seconds, 1e-9),
            meanLoss: position.meanLoss(epoch),
            learningRate: learningRate(after: position.wordsDone),
            checkpointFailure: run.checkpointFailure
        )
    }

    /// The time that training has taken.
    private var seconds: Double { initial.position.seconds + (ContinuousClock.now - start) / .seconds(1) }

    /// The learning rate now.
    var learningRate: Double { learningRate(after: run.withLock { $0.position.wordsDone }) }

    private func learningRate(after wordsDone: Int) -> Double {
        let fraction = min(1, Double(wordsDone) / Double(initial.position.wordsTotal))
        let (high, low) = (configuration.learningRate, configuration.minimumLearningRate)
        switch configuration.decay {
        case .linear: return high - (high - low) * fraction
        case .cosine: return low + (high - low) * (1 + cos(.pi * fraction)) / 2
        }
    }
}

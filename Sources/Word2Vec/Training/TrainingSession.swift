import Synchronization
import Vectors

/// One training under way: what its threads share.
final class TrainingSession: Sendable {
    let configuration: Word2VecConfiguration
    let corpus: EncodedCorpus
    let subsampling: Subsampling
    let objective: Objective
    /// The words' vectors.
    let inputs: SharedRows
    /// The weights of what is predicted: words, or nodes of the tree.
    let outputs: SharedRows
    /// The outputs that nearly every window needs, of which each thread has copies of its own.
    let hotOutputs: Range<Int>
    /// After how many windows a thread merges its copies with the others'.
    let mergeInterval: Int
    let wordsTotal: Int
    let cancellation: Cancellation

    /// What an input is to predict.
    enum Objective {
        case noise(AliasTable, negatives: Int)
        case tree(HuffmanTree)
    }

    private let state: Mutex<State>
    private let start = ContinuousClock.now

    private struct State {
        var nextPiece = 0
        var wordsDone = 0
        var loss: [Double]
        var predictions: [Int]
        var failure: Word2VecError?
    }

    init(
        _ configuration: Word2VecConfiguration,
        corpus: EncodedCorpus,
        vocabulary: Vocabulary,
        cancellation: Cancellation
    ) throws(Word2VecError) {
        self.configuration = configuration
        self.corpus = corpus
        self.cancellation = cancellation
        subsampling = Subsampling(counts: vocabulary.counts, sample: configuration.sample)
        wordsTotal = vocabulary.total * configuration.epochs
        let outputCount: Int
        switch configuration.loss {
        case .negativeSampling(let negatives, let exponent):
            objective = .noise(AliasTable(counts: vocabulary.counts, exponent: exponent), negatives: negatives)
            outputCount = vocabulary.count
        case .hierarchicalSoftmax:
            let tree = HuffmanTree(counts: vocabulary.counts)
            objective = .tree(tree)
            outputCount = tree.nodeCount
        }
        // A thread by itself needs no copies, and is reproducible without. Measured with two: fewer or rarer merged
        // copies gain less speed, more of them cost quality.
        switch configuration.loss {
        case _ where configuration.threads.count == 1:
            (hotOutputs, mergeInterval) = (0..<0, .max)
        case .negativeSampling:
            (hotOutputs, mergeInterval) = (0..<min(512, outputCount), 4000)
        case .hierarchicalSoftmax:
            // The root has the largest number, and nodes near it the next.
            (hotOutputs, mergeInterval) = (max(0, outputCount - 255)..<outputCount, 1000)
        }
        let dimension = configuration.dimension
        inputs = try SharedRows(count: vocabulary.count, dimension: dimension)
        outputs = try SharedRows(count: outputCount, dimension: dimension)
        // From −1/dimension to 1/dimension, as gensim starts. word2vec's C program starts from half of that, with which
        // CBOW learns less from a small corpus: 0.8 points of Spearman on MEN after 20 MB, 5 epochs.
        var random = RandomGenerator(seed: configuration.seed)
        for word in 0..<vocabulary.count {
            let row = inputs.row(word)
            for column in 0..<dimension { row[column] = (random.unit() * 2 - 1) / Float(dimension) }
        }
        state = Mutex(
            State(
                loss: [Double](repeating: 0, count: configuration.epochs),
                predictions: [Int](repeating: 0, count: configuration.epochs)
            )
        )
    }

    /// A passage in an epoch.
    struct Piece {
        var epoch: Int
        var passage: Int
    }

    /// The next piece of work, epoch after epoch; nil if all are taken.
    func nextPiece() -> Piece? {
        state.withLock { state in
            guard state.nextPiece < corpus.count * configuration.epochs else { return nil }
            defer { state.nextPiece += 1 }
            return Piece(epoch: state.nextPiece / corpus.count, passage: state.nextPiece % corpus.count)
        }
    }

    /// Takes note of work done, and gives the learning rate from here on.
    func add(words: Int, loss: Double, predictions: Int, epoch: Int) -> Float {
        let wordsDone = state.withLock { state in
            state.wordsDone += words
            state.loss[epoch] += loss
            state.predictions[epoch] += predictions
            return state.wordsDone
        }
        return Float(learningRate(after: wordsDone))
    }

    /// Takes note of the first failure and makes all threads stop.
    func fail(_ error: Word2VecError) {
        state.withLock { state in state.failure = state.failure ?? error }
        cancellation.cancel()
    }

    /// Throws if a thread has failed, the work was cancelled, or its result is of no use; gives the losses otherwise.
    func finish() throws(Word2VecError) -> [Double] {
        let state = state.withLock { $0 }
        if let failure = state.failure { throw failure }
        guard !cancellation.isCancelled else {
            throw Word2VecError(
                .cancelled,
                "training was cancelled after \(state.wordsDone) of \(wordsTotal) words"
            )
        }
        guard state.predictions.contains(where: { $0 > 0 }) else {
            throw Word2VecError(
                .corpusTooSmall,
                "no two words of the vocabulary stood in one sentence, so that there was nothing to learn"
            )
        }
        return zip(state.loss, state.predictions).map { $0 / Double($1) }
    }

    func progress(epoch: Int) -> TrainingProgress {
        let (wordsDone, loss, predictions) = state.withLock { state in
            (state.wordsDone, state.loss[epoch], state.predictions[epoch])
        }
        return TrainingProgress(
            epoch: epoch + 1,
            epochs: configuration.epochs,
            wordsDone: wordsDone,
            wordsTotal: wordsTotal,
            wordsPerSecond: Double(wordsDone) / max(seconds, 1e-9),
            meanLoss: loss / Double(predictions),
            learningRate: learningRate(after: wordsDone)
        )
    }

    /// The time since the session began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    private func learningRate(after wordsDone: Int) -> Double {
        let fraction = min(1, Double(wordsDone) / Double(wordsTotal))
        let range = configuration.learningRate - configuration.minimumLearningRate
        return configuration.learningRate - range * fraction
    }
}

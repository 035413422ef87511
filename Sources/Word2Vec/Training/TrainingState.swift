import Vectors

/// All that a training has learned: the vectors and, unlike ``WordVectors``, the weights of what they predict. From
/// this, training can continue with more text and new words; see `Word2VecTrainer.train(on:continuing:progress:)`.
///
/// It takes 8 bytes a word and dimension. A trainer gives it to those who ask by ``Word2VecTrainer/keepsState``;
/// `write(to:)` and `init(contentsOf:)` keep it in a file. The file of a ``Checkpoint`` is one, too.
public struct TrainingState: Sendable {
    /// How it was trained.
    public internal(set) var configuration: Word2VecConfiguration
    /// The words and their counts in all texts so far.
    public let vocabulary: Vocabulary

    // No thread changes these rows while the state is in a user's hands: a training that continues from it works on copies.
    /// The words' vectors.
    let inputs: SharedRows
    /// The weights of what is predicted: words, or nodes of the tree.
    let outputs: SharedRows
    /// The tree over the words, for hierarchical softmax.
    let tree: HuffmanTree?
    /// How far the training had come.
    var position: TrainingPosition

    /// The state before training.
    init(
        _ configuration: Word2VecConfiguration,
        vocabulary: Vocabulary,
        cancellation: Cancellation
    ) throws(VectorError) {
        let tree = configuration.loss == .hierarchicalSoftmax ? HuffmanTree(counts: vocabulary.counts) : nil
        try self.init(configuration, vocabulary: vocabulary, tree: tree)
        let (inputs, seed) = (inputs, configuration.seed)
        try moveRows(cancellation) { word in Self.initialize(inputs, word: word, seed: seed) }
    }

    /// The state at the start of a training that continues an older one, whose vocabulary has grown to this one.
    ///
    /// - Throws: `invalidArgument` if the configuration wants weights of another shape.
    init(
        growing old: TrainingState,
        _ configuration: Word2VecConfiguration,
        vocabulary: Vocabulary,
        cancellation: Cancellation
    ) throws(VectorError) {
        try old.checkShape(configuration)
        let oldWords = vocabulary.words.map { old.vocabulary.index(of: $0) }
        let tree = old.tree?.grown(counts: vocabulary.counts, oldWords: oldWords)
        try self.init(configuration, vocabulary: vocabulary, tree: tree)
        let (inputs, outputs, seed) = (inputs, outputs, configuration.seed)
        try moveRows(cancellation) { word in
            if let oldWord = oldWords[word] {
                inputs.copyRow(word, from: old.inputs, oldWord)
                if tree == nil { outputs.copyRow(word, from: old.outputs, oldWord) }
            } else {
                Self.initialize(inputs, word: word, seed: seed)
            }
        }
        guard tree != nil else { return }
        // The tree's old nodes stand behind the new ones, of which there is one less than new words, if any.
        let newNodes = max(0, vocabulary.count - old.vocabulary.count - 1)
        try moveRows(cancellation) { node in
            if node < old.outputs.count { outputs.copyRow(newNodes + node, from: old.outputs, node) }
        }
    }

    /// The state with rows of zeros.
    private init(
        _ configuration: Word2VecConfiguration,
        vocabulary: Vocabulary,
        tree: HuffmanTree?
    ) throws(VectorError) {
        self.init(
            configuration,
            vocabulary: vocabulary,
            inputs: try SharedRows(count: vocabulary.count, dimension: configuration.dimension),
            outputs: try SharedRows(count: tree?.nodeCount ?? vocabulary.count, dimension: configuration.dimension),
            tree: tree,
            position: TrainingPosition(epochs: configuration.epochs)
        )
    }

    /// Puts together what has been read.
    init(
        _ configuration: Word2VecConfiguration,
        vocabulary: Vocabulary,
        inputs: SharedRows,
        outputs: SharedRows,
        tree: HuffmanTree?,
        position: TrainingPosition
    ) {
        self.configuration = configuration
        self.vocabulary = vocabulary
        self.inputs = inputs
        self.outputs = outputs
        self.tree = tree
        self.position = position
    }

    /// Refuses a configuration whose weights would have another shape than these.
    func checkShape(_ configuration: Word2VecConfiguration) throws(VectorError) {
        guard configuration.dimension == self.configuration.dimension else {
            throw VectorError(
                .invalidArgument,
                "dimension \(configuration.dimension) is not \(self.configuration.dimension), that of the state to go on from"
            )
        }
        guard (configuration.loss == .hierarchicalSoftmax) == (tree != nil) else {
            throw VectorError(
                .invalidArgument,
                "loss \(configuration.loss) does not go with \(self.configuration.loss), that of the state to go on from"
            )
        }
    }

    /// Calls `body` with the number of each word, on all threads.
    private func moveRows(
        _ cancellation: Cancellation,
        _ body: @escaping @Sendable (Int) -> Void
    ) throws(VectorError) {
        try inPieces(
            of: vocabulary.count,
            size: (1 << 18) / inputs.stride,
            threads: configuration.threads,
            cancellation,
            "preparing \(vocabulary.count) words for training"
        ) { piece in
            for number in piece { body(number) }
        }
    }

    /// Gives a word the vector that training starts with.
    ///
    /// From −1/dimension to 1/dimension, as gensim starts. word2vec's C program starts from half of that, with which
    /// CBOW learns less from a small corpus: 0.8 points of Spearman on MEN after 20 MB, 5 epochs.
    private static func initialize(_ inputs: SharedRows, word: Int, seed: UInt64) {
        var random = RandomGenerator(seed: seed, word)
        let row = inputs.row(word)
        for column in 0..<inputs.dimension { row[column] = (random.unit() * 2 - 1) / Float(inputs.dimension) }
    }
}

/// How far a training has come.
struct TrainingPosition: Sendable, Hashable, Codable {
    /// The number of passages of the corpus, which are gone through in each epoch.
    var passages = 0
    /// The words to go through in all epochs.
    var wordsTotal = 0
    /// The next piece of work, a passage in an epoch; all before it are done.
    var nextPiece = 0
    var wordsDone = 0
    /// The sum of losses in each epoch, and the number of predictions that it is of.
    var loss: [Double]
    var predictions: [Int]
    /// The time that training has taken.
    var seconds = 0.0

    init(epochs: Int) {
        loss = [Double](repeating: 0, count: epochs)
        predictions = [Int](repeating: 0, count: epochs)
    }

    /// The epochs whose pieces have all been given out.
    var epochsDone: Int { nextPiece / max(1, passages) }

    /// The mean loss of a prediction in an epoch so far; NaN if there was none.
    func meanLoss(_ epoch: Int) -> Double { loss[epoch] / Double(predictions[epoch]) }
}

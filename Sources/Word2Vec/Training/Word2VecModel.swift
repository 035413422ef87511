/// What training gives.
public struct Word2VecModel: Sendable {
    /// A vector for each word of the vocabulary, in its order.
    public let vectors: WordVectors
    /// The words and their counts.
    public let vocabulary: Vocabulary
    /// The mean loss of a prediction in each epoch, in nats; fewer than the configuration's epochs if training ended
    /// early by ``Word2VecConfiguration/minimumImprovement``.
    ///
    /// A prediction is one word of a window against its centre for skip-gram, the window's mean against its centre for
    /// CBOW; its loss is the sum over the right answer and the negative samples, or over the turns in the tree. NaN
    /// for an epoch in which subsampling left no two words in one sentence.
    public let losses: [Double]
    /// The words gone through in all epochs, subsampled ones included.
    public let wordsTrained: Int
    /// The time that training took, without counting the words before it; with the time before an interruption.
    public let seconds: Double
    /// The state from which training can continue with more text; nil unless ``Word2VecTrainer/keepsState`` is set.
    public let state: TrainingState?

    /// The speed of training.
    public var wordsPerSecond: Double { Double(wordsTrained) / seconds }
}

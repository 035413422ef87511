public import Vectors

/// How far training has come.
public struct TrainingProgress: Sendable, Hashable {
    /// The epoch under way, counting from 1.
    public var epoch: Int
    /// The number of epochs; in the last report of a training that ended early, of those gone through.
    public var epochs: Int
    /// The words gone through so far, in all epochs; those counted that the vocabulary holds.
    public var wordsDone: Int
    /// The words to go through in all epochs; in the last report of a training that ended early, ``wordsDone``.
    public var wordsTotal: Int
    /// The mean speed since training began, after the vocabulary was made.
    public var wordsPerSecond: Double
    /// The mean loss of a prediction in this epoch so far, in nats; NaN as long as there was none.
    public var meanLoss: Double
    /// The learning rate now.
    public var learningRate: Double
    /// Why the state could not be written to the ``Checkpoint`` the last time; nil if it was, or none is asked for.
    public var checkpointFailure: VectorError?

    /// The part of the work that is done, from 0 to 1.
    public var fraction: Double { Double(wordsDone) / Double(wordsTotal) }
}

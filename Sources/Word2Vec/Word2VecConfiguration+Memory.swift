import Vectors

extension Word2VecConfiguration {
    /// The bytes of memory that a training at its peak takes, about; for a configuration that a trainer accepts.
    ///
    /// Two matrices of weights, whose rows are padded to 16 numbers, with each thread's copies of the rows that all
    /// threads change; 4 bytes for each word of the text, up to half of ``corpusMemory``, what is beyond being in
    /// a file; and about 200 bytes for each word of the vocabulary, 100 more with hierarchical softmax.
    /// At the end the vectors are copied to a matrix without padding, for which the output weights and the text make
    /// room, unless the state is kept. Words that are left out for their rarity take about 100 bytes each while words
    /// are counted, which comes before all this.
    ///
    /// - Parameters:
    ///   - vocabulary: the number of words that are kept.
    ///   - tokens: the number of words in the text.
    ///   - keepsState: the value of ``Word2VecTrainer/keepsState``.
    public func estimatedMemory(vocabulary: Int, tokens: Int, keepsState: Bool = false) -> Int {
        // In floating point, which doesn't overflow.
        let words = Double(max(0, vocabulary))
        let dimension = min(max(1, dimension), VectorMatrix.maximumDimension)
        let row = Double(SharedRows.stride(dimension) * 4)
        // Of inputs and of outputs, as they are and as they were.
        let hotRows = 2 * min(TrainingSession.hotRows(self), max(0, vocabulary))
        let copies = Double(threads.count * 2 * hotRows) * row
        let text = min(Double(max(0, tokens)) * 4, Double((try? CorpusMemory(corpusMemory, threads: 1))?.numbers ?? 0))
        let tables = words * (loss == .hierarchicalSoftmax ? 300 : 200)
        let training = 2 * words * row + copies + text
        let end = (keepsState ? 2 : 1) * words * row + words * Double(dimension * 4)
        return Int(exactly: (max(training, end) + tables).rounded()) ?? .max
    }
}

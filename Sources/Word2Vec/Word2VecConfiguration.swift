public import Vectors

/// How word vectors are trained. The defaults are word2vec's.
///
/// Nothing is checked here; ``Word2VecTrainer`` checks everything before it starts.
public struct Word2VecConfiguration: Sendable, Hashable, Codable {
    /// What is predicted from what.
    public enum Architecture: String, Sendable, Hashable, Codable, CaseIterable {
        /// Each word of the window predicts the centre: slower, better for rare words and small corpora.
        case skipGram = "skip-gram"
        /// The mean of the window predicts the centre: faster. "Continuous bag of words".
        case cbow
    }

    /// How a prediction is judged without looking at the whole vocabulary.
    public enum Loss: Sendable, Hashable, Codable {
        /// The right word against a few random ones, drawn in proportion to their count to the power of `exponent`.
        ///
        /// `negatives` is from 1 to 1,000, `exponent` from −10 to 10; 0 draws all words alike. Two neighbouring
        /// centres and all words of their windows share their draws; a draw that hits one of the two is dropped.
        case negativeSampling(negatives: Int = 5, exponent: Double = 0.75)
        /// Left or right at each fork on the way to the word in a Huffman tree over the vocabulary.
        case hierarchicalSoftmax
    }

    /// How the learning rate goes from ``learningRate`` down to ``minimumLearningRate``; t is the part of all words of
    /// all epochs that is done, from 0 to 1.
    public enum Decay: String, Sendable, Hashable, Codable, CaseIterable {
        /// learningRate − (learningRate − minimumLearningRate) · t, as in word2vec.
        case linear
        /// minimumLearningRate + (learningRate − minimumLearningRate) · (1 + cos πt) / 2: high for longer, then low for
        /// longer (Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts).
        case cosine
    }

    /// What is predicted from what. Default: ``Architecture/skipGram``.
    public var architecture = Architecture.skipGram
    /// How a prediction is judged. Default: five negative samples.
    public var loss = Loss.negativeSampling()
    /// The number of components of a word's vector, from 1 to 65,536. Default: 100.
    public var dimension = 100
    /// The most words taken on either side of the centre, from 1 to 1,000. Default: 5.
    ///
    /// The width is drawn anew for each centre, from 1 to this, so near words count more than far ones.
    public var window = 5
    /// How many times the corpus is gone through, from 1 to 100,000. Default: 5.
    public var epochs = 5
    /// Words with fewer occurrences are left out; at least 1. Default: 5.
    public var minimumCount = 5
    /// The most words kept, the most frequent ones; nil, the default, keeps all that ``minimumCount`` leaves.
    public var maximumVocabulary: Int?
    /// The frequency above which words are skipped at random, the more the more frequent they are, from 0 to 1.
    /// 0 skips none. Default: 0.001.
    ///
    /// A word that makes up the share f of the corpus is kept with probability (√(f/sample) + 1) · sample/f.
    public var sample = 1e-3
    /// The learning rate at the start, above 0 and at most 10. Default: 0.025.
    public var learningRate = 0.025
    /// The learning rate at the end, from 0 to ``learningRate``. Default: 0.0001.
    public var minimumLearningRate = 1e-4
    /// The course of the learning rate between the two. Default: ``Decay/linear``.
    public var decay = Decay.linear
    /// Ends training early: after the first epoch whose mean loss is not below the one before by at least this part of
    /// it, from 0 to 1. nil, the default, goes through all ``epochs``.
    ///
    /// The learning rate follows its course over all ``epochs`` none the less, and stops where it is. Threads wait for
    /// each other at the end of each epoch, a few milliseconds.
    public var minimumImprovement: Double?
    /// How many threads train side by side. Default: one a processor.
    ///
    /// One thread gives the same vectors for the same seed, bit for bit. Several update the same weights without
    /// waiting for each other ("Hogwild", Recht et al. 2011, arXiv:1106.5730), so that every run differs a little.
    public var threads = ThreadLimit.automatic
    /// The bytes of memory that the corpus may take; at least 0. nil, the default, is an eighth of what the process may
    /// use: the machine's memory, or less where a control group or a limit of the process says so. More than all of it
    /// means all of it.
    ///
    /// Half of it is for the text, 4 bytes a word and a sentence. What doesn't fit goes to a temporary file in the folder
    /// that the environment variable `TMPDIR` names, else in `/var/tmp`, and is read from there in every epoch. The file
    /// has no name, so that nothing stays behind however the process ends.
    ///
    /// The other half, but at least 8 MiB a reading thread, is for counting: about 90 bytes for each distinct word that a
    /// thread meets, more for words of over 16 bytes. A thread whose share is full drops its rarest words, at least a
    /// quarter of them, and each time up to a higher count; a word that comes again is counted from 0. Rare words may
    /// then be missing or counted too low: ``Vocabulary/prunedTotal`` says how many occurrences were lost. With one
    /// thread the same words are dropped in every run. Beyond the share, each word that a thread counts takes 4 bytes,
    /// once more whenever it comes back, and the words of all threads are put together in the end, about 90 bytes each.
    public var corpusMemory: Int?
    /// Where the random numbers start. Default: 1.
    public var seed: UInt64 = 1

    /// The defaults.
    public init() {}

    /// Refuses what lies outside the ranges stated above.
    package func check() throws(VectorError) {
        try check("dimension", dimension, in: 1...VectorMatrix.maximumDimension)
        try check("window", window, in: 1...1_000)
        try check("epochs", epochs, in: 1...100_000)
        try check("minimumCount", minimumCount, in: 1...Int.max)
        if let maximumVocabulary { try check("maximumVocabulary", maximumVocabulary, in: 2...Int.max) }
        if let corpusMemory { try check("corpusMemory", corpusMemory, in: 0...Int.max) }
        try check("sample", sample, in: 0...1)
        try check("learningRate", learningRate, in: Double.leastNormalMagnitude...10)
        try check("minimumLearningRate", minimumLearningRate, in: 0...learningRate)
        if let minimumImprovement { try check("minimumImprovement", minimumImprovement, in: 0...1) }
        if case .negativeSampling(let negatives, let exponent) = loss {
            try check("negatives", negatives, in: 1...1_000)
            try check("exponent", exponent, in: -10...10)
        }
    }

    /// The first setting that differs in another configuration, as "name value" here and there.
    func difference(from other: Word2VecConfiguration) -> (here: String, there: String)? {
        for (here, there) in zip(Mirror(reflecting: self).children, Mirror(reflecting: other).children) {
            let (name, values) = (here.label ?? "", ("\(here.value)", "\(there.value)"))
            if values.0 != values.1 { return ("\(name) \(values.0)", "\(name) \(values.1)") }
        }
        return nil
    }

    private func check<Value>(
        _ name: String,
        _ value: Value,
        in range: ClosedRange<Value>
    ) throws(VectorError) {
        guard range.contains(value) else {
            throw VectorError(
                .invalidArgument,
                range.upperBound as? Int == Int.max
                    ? "\(name) \(value) is below \(range.lowerBound)"
                    : "\(name) \(value) is outside \(range.lowerBound)...\(range.upperBound)"
            )
        }
    }
}

package import Vectors

/// Trains word vectors by word2vec (Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546).
///
/// ```swift
/// var configuration = Word2VecConfiguration()
/// configuration.dimension = 200
/// let model = try Word2VecTrainer(configuration).train(on: Corpus(contentsOf: url))
/// try model.vectors.write(to: URL(filePath: "model.bin"))
/// ```
public struct Word2VecTrainer: Sendable {
    /// How to train.
    public var configuration: Word2VecConfiguration

    /// Makes a trainer. The configuration is checked when training starts.
    public init(_ configuration: Word2VecConfiguration = Word2VecConfiguration()) {
        self.configuration = configuration
    }

    /// Trains word vectors on a corpus.
    ///
    /// Reads the corpus once to count its words, then once in every epoch, as far as its words' numbers don't fit in an
    /// eighth of the machine's memory. Weights take 8 bytes a word of the vocabulary and dimension.
    ///
    /// Blocks the calling thread, which does its part of the work; ``Word2VecConfiguration/threads`` − 1 others help.
    /// Ends early if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - corpus: the text.
    ///   - progress: called on the calling thread, about ten times a second, and at the end.
    /// - Throws: ``Word2VecError`` with code `invalidArgument`, `corpusTooSmall`, `inputOutput`, `invalidFormat`,
    ///   `tooLarge`, `diverged` or `cancelled`.
    public func train(
        on corpus: Corpus,
        progress: (TrainingProgress) -> Void = { _ in }
    ) throws(Word2VecError) -> Word2VecModel {
        try train(on: corpus, cancellation: Cancellation(), progress: progress)
    }

    /// Trains word vectors on a corpus, on threads outside the cooperative pool. Ends early, with code `cancelled`, if
    /// the task is cancelled.
    ///
    /// - Parameters:
    ///   - corpus: the text.
    ///   - progress: called on a thread of the training, about ten times a second, and at the end.
    /// - Throws: as the variant that blocks.
    public func train(
        on corpus: Corpus,
        progress: @escaping @Sendable (TrainingProgress) -> Void = { _ in }
    ) async throws(Word2VecError) -> Word2VecModel {
        try await runBlocking { cancellation throws(Word2VecError) in
            try train(on: corpus, cancellation: cancellation, progress: progress)
        }
    }

    package func train(
        on corpus: Corpus,
        cancellation: Cancellation,
        progress: (TrainingProgress) -> Void
    ) throws(Word2VecError) -> Word2VecModel {
        try configuration.check()
        let counted = try CountedCorpus(corpus, cancellation: cancellation)
        let vocabulary = try Vocabulary(
            counted,
            minimumCount: configuration.minimumCount,
            maximumSize: configuration.maximumVocabulary
        )
        guard vocabulary.count >= 2 else {
            throw Word2VecError(
                .corpusTooSmall,
                "'\(vocabulary.words[0].prefix(40))' is the only word of \(corpus.name) that occurs "
                    + "\(configuration.minimumCount) times, the minimum count: there is nothing to tell it from"
            )
        }
        let purpose = "training \(vocabulary.count) words of dimension \(configuration.dimension)"
        try converting { () throws(VectorError) in
            // Both kinds of weights, and the vectors that are taken out at the end.
            let rows = SharedRows.bytes(count: vocabulary.count, dimension: configuration.dimension)
            let (bytes, overflow) = rows.multipliedReportingOverflow(by: 3)
            try checkMemory(bytes: overflow ? .max : bytes, for: purpose)
        }

        let session = try TrainingSession(
            configuration,
            corpus: EncodedCorpus(counted, vocabulary: vocabulary, cancellation: cancellation),
            vocabulary: vocabulary,
            cancellation: cancellation
        )
        withWorkers(configuration.threads.count) {
            TrainingWorker.run(session) { _ in }
        } caller: {
            var lastReport = ContinuousClock.now
            TrainingWorker.run(session) { epoch in
                let now = ContinuousClock.now
                guard now - lastReport > .milliseconds(100) else { return }
                lastReport = now
                progress(session.progress(epoch: epoch))
            }
        }
        let seconds = session.seconds
        let losses = try session.finish()
        progress(session.progress(epoch: configuration.epochs - 1))
        return Word2VecModel(
            vectors: try WordVectors(table: vocabulary.table, words: vocabulary.words, matrix: matrix(session.inputs)),
            vocabulary: vocabulary,
            losses: losses,
            wordsTrained: session.wordsTotal,
            seconds: seconds
        )
    }

    /// The trained vectors as a matrix, if all their numbers are finite.
    private func matrix(_ rows: SharedRows) throws(Word2VecError) -> VectorMatrix {
        for number in 0..<rows.count {
            let row = UnsafeBufferPointer(start: rows.row(number), count: rows.dimension)
            guard row.allSatisfy(\.isFinite) else {
                throw Word2VecError(
                    .diverged,
                    "the vectors grew beyond all bounds at learning rate \(configuration.learningRate); lower it"
                )
            }
        }
        do {
            return try VectorMatrix(count: rows.count, dimension: rows.dimension) { values in
                for number in 0..<rows.count {
                    let row = UnsafeBufferPointer(start: rows.row(number), count: rows.dimension)
                    _ = values[(number * rows.dimension)...].update(fromContentsOf: row)
                }
            }
        } catch {
            throw (error as? VectorError).map { Word2VecError($0) }
                ?? Word2VecError(.tooLarge, "taking out the vectors failed: \(error)")
        }
    }
}

public import Vectors

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
    /// A file to which the state is regularly written, to resume from after an interruption. Default: none.
    public var checkpoint: Checkpoint?
    /// Whether the model has a ``Word2VecModel/state``, from which training can continue with more text. Default: false,
    /// as it takes twice the memory of the vectors.
    public var keepsState = false

    /// Makes a trainer. The configuration is checked when training starts.
    public init(_ configuration: Word2VecConfiguration = Word2VecConfiguration()) {
        self.configuration = configuration
    }

    /// Trains word vectors on a corpus.
    ///
    /// Reads the corpus once, to count its words and to turn them into numbers, and trains on these.
    /// ``Word2VecConfiguration/estimatedMemory(vocabulary:tokens:keepsState:)`` gives the memory that it takes.
    ///
    /// Blocks the calling thread, which does its part of the work; ``Word2VecConfiguration/threads`` − 1 others help.
    /// Ends early if the calling task is cancelled.
    ///
    /// **More text.** Given a state, training starts from its weights and learns from the new corpus alone, in the
    /// course of learning rates that the configuration sets; a lower ``Word2VecConfiguration/learningRate`` disturbs
    /// less of what was learned. All words of the state stay, their counts rise by those of the new corpus. Other words
    /// enter that occur ``Word2VecConfiguration/minimumCount`` times in the new corpus, the most frequent first, as long
    /// as there are fewer than ``Word2VecConfiguration/maximumVocabulary``; their vectors start at random. With
    /// hierarchical softmax the new words form a tree of their own beside the old one. The state itself does not change.
    ///
    /// - Parameters:
    ///   - corpus: the text.
    ///   - state: what to continue from, of the same dimension and kind of loss; nil, the default, starts anew.
    ///   - progress: called on the calling thread, about ten times a second, and at the end.
    /// - Throws: `VectorError` with code `invalidArgument`, also if the corpus or the configuration is not that of
    ///   the ``checkpoint`` file, `corpusTooSmall`, `inputOutput`, `invalidFormat`, `tooLarge`, `diverged` or
    ///   `cancelled`.
    public func train(
        on corpus: Corpus,
        continuing state: TrainingState? = nil,
        progress: ((TrainingProgress) -> Void)? = nil
    ) throws(VectorError) -> Word2VecModel {
        try train(on: corpus, continuing: state, cancellation: .current, progress: progress)
    }

    /// As `train(on:continuing:progress:)`, off the cooperative pool; stops when the task is cancelled. Progress is
    /// reported on a thread of the training.
    public func train(
        on corpus: Corpus,
        continuing state: TrainingState? = nil,
        progress: (@Sendable (TrainingProgress) -> Void)? = nil
    ) async throws(VectorError) -> Word2VecModel {
        try await runBlocking { _ throws(VectorError) in
            try train(on: corpus, continuing: state, progress: progress)
        }
    }

    package func train(
        on corpus: Corpus,
        continuing old: TrainingState? = nil,
        cancellation: Cancellation,
        progress: ((TrainingProgress) -> Void)? = nil
    ) throws(VectorError) -> Word2VecModel {
        let state = try finalState(on: corpus, continuing: old, cancellation: cancellation, progress: progress)
        return try model(of: state, cancellation: cancellation)
    }

    /// Does all the training. When this returns, the corpus and the tables for drawing are gone.
    private func finalState(
        on corpus: Corpus,
        continuing old: TrainingState?,
        cancellation: Cancellation,
        progress: ((TrainingProgress) -> Void)?
    ) throws(VectorError) -> TrainingState {
        try checkKernelLevel()
        try configuration.check()
        try old?.checkShape(configuration)
        // Before the corpus is read, which may take long.
        let interrupted = try checkpoint?.interruptedState(of: configuration, cancellation: cancellation)
        // More readers than processors would only divide the memory among more of them.
        let readers = min(configuration.threads.count, ThreadLimit.automatic.count)
        let memory = try CorpusMemory(configuration.corpusMemory, threads: readers)
        let counted = try CountedCorpus(
            corpus,
            threads: readers,
            wordMemory: memory.words,
            spool: Spool(memory: memory.numbers),
            cancellation: cancellation
        )
        let vocabulary = try vocabulary(of: counted, continuing: old, cancellation: cancellation)
        let wordsPerEpoch = vocabulary.total - (old?.vocabulary.total ?? 0)
        guard wordsPerEpoch > 0 else {
            throw VectorError(.corpusTooSmall, "\(counted.name) holds no word of the vocabulary")
        }
        let passages = counted.passages.count
        var state: TrainingState
        if let interrupted {
            try checkpoint?.check(interrupted, vocabulary, passages: passages)
            state = interrupted
        } else {
            try checkMemory(vocabulary)
            if let old {
                state = try TrainingState(
                    growing: old,
                    configuration,
                    vocabulary: vocabulary,
                    cancellation: cancellation
                )
            } else {
                state = try TrainingState(configuration, vocabulary: vocabulary, cancellation: cancellation)
            }
            state.position.passages = passages
        }
        state.position.wordsTotal = wordsPerEpoch * configuration.epochs

        let session = TrainingSession(
            state,
            corpus: EncodedCorpus(counted, vocabulary: vocabulary),
            checkpoint: checkpoint,
            cancellation: cancellation
        )
        var lastReport = ContinuousClock.now
        while session.beginRound() {
            withWorkers(configuration.threads.count) {
                TrainingWorker.run(session) { _ in }
            } caller: {
                TrainingWorker.run(session) { epoch in
                    let now = ContinuousClock.now
                    guard now - lastReport > .milliseconds(100) else { return }
                    lastReport = now
                    progress?(session.progress(epoch: epoch))
                }
            }
            session.endRound()
        }
        let final = try session.finish()
        progress?(session.progress())
        return final
    }

    /// The words to train: those of the corpus, and of the state to continue from.
    private func vocabulary(
        of counted: CountedCorpus,
        continuing old: TrainingState?,
        cancellation: Cancellation
    ) throws(VectorError) -> Vocabulary {
        if let old {
            return try old.vocabulary.grown(
                by: counted,
                minimumCount: configuration.minimumCount,
                maximumSize: configuration.maximumVocabulary,
                cancellation: cancellation
            )
        }
        let vocabulary = try Vocabulary(
            counted,
            minimumCount: configuration.minimumCount,
            maximumSize: configuration.maximumVocabulary,
            cancellation: cancellation
        )
        guard vocabulary.count >= 2 else {
            throw VectorError(
                .corpusTooSmall,
                "'\(vocabulary.words[0].prefix(40))' is the only word of \(counted.name) that occurs "
                    + "\(configuration.minimumCount) times, the minimum count: there is nothing to tell it from"
            )
        }
        return vocabulary
    }

    /// Refuses a vocabulary whose weights don't fit in memory, before any is taken.
    private func checkMemory(_ vocabulary: Vocabulary) throws(VectorError) {
        let bytes = configuration.estimatedMemory(vocabulary: vocabulary.count, tokens: 0, keepsState: keepsState)
        try Vectors.checkMemory(
            bytes: bytes,
            for: "training \(vocabulary.count) words of dimension \(configuration.dimension)"
        )
    }

    /// Takes the vectors out of what was trained, and releases the rest.
    private func model(
        of state: consuming TrainingState,
        cancellation: Cancellation
    ) throws(VectorError) -> Word2VecModel {
        let (vocabulary, inputs, position) = (state.vocabulary, state.inputs, state.position)
        // The weights of outputs, if nobody wants them, make room for the matrix.
        let kept = keepsState ? state : nil
        _ = consume state
        return Word2VecModel(
            vectors: WordVectors(
                table: vocabulary.table,
                words: vocabulary.words,
                matrix: try matrix(inputs, cancellation: cancellation)
            ),
            vocabulary: vocabulary,
            losses: (0..<position.epochsDone).map { position.meanLoss($0) },
            wordsTrained: position.wordsDone,
            seconds: position.seconds,
            state: kept
        )
    }

    /// The trained vectors as a matrix, if all their numbers are finite.
    private func matrix(_ rows: SharedRows, cancellation: Cancellation) throws(VectorError) -> VectorMatrix {
        try VectorMatrix(count: rows.count, dimension: rows.dimension) { values in
            for number in 0..<rows.count {
                if number.isMultiple(of: 64), cancellation.isCancelled {
                    throw VectorError(.cancelled, "training was cancelled while its vectors were taken out")
                }
                let row = UnsafeBufferPointer(start: rows.row(number), count: rows.dimension)
                guard row.allSatisfy(\.isFinite) else {
                    throw VectorError(
                        .diverged,
                        "the vectors grew beyond all bounds at learning rate \(configuration.learningRate); "
                            + "lower it"
                    )
                }
                _ = values[(number * rows.dimension)...].update(fromContentsOf: row)
            }
        }
    }
}

public import Vectors

public import struct Foundation.URL

/// A file to which a training regularly writes its state, and from which it resumes after an interruption.
///
/// ```swift
/// var trainer = Word2VecTrainer(configuration)
/// trainer.checkpoint = Checkpoint(at: URL(filePath: "model.checkpoint"))
/// let model = try trainer.train(on: corpus)  // Run again after a power cut, it resumes.
/// try model.vectors.write(to: URL(filePath: "model.bin"))
/// try trainer.checkpoint?.remove()
/// ```
///
/// If the file exists when a training starts, the training resumes from it. The text and the configuration must be the
/// same, except for the number of threads and the memory of the corpus. The text is read again. With one thread the
/// vectors are the same, bit for bit, as those of a training that was not interrupted.
///
/// The file is replaced whole or not at all; it has the format of ``TrainingState``. The threads wait while it is
/// written: 8 bytes a word of the vocabulary and dimension. If writing fails, training continues,
/// reports it in ``TrainingProgress/checkpointFailure``, and tries again after the next interval.
///
/// A finished training leaves the file in place, because its result is not stored yet: see ``remove()``.
public struct Checkpoint: Sendable, Hashable {
    /// The file.
    public var url: URL
    /// The time from one writing to the next. At zero or below, the state is written after each 10,000 words or so.
    public var interval: Duration

    /// A checkpoint in this file, written every 10 minutes by default.
    public init(at url: URL, every interval: Duration = .seconds(600)) {
        self.url = url
        self.interval = interval
    }

    /// Removes the file, if there is one: to be called when the result of training is stored.
    ///
    /// - Throws: `inputOutput`.
    public func remove() throws(VectorError) {
        try Folder.removeFile(url)
    }

    /// The state to resume from; nil if there is none.
    ///
    /// - Throws: `invalidArgument` if it belongs to another configuration; also if the file can't be read, or could not
    ///   be written later.
    func interruptedState(
        of configuration: Word2VecConfiguration,
        cancellation: Cancellation
    ) throws(VectorError) -> TrainingState? {
        // Opens a temporary file beside the destination, which goes away with the value.
        _ = try AtomicFile(replacing: url)
        guard Folder.Identity(try url.filePath) != nil else { return nil }
        var state = try TrainingState(contentsOf: url, cancellation: cancellation)
        // These say how to train, not what.
        state.configuration.threads = configuration.threads
        state.configuration.corpusMemory = configuration.corpusMemory
        if let (theirs, ours) = state.configuration.difference(from: configuration) {
            throw doesNotFit("was written by a training with \(theirs), this one has \(ours)")
        }
        return state
    }

    /// Refuses a state that belongs to another text.
    func check(_ state: TrainingState, _ vocabulary: Vocabulary, passages: Int) throws(VectorError) {
        let theirs = state.vocabulary
        if theirs.count != vocabulary.count || theirs.corpusTotal != vocabulary.corpusTotal {
            throw doesNotFit(
                "was written by a training on \(theirs.corpusTotal) words, of which \(theirs.count) distinct ones were "
                    + "kept; this one is on \(vocabulary.corpusTotal) words with \(vocabulary.count) distinct ones"
            )
        }
        for number in vocabulary.words.indices {
            let (their, our) = (theirs.words[number], vocabulary.words[number])
            let (theirCount, ourCount) = (theirs.counts[number], vocabulary.counts[number])
            guard their.utf8.elementsEqual(our.utf8), theirCount == ourCount else {
                throw doesNotFit(
                    "was written by a training on another text: word \(number) is '\(their.prefix(40))' with "
                        + "\(theirCount) occurrences, not '\(our.prefix(40))' with \(ourCount)"
                )
            }
        }
        guard state.position.passages == passages else {
            throw doesNotFit(
                "was written by a training on a text of \(state.position.passages) passages, this one has \(passages)"
            )
        }
    }

    private func doesNotFit(_ reason: String) -> VectorError {
        VectorError(
            .invalidArgument,
            "the checkpoint '\(url.path(percentEncoded: false))' \(reason); remove the file to start anew"
        )
    }
}

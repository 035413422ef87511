package import Vectors

/// What went wrong in reading a corpus, in training, or with word vectors.
///
/// The message names the value at fault and the limit it broke, so that it can be shown to a user as it is.
public struct Word2VecError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. New kinds may be added, so a `switch` over codes needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// An argument is outside its range.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// The corpus leaves too little to train on, such as a single word.
        public static let corpusTooSmall = Code(description: "corpusTooSmall")
        /// The word is not in the vocabulary.
        public static let unknownWord = Code(description: "unknownWord")
        /// The weights grew without bound; a lower learning rate helps.
        public static let diverged = Code(description: "diverged")
        /// The work was cancelled.
        public static let cancelled = Code(description: "cancelled")
        /// A value is NaN or infinite.
        public static let notFinite = Code(description: "notFinite")
        /// A file's content is not what its format demands.
        public static let invalidFormat = Code(description: "invalidFormat")
        /// The operating system refused to read or write.
        public static let inputOutput = Code(description: "inputOutput")
        /// The request needs more memory than the machine has.
        public static let tooLarge = Code(description: "tooLarge")
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for a person.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The same failure, when a vector value or a vector file was at fault.
    package init(_ error: VectorError) {
        code =
            switch error.code {
            case .invalidFormat: .invalidFormat
            case .inputOutput: .inputOutput
            case .tooLarge: .tooLarge
            case .notFinite: .notFinite
            default: .invalidArgument
            }
        message = error.message
    }

    /// The message.
    public var description: String { message }
}

/// Runs work of the module `Vectors` and hands on its failures as this module's error.
func converting<Result>(
    _ work: () throws(VectorError) -> Result
) throws(Word2VecError) -> Result {
    do {
        return try work()
    } catch {
        throw Word2VecError(error)
    }
}

extension Cancellation {
    /// Throws if the work is cancelled.
    func check(_ work: @autoclosure () -> String) throws(Word2VecError) {
        if isCancelled { throw Word2VecError(.cancelled, "\(work()) was cancelled") }
    }
}

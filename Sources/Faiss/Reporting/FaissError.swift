import Vectors

/// What went wrong in an index or a clustering.
///
/// The message names the value at fault and the limit it broke, so that it can be shown to a user as it is.
public struct FaissError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. New kinds may be added, so a `switch` over codes needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// An argument is outside its range.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// The dimensions of vectors and index differ.
        public static let dimensionMismatch = Code(description: "dimensionMismatch")
        /// A value is NaN, infinite, or too large for single-precision arithmetic.
        public static let notFinite = Code(description: "notFinite")
        /// The index must be trained first.
        public static let notTrained = Code(description: "notTrained")
        /// There are fewer training vectors than the structure has centroids.
        public static let tooFewTrainingVectors = Code(description: "tooFewTrainingVectors")
        /// An id is given twice or is in the index already.
        public static let duplicateID = Code(description: "duplicateID")
        /// No vector has this id.
        public static let unknownID = Code(description: "unknownID")
        /// The index type can't do this.
        public static let unsupported = Code(description: "unsupported")
        /// A file's content is not what its format demands, or its checksum is wrong.
        public static let invalidFormat = Code(description: "invalidFormat")
        /// The operating system refused to read or write.
        public static let inputOutput = Code(description: "inputOutput")
        /// The request needs more memory than the machine has.
        public static let tooLarge = Code(description: "tooLarge")
        /// The task was cancelled.
        public static let cancelled = Code(description: "cancelled")
        /// Faiss reported a failure that this layer did not foresee; the message is Faiss's.
        public static let faiss = Code(description: "faiss")
        /// An earlier failure left the index in an unknown state; read it again from its file or build it anew.
        public static let damaged = Code(description: "damaged")
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

    /// The message.
    public var description: String { message }

    static let cancelled = FaissError(.cancelled, "cancelled")

    /// The same failure, from the module below.
    init(_ error: VectorError) {
        let code: Code =
            switch error.code {
            case .dimensionMismatch: .dimensionMismatch
            case .notFinite: .notFinite
            case .invalidFormat: .invalidFormat
            case .inputOutput: .inputOutput
            case .tooLarge: .tooLarge
            default: .invalidArgument
            }
        self.init(code, error.message)
    }
}

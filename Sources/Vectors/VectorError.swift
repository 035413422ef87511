/// What went wrong with a vector value or a vector file.
///
/// The message names the value at fault and the limit it broke, so that it can be shown to a user as it is.
public struct VectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. New kinds may be added, so a `switch` over codes needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// An argument is outside its range.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// The number of values does not fit the dimension.
        public static let dimensionMismatch = Code(description: "dimensionMismatch")
        /// A value is NaN, infinite, or too large for single-precision arithmetic.
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

    /// The message.
    public var description: String { message }
}

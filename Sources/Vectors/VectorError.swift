/// What went wrong, in any module of this package.
///
/// The message names the value at fault and the limit it broke, so that it can be shown to a user as it is.
public struct VectorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. Each module adds its own, and new ones may be added, so a `switch` over codes needs a
    /// `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        package init(_ name: String) { description = name }

        /// An argument is outside its range.
        public static let invalidArgument = Code("invalidArgument")
        /// The number of values does not fit the dimension, or vectors of one dimension met an index or a collection of
        /// another.
        public static let dimensionMismatch = Code("dimensionMismatch")
        /// A value is NaN, infinite, or too large for single-precision arithmetic.
        public static let notFinite = Code("notFinite")
        /// A file's content, or a text, is not what its format demands, or a checksum is wrong.
        public static let invalidFormat = Code("invalidFormat")
        /// The operating system refused to read or write.
        public static let inputOutput = Code("inputOutput")
        /// The request needs more memory than the machine has.
        public static let tooLarge = Code("tooLarge")
        /// The task was cancelled.
        public static let cancelled = Code("cancelled")
        /// An earlier failure left an index in an unknown state, or a store's files don't hold what was written.
        public static let damaged = Code("damaged")
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

    package static let cancelled = VectorError(.cancelled, "cancelled")
}

/// Runs a body whose error's type the compiler loses, as it does with closures of the standard library.
package func withVectorError<Result>(_ body: () throws -> Result) throws(VectorError) -> Result {
    do {
        return try body()
    } catch let error as VectorError {
        throw error
    } catch is CancellationError {
        throw .cancelled
    } catch {
        throw VectorError(.inputOutput, "\(error)")
    }
}

/// Refuses a number outside its range.
package func checkRange(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws(VectorError) {
    guard range.contains(value) else {
        throw VectorError(.invalidArgument, "\(name) \(value) is outside \(range.lowerBound)...\(range.upperBound)")
    }
}

import Faiss
import GRDB
import Vectors

/// What went wrong in a vector store.
///
/// The message names the value at fault and the limit it broke, so that it can be shown to a user as it is.
public struct StorageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure. New kinds may be added, so a `switch` over codes needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The code's name.
        public let description: String

        /// An argument is outside its range.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// Text is not what its grammar demands; the message begins with the column at fault.
        public static let invalidFormat = Code(description: "invalidFormat")
        /// The vector's dimension is not the collection's.
        public static let dimensionMismatch = Code(description: "dimensionMismatch")
        /// A number is NaN, infinite, or too large for single-precision arithmetic.
        public static let notFinite = Code(description: "notFinite")
        /// The folder holds no store.
        public static let noStore = Code(description: "noStore")
        /// The store has no collection of this name.
        public static let unknownCollection = Code(description: "unknownCollection")
        /// The collection has no row with this key.
        public static let unknownKey = Code(description: "unknownKey")
        /// The store has a collection of this name already.
        public static let collectionExists = Code(description: "collectionExists")
        /// Another process, or another part of this one, has the store open for writing.
        public static let locked = Code(description: "locked")
        /// The store was opened for reading only.
        public static let readOnly = Code(description: "readOnly")
        /// The store has been closed.
        public static let closed = Code(description: "closed")
        /// What the files hold is not what was written. Nothing of it is served.
        public static let damaged = Code(description: "damaged")
        /// A later release wrote the files.
        public static let unsupportedVersion = Code(description: "unsupportedVersion")
        /// The operating system refused to read or write; what was stored before is as it was. Only where the disk failed
        /// to flush a change, and no later one succeeded, may that change be found, whole, when the store is opened again.
        public static let inputOutput = Code(description: "inputOutput")
        /// The request needs more memory than the process may use.
        public static let tooLarge = Code(description: "tooLarge")
        /// Metadata don't have the shape that was asked for, or a value has no counterpart among metadata.
        public static let metadataMismatch = Code(description: "metadataMismatch")
        /// The index refused what the store asked of it; the message is the index's.
        public static let index = Code(description: "index")
        /// The task was cancelled.
        public static let cancelled = Code(description: "cancelled")
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

    static let cancelled = StorageError(.cancelled, "cancelled")
    static let closed = StorageError(.closed, "the store is closed")

    init(_ error: FaissError) {
        let code: Code =
            switch error.code {
            case .invalidArgument: .invalidArgument
            case .dimensionMismatch: .dimensionMismatch
            case .notFinite: .notFinite
            case .invalidFormat: .damaged
            case .inputOutput: .inputOutput
            case .tooLarge: .tooLarge
            case .cancelled: .cancelled
            default: .index
            }
        self.init(code, error.message)
    }

    init(_ error: VectorError) {
        let code: Code =
            switch error.code {
            case .dimensionMismatch: .dimensionMismatch
            case .notFinite: .notFinite
            case .invalidFormat: .damaged
            case .inputOutput: .inputOutput
            case .tooLarge: .tooLarge
            default: .invalidArgument
            }
        self.init(code, error.message)
    }

    init(_ error: DatabaseError) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_SCHEMA, .SQLITE_ERROR, .SQLITE_MISMATCH: .damaged
            case .SQLITE_BUSY, .SQLITE_LOCKED: .locked
            case .SQLITE_NOMEM, .SQLITE_TOOBIG: .tooLarge
            case .SQLITE_INTERRUPT: .cancelled
            case .SQLITE_MISUSE: .closed
            default: .inputOutput
            }
        let what =
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "the file is no whole database"
            case .SQLITE_SCHEMA, .SQLITE_ERROR, .SQLITE_MISMATCH, .SQLITE_CONSTRAINT:
                "the database does not have the shape of a vector store's"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "another process has kept the database locked for too long"
            case .SQLITE_NOMEM: "there is not enough memory"
            case .SQLITE_TOOBIG: "a row is larger than the database may hold"
            case .SQLITE_INTERRUPT: "the work was interrupted"
            case .SQLITE_MISUSE: "the database is closed"
            case .SQLITE_FULL: "the disk is full"
            case .SQLITE_CANTOPEN: "a file of the database can't be opened"
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: "the database must not be written to"
            default: "the disk refused to read or write"
            }
        self.init(code, "\(what) (SQLite's code \(error.extendedResultCode.rawValue))")
    }
}

/// Runs a body and passes its failure on as a ``StorageError``: SQLite's layer and closures of the standard library
/// lose the error's type.
func withStorageError<Result>(_ body: () throws -> Result) throws(StorageError) -> Result {
    do {
        return try body()
    } catch let error as StorageError {
        throw error
    } catch let error as FaissError {
        throw StorageError(error)
    } catch let error as VectorError {
        throw StorageError(error)
    } catch let error as DatabaseError {
        throw StorageError(error)
    } catch is CancellationError {
        throw .cancelled
    } catch {
        throw StorageError(.inputOutput, "\(error)")
    }
}

/// Refuses a number outside its range.
func checkRange(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws(StorageError) {
    guard range.contains(value) else {
        throw StorageError(.invalidArgument, "\(name) \(value) is outside \(range.lowerBound)...\(range.upperBound)")
    }
}

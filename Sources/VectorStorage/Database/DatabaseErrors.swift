import Foundation
import GRDB
import Vectors

extension VectorError {
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
            case .SQLITE_CANTOPEN: "a file of the database can't be opened" + (openFilesProblem.map { ": \($0)" } ?? "")
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH: "the database must not be written to"
            default: "the disk refused to read or write"
            }
        self.init(code, "\(what) (SQLite's code \(error.extendedResultCode.rawValue))")
    }
}

/// That the process, or the system, has as many files open as it may, if so: SQLite does not tell that apart.
private var openFilesProblem: String? {
    let descriptor = open("/", O_RDONLY | O_CLOEXEC)
    guard descriptor < 0 else {
        close(descriptor)
        return nil
    }
    let number = errno
    return number == EMFILE || number == ENFILE ? String(cString: strerror(number)) : nil
}

/// Runs a body and passes SQLite's failures on in our words; its layer loses the types of errors.
func withDatabaseErrors<Result>(_ body: () throws -> Result) throws(VectorError) -> Result {
    try withVectorError {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw VectorError(error)
        }
    }
}

import Foundation
import GRDB
import Vectors

/// The SQLite database of a store: the truth. Every method blocks, and none is called on the cooperative pool, but
/// for the reading of a short search's answers where the last were in memory.
final class StoreDatabase: Sendable {
    static let fileName = "store.sqlite"
    /// "SwVs": what `file` and SQLite's tools show of whose database it is.
    private static let applicationID = 0x5377_5673
    /// The versions of the format, see the article on the file format. A new store has the newest.
    static let versions = 1...3

    private let pool: DatabasePool
    private let url: URL
    private let isReadOnly: Bool

    init(_ url: URL, access: StoreOptions.Access, durability: StoreOptions.Durability) throws(VectorError) {
        self.url = url
        isReadOnly = access == .readOnly
        pool = try Self.naming(url) {
            var configuration = Configuration()
            configuration.readonly = access == .readOnly
            configuration.busyMode = .timeout(10)
            configuration.maximumReaderCount = 64
            configuration.label = "VectorStorage"
            configuration.prepareDatabase { database in
                // A schema that somebody tampered with must not run code; damaged pages are to be noticed.
                try database.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
                if access != .readOnly { try database.execute(sql: "PRAGMA page_size = 8192") }
            }
            return try DatabasePool(path: url.filePath, configuration: configuration)
        }
        if access != .readOnly { try setDurability(durability) }
        try setUp(access)
    }

    /// Names the file in a failure of SQLite's, whose messages don't.
    private static func naming<Result>(_ url: URL, _ body: () throws -> Result) throws(VectorError) -> Result {
        do throws(VectorError) {
            return try withDatabaseErrors(body)
        } catch {
            throw VectorError(error.code, "'\(url.path(percentEncoded: false))': \(error.message)")
        }
    }

    /// GRDB sets synchronous to NORMAL when it turns on the write-ahead log, and then a commit may be lost with the
    /// power. So it is set afterwards, and read back.
    private func setDurability(_ durability: StoreOptions.Durability) throws(VectorError) {
        let wanted = durability == .full ? 2 : 1
        let (mode, journal) = try withDatabaseErrors {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(wanted)")
                return (
                    try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    try String.fetchOne(database, sql: "PRAGMA journal_mode")
                )
            }
        }
        guard mode == wanted, journal == "wal" else {
            throw VectorError(
                .inputOutput,
                "SQLite did not take on synchronous = \(wanted) with a write-ahead log: it has "
                    + "\(mode ?? -1), '\(journal ?? "")'"
            )
        }
    }

    private func setUp(_ access: StoreOptions.Access) throws(VectorError) {
        let (application, version, isEmpty) = try Self.naming(url) {
            try pool.read { database in
                (
                    try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                    try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0,
                    try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") == 0
                )
            }
        }
        if application == 0, version == 0, isEmpty, access == .readWriteCreating {
            return try write { database in
                try database.execute(
                    sql: """
                        PRAGMA application_id = \(Self.applicationID);
                        PRAGMA user_version = \(Self.versions.upperBound);
                        CREATE TABLE store (sequence INTEGER NOT NULL);
                        INSERT INTO store VALUES (0);
                        CREATE TABLE collections (
                            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL,
                            metric TEXT NOT NULL, description TEXT, sequence INTEGER NOT NULL,
                            count INTEGER NOT NULL, digest INTEGER NOT NULL, sidecar TEXT, length INTEGER,
                            hash INTEGER, through INTEGER, checksum INTEGER NOT NULL
                        );
                        \(Self.rowFilesTables)
                        """
                )
            }
        }
        guard application == Self.applicationID else {
            throw VectorError(.damaged, "'\(url.path)' is not the database of a vector store")
        }
        guard version <= Self.versions.upperBound else {
            throw VectorError(
                .unsupportedVersion,
                "'\(url.path)' has version \(version) of the format, this release reads up to \(Self.versions.upperBound)"
            )
        }
        guard version >= Self.versions.lowerBound else {
            throw VectorError(.damaged, "'\(url.path)' has version \(version) of the format")
        }
    }

    /// Ends all connections. Calls that are under way fail or finish.
    func close() throws(VectorError) {
        // So that the next one finds a database without a log to read. If it can't be emptied, because somebody reads an
        // older state, it stays, and is read.
        if !isReadOnly {
            _ = try? pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 1000")
                try database.checkpoint(.truncate)
            }
        }
        try withDatabaseErrors { try pool.close() }
    }

    // MARK: Transactions

    /// Reads from one state of the database.
    func read<Result>(_ body: (Database) throws -> Result) throws(VectorError) -> Result {
        try withDatabaseErrors { try pool.read(body) }
    }

    /// Reads and writes: all of it, on the disk when this returns, or nothing.
    func write<Result>(_ body: (Database) throws -> Result) throws(VectorError) -> Result {
        try withDatabaseErrors { try pool.write(body) }
    }

    /// The database as it is now, for as long as the snapshot is there.
    func snapshot() throws(VectorError) -> DatabaseSnapshot { try withDatabaseErrors { try pool.makeSnapshot() } }

    // MARK: The whole file

    /// Copies the database, as it is now, into a new file that is as small as it can be.
    func copy(to destination: URL) throws(VectorError) {
        try withDatabaseErrors {
            let path = try destination.filePath
            try pool.unsafeRead { database in try database.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        }
    }

    /// Gives free pages back to the file system, and empties the write-ahead log.
    func vacuum() throws(VectorError) {
        try withDatabaseErrors {
            try pool.vacuum()
            _ = try pool.writeWithoutTransaction { database in try database.checkpoint(.truncate) }
        }
    }

    /// What SQLite's own check finds.
    func integrityProblems() throws(VectorError) -> [String] {
        try read { try String.fetchAll($0, sql: "PRAGMA integrity_check").filter { $0 != "ok" } }
    }

    /// The bytes that the database and its write-ahead log take on the disk.
    var fileSize: Int {
        ["", "-wal"].reduce(0) { sum, ending in
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.path + ending)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}

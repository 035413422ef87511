import Faiss
import Foundation
import GRDB
import GRDBSQLite
import Vectors

/// What the catalogue says of a collection.
struct CollectionRecord: Sendable {
    /// The index file that was last completed, if any.
    struct Sidecar: Sendable, Equatable {
        var name: String
        var length: Int
        var checksum: UInt32
        /// The id up to which every row is in it.
        var through: Int64
    }

    var id: Int64
    var name: String
    var dimension: Int
    var metric: Metric
    var index: CollectionIndex
    /// The sequence number of the last change.
    var sequence: Int64
    var digest = RowDigest()
    var sidecar: Sidecar?
}

/// The SQLite database of a store: the truth. Every method blocks, none is called on the cooperative pool.
final class StoreDatabase: Sendable {
    static let fileName = "store.sqlite"
    /// "SwVs": what `file` and SQLite's tools show of whose database it is.
    private static let applicationID = 0x5377_5673
    /// The version of the format, see the article on the file format.
    static let version = 1

    private let pool: DatabasePool
    private let url: URL
    private let isReadOnly: Bool

    init(_ url: URL, access: StoreOptions.Access, durability: StoreOptions.Durability) throws(StorageError) {
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
    private static func naming<Result>(_ url: URL, _ body: () throws -> Result) throws(StorageError) -> Result {
        do throws(StorageError) {
            return try withStorageError(body)
        } catch {
            throw StorageError(error.code, "'\(url.path(percentEncoded: false))': \(error.message)")
        }
    }

    /// GRDB sets synchronous to NORMAL when it turns on the write-ahead log, and then a commit may be lost with the
    /// power. So it is set afterwards, and read back.
    private func setDurability(_ durability: StoreOptions.Durability) throws(StorageError) {
        let wanted = durability == .full ? 2 : 1
        let (mode, journal) = try withStorageError {
            try pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = \(wanted)")
                return (
                    try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                    try String.fetchOne(database, sql: "PRAGMA journal_mode")
                )
            }
        }
        guard mode == wanted, journal == "wal" else {
            throw StorageError(
                .inputOutput,
                "SQLite did not take on synchronous = \(wanted) with a write-ahead log: it has "
                    + "\(mode ?? -1), '\(journal ?? "")'"
            )
        }
    }

    private func setUp(_ access: StoreOptions.Access) throws(StorageError) {
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
            return try withStorageError {
                try pool.write { database in
                    try database.execute(
                        sql: """
                            PRAGMA application_id = \(Self.applicationID);
                            PRAGMA user_version = \(Self.version);
                            CREATE TABLE store (sequence INTEGER NOT NULL);
                            INSERT INTO store VALUES (0);
                            CREATE TABLE collections (
                                id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL,
                                metric TEXT NOT NULL, description TEXT, sequence INTEGER NOT NULL,
                                count INTEGER NOT NULL, digest INTEGER NOT NULL, sidecar TEXT, length INTEGER,
                                hash INTEGER, through INTEGER, checksum INTEGER NOT NULL
                            );
                            """
                    )
                }
            }
        }
        guard application == Self.applicationID else {
            throw StorageError(.damaged, "'\(url.path)' is not the database of a vector store")
        }
        guard version <= Self.version else {
            throw StorageError(
                .unsupportedVersion,
                "'\(url.path)' has version \(version) of the format, this release reads up to \(Self.version)"
            )
        }
        guard version >= 1 else { throw StorageError(.damaged, "'\(url.path)' has version \(version) of the format") }
    }

    /// Ends all connections. Calls that are under way fail or finish.
    func close() throws(StorageError) {
        // So that the next one finds a database without a log to read. If it can't be emptied, it stays, and is read.
        if !isReadOnly {
            _ = try? pool.writeWithoutTransaction { database in try database.checkpoint(.truncate) }
        }
        try withStorageError { try pool.close() }
    }

    // MARK: Reading

    /// The collections, and the sequence number of the last change.
    func catalogue() throws(StorageError) -> (collections: [CollectionRecord], sequence: Int64) {
        try withStorageError {
            try pool.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT * FROM collections ORDER BY id")
                let collections = try rows.map(CollectionRecord.init)
                let base = try Int64.fetchOne(database, sql: "SELECT sequence FROM store") ?? 0
                return (collections, collections.reduce(base) { max($0, $1.sequence) })
            }
        }
    }

    /// A row as it is stored. The buffers are valid during the call that hands it out.
    struct StoredRow {
        var id: Int64
        var key: String
        var metadata: UnsafeRawBufferPointer
        var vector: UnsafeRawBufferPointer
        var checksum: UInt32
    }

    /// A collection's record, as it is now.
    func record(_ collection: Int64) throws(StorageError) -> CollectionRecord {
        try withStorageError { try pool.read { database in try Self.record(collection, database) } }
    }

    /// Hands out a collection's record and then all its rows, by ascending id, from one state of the database: no more of
    /// them than the record says. Each row has passed its checksum, all together the digest.
    func load(
        _ collection: Int64,
        cancellation: Cancellation? = nil,
        begin: (CollectionRecord) throws -> Void,
        row: (StoredRow) throws -> Void
    ) throws(StorageError) {
        try withStorageError {
            try pool.read { database in
                let record = try Self.record(collection, database)
                try begin(record)
                var digest = RowDigest()
                try Self.forEachRow(record, database, sql: "ORDER BY id", arguments: []) { stored in
                    if digest.count & 1023 == 0, cancellation?.isCancelled == true { throw StorageError.cancelled }
                    digest.insert(id: stored.id, checksum: stored.checksum)
                    guard digest.count <= record.digest.count else {
                        throw StorageError(
                            .damaged,
                            "the collection '\(record.name)' holds more rows than the \(record.digest.count) that were "
                                + "written"
                        )
                    }
                    try row(stored)
                }
                guard digest == record.digest else {
                    throw StorageError(
                        .damaged,
                        "the collection '\(record.name)' holds \(digest.count) rows, other ones than the "
                            + "\(record.digest.count) that were written"
                    )
                }
            }
        }
    }

    /// Hands out the rows with these ids, in the same order, from one state of the database.
    ///
    /// - Returns: whether all of them are there.
    func rows(
        _ ids: [Int64],
        of record: CollectionRecord,
        body: (StoredRow) throws -> Void
    ) throws(StorageError) -> Bool {
        if ids.isEmpty { return true }
        return try withStorageError {
            try pool.read { database in
                for id in ids {
                    var found = false
                    try Self.forEachRow(record, database, sql: "WHERE id = ?", arguments: [id]) { stored in
                        found = true
                        try body(stored)
                    }
                    if !found { return false }
                }
                return true
            }
        }
    }

    /// The sequence number of a collection's last change, as the database has it now.
    func sequence(of collection: Int64) throws(StorageError) -> Int64? {
        try withStorageError {
            try pool.read { database in
                let sql = "SELECT sequence FROM collections WHERE id = ?"
                return try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: [collection])
            }
        }
    }

    private static func record(_ collection: Int64, _ database: Database) throws -> CollectionRecord {
        let sql = "SELECT * FROM collections WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [collection]) else {
            throw StorageError(.unknownCollection, "the collection was deleted")
        }
        return try CollectionRecord(row)
    }

    private static func forEachRow(
        _ record: CollectionRecord,
        _ database: Database,
        sql: String,
        arguments: StatementArguments,
        body: (StoredRow) throws -> Void
    ) throws {
        let statement = try database.cachedStatement(
            sql: "SELECT id, key, metadata, vector, checksum FROM rows_\(record.id) \(sql)"
        )
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        // Straight from SQLite: making GRDB's values of the columns would take as long as all the rest.
        let columns = statement.sqliteStatement
        while try rows.next() != nil {
            guard sqlite3_column_type(columns, 0) == SQLITE_INTEGER, sqlite3_column_type(columns, 1) == SQLITE_TEXT,
                sqlite3_column_type(columns, 4) == SQLITE_INTEGER
            else { throw StorageError(.damaged, "a row of the collection '\(record.name)' is not in its format") }
            let stored = StoredRow(
                id: sqlite3_column_int64(columns, 0),
                key: String(decoding: bytes(columns, 1), as: UTF8.self),
                metadata: bytes(columns, 2),
                vector: bytes(columns, 3),
                checksum: UInt32(truncatingIfNeeded: sqlite3_column_int64(columns, 4))
            )
            try stored.verify(in: record)
            try body(stored)
        }
    }

    /// The bytes of a text or blob, until the statement's next step.
    private static func bytes(_ statement: SQLiteStatement, _ column: CInt) -> UnsafeRawBufferPointer {
        // In this order: asking for the bytes may convert them, and their number is that of what they became.
        let start = sqlite3_column_blob(statement, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
    }

    // MARK: Writing

    /// A row that is to be written.
    struct NewRow: Sendable {
        var id: Int64
        var row: StoredVector
        var metadata: [UInt8]
        var checksum: UInt32
    }

    func create(_ record: CollectionRecord) throws(StorageError) {
        try withStorageError {
            try pool.write { database in
                try database.execute(
                    sql: """
                        CREATE TABLE rows_\(record.id) (
                            id INTEGER PRIMARY KEY, key TEXT NOT NULL, metadata BLOB NOT NULL, vector BLOB NOT NULL,
                            checksum INTEGER NOT NULL
                        )
                        """
                )
                try database.execute(
                    sql: "INSERT INTO collections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    arguments: record.arguments()
                )
                try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [record.sequence])
            }
        }
    }

    func rename(_ record: CollectionRecord, sequence: Int64) throws(StorageError) {
        try withStorageError {
            try pool.write { database in
                try Self.update(record, database)
                try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [sequence])
            }
        }
    }

    func delete(_ record: CollectionRecord, sequence: Int64) throws(StorageError) {
        try withStorageError {
            try pool.write { database in
                try database.execute(sql: "DROP TABLE rows_\(record.id)")
                try database.execute(sql: "DELETE FROM collections WHERE id = ?", arguments: [record.id])
                try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [sequence])
            }
        }
    }

    /// Removes and adds rows and writes the new record, in one transaction, which is on the disk when this returns.
    func commit(_ record: CollectionRecord, removing: [Int64], adding: [NewRow]) throws(StorageError) {
        try withStorageError {
            try pool.write { database in
                let delete = try database.cachedStatement(sql: "DELETE FROM rows_\(record.id) WHERE id = ?")
                for id in removing {
                    try delete.execute(arguments: [id])
                    guard database.changesCount == 1 else {
                        throw StorageError(.damaged, "the row \(id) of the collection '\(record.name)' is missing")
                    }
                }
                let insert = try database.cachedStatement(
                    sql: "INSERT INTO rows_\(record.id) VALUES (?, ?, ?, ?, ?)"
                )
                insert.setUncheckedArguments([])  // They are bound below.
                for new in adding { try Self.insert(new, with: insert) }
                try Self.update(record, database)
            }
        }
    }

    /// Binds straight to the row's own memory, where GRDB's arguments would copy its bytes twice.
    private static func insert(_ new: NewRow, with insert: Statement) throws {
        let statement = insert.sqliteStatement
        // What was bound is not looked at once the row's memory is out of reach.
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        var key = new.row.key.text
        try key.withUTF8 { key in
            try new.metadata.withUnsafeBytes { metadata in
                try new.row.vector.withUnsafeBytes { vector in
                    // The lengths fit: keys, metadata and dimensions have limits far below. What could not be bound would
                    // be null, which no column may be.
                    sqlite3_bind_int64(statement, 1, new.id)
                    key.withMemoryRebound(to: CChar.self) { key in
                        _ = sqlite3_bind_text(statement, 2, key.baseAddress, CInt(key.count), nil)
                    }
                    sqlite3_bind_blob(statement, 3, metadata.baseAddress, CInt(metadata.count), nil)
                    sqlite3_bind_blob(statement, 4, vector.baseAddress, CInt(vector.count), nil)
                    sqlite3_bind_int64(statement, 5, Int64(new.checksum))
                    // By GRDB, which knows what to do when it fails.
                    try insert.execute()
                }
            }
        }
    }

    /// Writes a record, such as one that names a new index file.
    func update(_ record: CollectionRecord) throws(StorageError) {
        try withStorageError { try pool.write { database in try Self.update(record, database) } }
    }

    private static func update(_ record: CollectionRecord, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE collections SET id = ?, name = ?, dimension = ?, metric = ?, description = ?, sequence = ?,
                count = ?, digest = ?, sidecar = ?, length = ?, hash = ?, through = ?, checksum = ? WHERE id = ?
                """
        )
        try statement.execute(arguments: record.arguments() + [record.id])
    }

    // MARK: Care

    /// Copies the database, as it is now, into a new file that is as small as it can be.
    func copy(to destination: URL) throws(StorageError) {
        try withStorageError {
            let path = try destination.filePath
            try pool.unsafeRead { database in try database.execute(sql: "VACUUM INTO ?", arguments: [path]) }
        }
    }

    /// Gives free pages back to the file system, and empties the write-ahead log.
    func vacuum() throws(StorageError) {
        try withStorageError {
            try pool.vacuum()
            _ = try pool.writeWithoutTransaction { database in try database.checkpoint(.truncate) }
        }
    }

    /// What SQLite's own check finds.
    func integrityProblems() throws(StorageError) -> [String] {
        try withStorageError {
            try pool.read { database in
                try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            }
        }
    }

    /// The bytes that the database and its write-ahead log take on the disk.
    var fileSize: Int {
        ["", "-wal"].reduce(0) { sum, ending in
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.path + ending)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }
}

extension StoreDatabase.StoredRow {
    fileprivate func verify(in record: CollectionRecord) throws(StorageError) {
        let actual = rowChecksum(
            collection: record.id,
            id: id,
            key: key,
            metadata: metadata,
            vector: vector
        )
        guard actual == checksum, vector.count == 4 * record.dimension else {
            throw StorageError(
                .damaged,
                "the row \(id) of the collection '\(record.name)' is damaged: its checksum is wrong"
            )
        }
    }
}

extension CollectionRecord {
    /// The values of the columns, the checksum over all others last.
    func arguments() throws -> StatementArguments {
        let description = try index.stored
        return [
            id, name, dimension, metric.rawValue, description, sequence, digest.count,
            Int64(bitPattern: digest.sum), sidecar?.name, sidecar?.length, sidecar.map { Int64($0.checksum) },
            sidecar?.through, Int64(checksum(description)),
        ]
    }

    init(_ row: Row) throws {
        let damaged = StorageError(.damaged, "the catalogue of collections is damaged")
        guard let id = Int64.fromDatabaseValue(row["id"]), let name = String.fromDatabaseValue(row["name"]),
            let dimension = Int.fromDatabaseValue(row["dimension"]),
            let metric = String.fromDatabaseValue(row["metric"]).flatMap(Metric.init),
            let sequence = Int64.fromDatabaseValue(row["sequence"]), let count = Int.fromDatabaseValue(row["count"]),
            let digest = Int64.fromDatabaseValue(row["digest"]),
            let checksum = Int64.fromDatabaseValue(row["checksum"])
        else { throw damaged }
        let description = String.fromDatabaseValue(row["description"])
        self.id = id
        self.name = name
        self.dimension = dimension
        self.metric = metric
        self.sequence = sequence
        self.digest = RowDigest(count: count, sum: UInt64(bitPattern: digest))
        if let file = String.fromDatabaseValue(row["sidecar"]), let length = Int.fromDatabaseValue(row["length"]),
            let hash = Int64.fromDatabaseValue(row["hash"]), let through = Int64.fromDatabaseValue(row["through"])
        {
            let hash = UInt32(truncatingIfNeeded: hash)
            sidecar = Sidecar(name: file, length: length, checksum: hash, through: through)
        }
        index = .automatic
        guard Int64(self.checksum(description)) == checksum else { throw damaged }
        index = try CollectionIndex(stored: description)
    }

    private func checksum(_ description: String?) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(id)
        checksum.update(name)
        checksum.update(Int64(dimension))
        checksum.update(metric.rawValue)
        checksum.update(description ?? "")
        checksum.update(sequence)
        checksum.update(Int64(digest.count))
        checksum.update(digest.sum)
        checksum.update(sidecar?.name ?? "")
        checksum.update(Int64(sidecar?.length ?? 0))
        checksum.update(sidecar?.checksum ?? 0)
        checksum.update(sidecar?.through ?? 0)
        return checksum.value
    }
}

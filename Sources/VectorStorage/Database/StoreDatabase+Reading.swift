import GRDB
import Vectors

extension StoreDatabase {
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
            sql: "SELECT \(StoredRow.columns) FROM rows_\(record.id) \(sql)"
        )
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        while try rows.next() != nil { try body(StoredRow(current: statement, of: record)) }
    }
}

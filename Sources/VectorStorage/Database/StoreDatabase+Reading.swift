import GRDB
import Vectors

extension StoreDatabase {
    /// The collections, and the sequence number of the last change.
    func catalogue() throws(VectorError) -> (collections: [CollectionRecord], sequence: Int64) {
        try read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM collections ORDER BY id")
            let collections = try rows.map(CollectionRecord.init)
            let base = try Int64.fetchOne(database, sql: "SELECT sequence FROM store") ?? 0
            return (collections, collections.reduce(base) { max($0, $1.sequence) })
        }
    }

    /// A collection's record, as it is now.
    func record(_ collection: Int64) throws(VectorError) -> CollectionRecord {
        try read { try Self.record(collection, $0) }
    }

    /// Hands out the rows with these ids, in the same order, from one state of the database.
    ///
    /// - Returns: whether all of them are there.
    func rows(
        _ ids: [Int64],
        of record: CollectionRecord,
        body: (StoredRow) throws -> Void
    ) throws(VectorError) -> Bool {
        if ids.isEmpty { return true }
        return try read { try Self.rows(ids, of: record, $0, body: body) }
    }

    static func rows(
        _ ids: [Int64],
        of record: CollectionRecord,
        _ database: Database,
        body: (StoredRow) throws -> Void
    ) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT \(StoredRow.columns) FROM rows_\(record.id) WHERE id = ?"
        )
        for id in ids {
            let rows = try Row.fetchCursor(statement, arguments: [id])
            guard try rows.next() != nil else { return false }
            try body(StoredRow(current: statement, of: record))
            // Also keeps the cursor, with which the row goes.
            _ = try rows.next()
        }
        return true
    }

    /// The sequence number of a collection's last change, as the database has it now.
    func sequence(of collection: Int64) throws(VectorError) -> Int64? {
        try read { database in
            let sql = "SELECT sequence FROM collections WHERE id = ?"
            return try Int64.fetchOne(database.cachedStatement(sql: sql), arguments: [collection])
        }
    }

    static func record(_ collection: Int64, _ database: Database) throws -> CollectionRecord {
        let sql = "SELECT * FROM collections WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [collection]) else {
            throw VectorError(.unknownCollection, "the collection was deleted")
        }
        return try CollectionRecord(row)
    }
}

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
    /// - Parameter canMiss: whether to go on where one is not there.
    /// - Returns: whether all of them are there.
    func rows(
        _ ids: [Int64],
        of record: CollectionRecord,
        canMiss: Bool = false,
        body: (StoredRow) throws -> Void
    ) throws(VectorError) -> Bool {
        guard let first = ids.first, let last = ids.last else { return true }
        // Many that lie close are read one after the other, which takes a third of the time.
        let areDense = ids.count > 64 && last > first && last - first < 4 * Int64(ids.count)
        return try read { database in
            areDense && zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 }
                ? try Self.rows(ascending: ids, of: record, canMiss: canMiss, database, body: body)
                : try Self.rows(ids, of: record, canMiss: canMiss, database, body: body)
        }
    }

    private static func rows(
        ascending ids: [Int64],
        of record: CollectionRecord,
        canMiss: Bool,
        _ database: Database,
        body: (StoredRow) throws -> Void
    ) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT \(StoredRow.columns) FROM rows_\(record.id) WHERE id BETWEEN ? AND ? ORDER BY id"
        )
        let rows = try Row.fetchCursor(statement, arguments: [ids.first, ids.last])
        var wanted = ids[...]
        while try rows.next() != nil, let next = wanted.first {
            let id = StoredRow.id(current: statement)
            if id < next { continue }
            while let next = wanted.first, next < id {
                guard canMiss else { return false }
                wanted.removeFirst()
            }
            guard wanted.first == id else { continue }
            try body(StoredRow(current: statement, of: record))
            wanted.removeFirst()
        }
        return wanted.isEmpty
    }

    static func rows(
        _ ids: [Int64],
        of record: CollectionRecord,
        canMiss: Bool = false,
        _ database: Database,
        body: (StoredRow) throws -> Void
    ) throws -> Bool {
        var all = true
        let statement = try database.cachedStatement(
            sql: "SELECT \(StoredRow.columns) FROM rows_\(record.id) WHERE id = ?"
        )
        for id in ids {
            let rows = try Row.fetchCursor(statement, arguments: [id])
            guard try rows.next() != nil else {
                guard canMiss else { return false }
                all = false
                continue
            }
            try body(StoredRow(current: statement, of: record))
            // Also keeps the cursor, with which the row goes.
            _ = try rows.next()
        }
        return all
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

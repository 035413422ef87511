import GRDB
import GRDBSQLite
import Vectors

extension StoreDatabase {
    /// - Parameters:
    ///   - model: what makes its vectors, of a collection of texts.
    ///   - fullText: the texts that are found by their words, if any.
    func create(
        _ record: CollectionRecord,
        model: EmbedderIdentity?,
        fullText: FullTextIndex?
    ) throws(VectorError) {
        try write { database in
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
            if let model { try Self.insert(model, of: record.id, database) }
            if let fullText { try Self.createFullTextIndex(fullText, of: record.id, database) }
            try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [record.sequence])
        }
    }

    func rename(_ record: CollectionRecord, sequence: Int64) throws(VectorError) {
        try write { database in
            try Self.update(record, database)
            try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [sequence])
        }
    }

    func delete(_ record: CollectionRecord, sequence: Int64) throws(VectorError) {
        try write { database in
            try Self.delete(record, database)
            try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [sequence])
        }
    }

    /// Deletes a collection and writes the record of another, which has taken its name, in one transaction.
    func replace(_ old: CollectionRecord, by new: CollectionRecord, sequence: Int64) throws(VectorError) {
        try write { database in
            try Self.delete(old, database)
            try Self.update(new, database)
            try database.execute(sql: "UPDATE store SET sequence = ?", arguments: [sequence])
        }
    }

    private static func delete(_ record: CollectionRecord, _ database: Database) throws {
        try database.execute(sql: "DROP TABLE rows_\(record.id)")
        try database.execute(sql: "DELETE FROM collections WHERE id = ?", arguments: [record.id])
        try deleteModel(of: record.id, database)
        try deleteRowFile(of: record.id, database)
        try deleteFullTextIndex(of: record.id, database)
    }

    /// Removes and adds rows, with their words, and writes the new record, in one transaction, which is on the disk when
    /// this returns.
    ///
    /// - Parameter rowFile: the file in whose rows those are noted that are gone, if there is one.
    func commit(
        _ record: CollectionRecord,
        removing: [RemovedRow],
        adding: [NewRow],
        fullText: FullTextIndex?,
        rowFile: RowFileRecord?
    ) throws(VectorError) {
        try write { database in
            let delete = try database.cachedStatement(sql: "DELETE FROM rows_\(record.id) WHERE id = ?")
            for row in removing {
                if let fullText { try Self.remove(words: fullText, record, row.id, database) }
                try delete.execute(arguments: [row.id])
                guard database.changesCount == 1 else {
                    throw VectorError(.damaged, "the row \(row.id) of the collection '\(record.name)' is missing")
                }
                if let rowFile, row.id <= rowFile.through { try Self.note(row, isGoneFrom: record.id, database) }
            }
            let insert = try database.cachedStatement(
                sql: "INSERT INTO rows_\(record.id) VALUES (?, ?, ?, ?, ?)"
            )
            insert.setUncheckedArguments([])  // They are bound below.
            for new in adding {
                try Self.insert(new, with: insert)
                if let fullText {
                    try Self.insert(words: fullText, of: new.checked.row.metadata, record, new.id, database)
                }
            }
            try Self.update(record, database)
        }
    }

    /// Binds straight to the row's own memory, where GRDB's arguments would copy its bytes twice.
    private static func insert(_ new: NewRow, with insert: Statement) throws {
        let statement = insert.sqliteStatement
        // SQLite must not read what was bound once the row's memory is out of reach.
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        var key = new.checked.row.key.text
        try key.withUTF8 { key in
            try new.checked.metadata.withUnsafeBytes { metadata in
                try new.checked.row.vector.withUnsafeBytes { vector in
                    // The lengths fit: keys, metadata and dimensions have limits far below. What could not be bound would
                    // be null, which no column may be.
                    sqlite3_bind_int64(statement, 1, new.id)
                    key.withMemoryRebound(to: CChar.self) { key in
                        _ = sqlite3_bind_text(statement, 2, key.baseAddress, CInt(key.count), nil)
                    }
                    sqlite3_bind_blob(statement, 3, metadata.baseAddress, CInt(metadata.count), nil)
                    sqlite3_bind_blob(statement, 4, vector.baseAddress, CInt(vector.count), nil)
                    sqlite3_bind_int64(statement, 5, Int64(new.checksum))
                    // By GRDB, which handles failures.
                    try insert.execute()
                }
            }
        }
    }

    /// Writes a record, such as one that names a new index file.
    func update(_ record: CollectionRecord) throws(VectorError) {
        try write { try Self.update(record, $0) }
    }

    static func update(_ record: CollectionRecord, _ database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE collections SET id = ?, name = ?, dimension = ?, metric = ?, description = ?, sequence = ?,
                count = ?, digest = ?, sidecar = ?, length = ?, hash = ?, through = ?, checksum = ? WHERE id = ?
                """
        )
        try statement.execute(arguments: record.arguments() + [record.id])
    }
}

import Foundation
import GRDB
import Vectors

/// The words of a collection: a table of FTS5 beside that of its rows, which holds no texts of its own. What a row's words
/// are is read from the row, when it is written and when it goes.
extension StoreDatabase {
    /// What a collection's full-text index is; nil if it has none.
    static func fullTextIndex(of collection: Int64, _ database: Database) throws -> FullTextIndex? {
        guard try database.tableExists("full_text") else { return nil }
        let sql = "SELECT description, checksum FROM full_text WHERE collection = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [collection]) else { return nil }
        guard let description = String.fromDatabaseValue(row["description"]),
            let checksum = Int64.fromDatabaseValue(row["checksum"]),
            Int64(self.checksum(of: description, collection)) == checksum,
            let index = try? JSONDecoder().decode(FullTextIndex.self, from: Data(description.utf8))
        else {
            throw VectorError(.damaged, "the description of the full-text index of collection \(collection) is damaged")
        }
        return index
    }

    /// Gives a collection a full-text index of all its rows in place of the one that it has, or none; and writes its record.
    func setFullTextIndex(
        _ index: FullTextIndex?,
        of record: CollectionRecord,
        cancellation: Cancellation
    ) throws(VectorError) {
        try write { database in
            try Self.deleteFullTextIndex(of: record.id, database)
            if let index {
                try Self.createFullTextIndex(index, of: record.id, database)
                var scan = try RowScan(record.id, database)
                _ = try scan.read(database, cancellation: cancellation) { row in
                    try Self.insert(words: index, of: try MetadataFormat.decode(row.metadata), record, row.id, database)
                    return true
                }
            }
            try Self.update(record, database)
        }
    }

    static func createFullTextIndex(_ index: FullTextIndex, of collection: Int64, _ database: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let description = String(decoding: try encoder.encode(index), as: UTF8.self)
        // Programs that don't know of these tables must not write to the database: they would not keep them up.
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS full_text (
                    collection INTEGER PRIMARY KEY, description TEXT NOT NULL, checksum INTEGER NOT NULL
                );
                CREATE VIRTUAL TABLE words_\(collection) USING fts5(
                    \(columns(index)), content = '', tokenize = '\(index.tokenizer.components.joined(separator: " "))'
                );
                PRAGMA user_version = \(max(2, try version(database)));
                """
        )
        // Eight megabytes of words are gathered in memory before they are written, and many writes take less work to merge.
        try database.execute(
            sql: "INSERT INTO words_\(collection)(words_\(collection), rank) VALUES ('hashsize', 8388608)"
        )
        try database.execute(
            sql: "INSERT INTO full_text VALUES (?, ?, ?)",
            arguments: [collection, description, Int64(checksum(of: description, collection))]
        )
    }

    static func deleteFullTextIndex(of collection: Int64, _ database: Database) throws {
        guard try database.tableExists("full_text") else { return }
        try database.execute(sql: "DELETE FROM full_text WHERE collection = ?", arguments: [collection])
        try database.execute(sql: "DROP TABLE IF EXISTS words_\(collection)")
    }

    /// Adds the words of a row.
    static func insert(
        words index: FullTextIndex,
        of metadata: VectorMetadata,
        _ record: CollectionRecord,
        _ id: Int64,
        _ database: Database
    ) throws {
        guard let texts = index.texts(of: metadata) else { return }
        let places = databaseQuestionMarks(count: texts.count + 1)
        let insert = try database.cachedStatement(
            sql: "INSERT INTO words_\(record.id)(rowid, \(columns(index))) VALUES (\(places))"
        )
        try insert.execute(arguments: [id] + StatementArguments(texts))
    }

    /// Removes the words of a row that is still there: FTS5 has to be told them.
    static func remove(
        words index: FullTextIndex,
        _ record: CollectionRecord,
        _ id: Int64,
        _ database: Database
    ) throws {
        var texts: [String]?
        // Who deletes the row finds whether it is missing.
        _ = try rows([id], of: record, database) { texts = index.texts(of: try MetadataFormat.decode($0.metadata)) }
        guard let texts else { return }
        let table = "words_\(record.id)"
        let places = databaseQuestionMarks(count: texts.count + 1)
        let remove = try database.cachedStatement(
            sql: "INSERT INTO \(table)(\(table), rowid, \(columns(index))) VALUES ('delete', \(places))"
        )
        try remove.execute(arguments: [id] + StatementArguments(texts))
    }

    private static func columns(_ index: FullTextIndex) -> String {
        index.fields.indices.map { "field_\($0)" }.joined(separator: ", ")
    }

    private static func checksum(of description: String, _ collection: Int64) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(collection)
        checksum.update(description)
        return checksum.value
    }
}

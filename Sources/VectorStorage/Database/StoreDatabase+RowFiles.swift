import GRDB
import Vectors

/// The row files of collections, and which of their rows are gone: tables that come with version 3 of the format.
extension StoreDatabase {
    static let rowFilesTables = """
        CREATE TABLE row_files (
            collection INTEGER PRIMARY KEY, name TEXT NOT NULL, hash INTEGER NOT NULL, through INTEGER NOT NULL,
            checksum INTEGER NOT NULL
        );
        CREATE TABLE gone_rows (
            collection INTEGER NOT NULL, id INTEGER NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (collection, id)
        ) WITHOUT ROWID;
        """

    static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// Whether collections may have row files: not in a store that older releases have written and may open again.
    static func hasRowFiles(_ database: Database) throws -> Bool { try version(database) >= 3 }

    func hasRowFiles() throws(VectorError) -> Bool { try read { try Self.hasRowFiles($0) } }

    /// Makes a store one of the newest version.
    func convert() throws(VectorError) {
        try write { database in
            guard try !Self.hasRowFiles(database) else { return }
            try database.execute(sql: "\(Self.rowFilesTables) PRAGMA user_version = \(Self.versions.upperBound);")
        }
    }

    /// Whether the catalogue names a row file of a collection.
    func hasRowFile(_ collection: Int64) throws(VectorError) -> Bool {
        try read { database in
            guard try Self.hasRowFiles(database) else { return false }
            let sql = "SELECT 1 FROM row_files WHERE collection = ?"
            return try Row.fetchOne(database.cachedStatement(sql: sql), arguments: [collection]) != nil
        }
    }

    /// The row file of a collection; nil if it has none.
    static func rowFile(of collection: Int64, _ database: Database) throws -> RowFileRecord? {
        guard try hasRowFiles(database) else { return nil }
        let sql = "SELECT name, hash, through, checksum FROM row_files WHERE collection = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [collection]) else { return nil }
        guard let name = String.fromDatabaseValue(row["name"]), let hash = Int64.fromDatabaseValue(row["hash"]),
            let through = Int64.fromDatabaseValue(row["through"]),
            let checksum = Int64.fromDatabaseValue(row["checksum"]),
            case let record = RowFileRecord(
                name: name,
                checksum: UInt32(truncatingIfNeeded: hash),
                through: through
            ), Int64(self.checksum(of: record, collection)) == checksum
        else { throw VectorError(.damaged, "the name of the row file of collection \(collection) is damaged") }
        return record
    }

    /// A file that the catalogue names, which can be made again.
    struct NamedFile {
        var name: String
        var collection: Int64
        var isRowFile: Bool
    }

    /// The index and row files of all collections.
    func namedFiles() throws(VectorError) -> [NamedFile] {
        let indexes = try catalogue().collections.compactMap { record in
            record.sidecar.map { NamedFile(name: $0.name, collection: record.id, isRowFile: false) }
        }
        return try read { database in
            guard try Self.hasRowFiles(database) else { return indexes }
            let rows = try Row.fetchAll(database, sql: "SELECT collection, name FROM row_files")
            return indexes
                + rows.compactMap { row in
                    guard let collection = Int64.fromDatabaseValue(row["collection"]),
                        let name = String.fromDatabaseValue(row["name"])
                    else { return nil }
                    return NamedFile(name: name, collection: collection, isRowFile: true)
                }
        }
    }

    /// Takes the name of a file out of the catalogue.
    func forget(_ file: NamedFile) throws(VectorError) {
        if file.isRowFile { return try setRowFile(nil, of: file.collection, without: []) }
        var record = try record(file.collection)
        record.sidecar = nil
        try update(record)
    }

    /// Gives a collection another row file, of whose rows these are gone, or none.
    func setRowFile(
        _ file: RowFileRecord?,
        of collection: Int64,
        without gone: [RemovedRow]
    ) throws(VectorError) {
        try write { database in
            try Self.deleteRowFile(of: collection, database)
            guard let file else { return }
            try database.execute(
                sql: "INSERT INTO row_files VALUES (?, ?, ?, ?, ?)",
                arguments: [
                    collection, file.name, Int64(file.checksum), file.through,
                    Int64(Self.checksum(of: file, collection)),
                ]
            )
            for row in gone { try Self.note(row, isGoneFrom: collection, database) }
        }
    }

    static func deleteRowFile(of collection: Int64, _ database: Database) throws {
        guard try hasRowFiles(database) else { return }
        try database.execute(sql: "DELETE FROM gone_rows WHERE collection = ?", arguments: [collection])
        try database.execute(sql: "DELETE FROM row_files WHERE collection = ?", arguments: [collection])
    }

    static func note(_ row: RemovedRow, isGoneFrom collection: Int64, _ database: Database) throws {
        let insert = try database.cachedStatement(sql: "INSERT INTO gone_rows VALUES (?, ?, ?)")
        try insert.execute(arguments: [collection, row.id, Int64(row.checksum)])
    }

    /// Which rows of a row file are gone, by their ids.
    static func gone(from collection: Int64, _ database: Database) throws -> [(id: Int64, checksum: UInt32)] {
        let sql = "SELECT id, checksum FROM gone_rows WHERE collection = ?"
        return try Row.fetchAll(database, sql: sql, arguments: [collection]).map { row in
            guard let id = Int64.fromDatabaseValue(row["id"]), let checksum = Int64.fromDatabaseValue(row["checksum"])
            else { throw VectorError(.damaged, "the list of rows that are gone is damaged") }
            return (id, UInt32(truncatingIfNeeded: checksum))
        }
    }

    /// The keys of the rows above an id, in the order of their writing.
    func keys(of record: CollectionRecord, after id: Int64) throws(VectorError) -> [VectorKey] {
        try read { database in
            let sql = "SELECT key FROM rows_\(record.id) WHERE id > ? ORDER BY id"
            return try Row.fetchAll(database, sql: sql, arguments: [id]).compactMap { row in
                String.fromDatabaseValue(row["key"]).map { VectorKey($0) }
            }
        }
    }

    private static func checksum(of file: RowFileRecord, _ collection: Int64) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(collection)
        checksum.update(file.name)
        checksum.update(file.checksum)
        checksum.update(file.through)
        return checksum.value
    }
}

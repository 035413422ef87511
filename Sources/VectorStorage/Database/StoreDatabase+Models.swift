import GRDB
import Vectors

/// Which model made a collection's vectors: a table that comes with the first collection of texts.
extension StoreDatabase {
    /// The model of a collection, or nil.
    func model(of collection: Int64) throws(VectorError) -> EmbedderIdentity? {
        try read { database in
            guard try database.tableExists("models") else { return nil }
            let sql = "SELECT name, fingerprint, checksum FROM models WHERE collection = ?"
            guard let row = try Row.fetchOne(database, sql: sql, arguments: [collection]) else { return nil }
            guard let name = String.fromDatabaseValue(row["name"]),
                let fingerprint = String.fromDatabaseValue(row["fingerprint"]),
                let checksum = Int64.fromDatabaseValue(row["checksum"]),
                case let model = EmbedderIdentity(name: name, fingerprint: fingerprint),
                Int64(Self.checksum(of: model, collection)) == checksum
            else { throw VectorError(.damaged, "the name of the model of collection \(collection) is damaged") }
            return model
        }
    }

    static func insert(_ model: EmbedderIdentity, of collection: Int64, _ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS models (
                    collection INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL, checksum INTEGER NOT NULL
                )
                """
        )
        try database.execute(
            sql: "INSERT INTO models VALUES (?, ?, ?, ?)",
            arguments: [collection, model.name, model.fingerprint, Int64(checksum(of: model, collection))]
        )
    }

    static func deleteModel(of collection: Int64, _ database: Database) throws {
        guard try database.tableExists("models") else { return }
        try database.execute(sql: "DELETE FROM models WHERE collection = ?", arguments: [collection])
    }

    private static func checksum(of model: EmbedderIdentity, _ collection: Int64) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(collection)
        checksum.update(model.name)
        checksum.update(model.fingerprint)
        return checksum.value
    }
}

import GRDB
import GRDBSQLite
import Vectors

/// A row as it is stored. The buffers are valid until the statement's next step.
struct StoredRow {
    let id: Int64
    let key: String
    let metadata: UnsafeRawBufferPointer
    let vector: UnsafeRawBufferPointer
    let checksum: UInt32

    /// What a statement has to select.
    static let columns = "id, key, metadata, vector, checksum"

    /// The id of the row that a statement has come to.
    static func id(current statement: Statement) -> Int64 { sqlite3_column_int64(statement.sqliteStatement, 0) }

    /// The row that a statement has come to, if its checksum is right.
    init(current statement: Statement, of record: CollectionRecord) throws(VectorError) {
        // Straight from SQLite: making GRDB's values of the columns would take as long as all the rest.
        let statement = statement.sqliteStatement
        guard sqlite3_column_type(statement, 0) == SQLITE_INTEGER, sqlite3_column_type(statement, 1) == SQLITE_TEXT,
            sqlite3_column_type(statement, 4) == SQLITE_INTEGER
        else { throw VectorError(.damaged, "a row of the collection '\(record.name)' is not in its format") }
        /// The bytes of a text or blob. In this order: asking for them may convert them, and then their number changes.
        func bytes(_ column: CInt) -> UnsafeRawBufferPointer {
            let start = sqlite3_column_blob(statement, column)
            return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column)))
        }
        id = sqlite3_column_int64(statement, 0)
        key = String(decoding: bytes(1), as: UTF8.self)
        metadata = bytes(2)
        vector = bytes(3)
        checksum = UInt32(truncatingIfNeeded: sqlite3_column_int64(statement, 4))
        let actual = rowChecksum(collection: record.id, id: id, key: key, metadata: metadata, vector: vector)
        guard actual == checksum, vector.count == 4 * record.dimension else {
            throw VectorError(
                .damaged,
                "the row \(id) of the collection '\(record.name)' is damaged: its checksum is wrong"
            )
        }
    }
}

extension StoredVector {
    init(_ row: StoredRow) throws(VectorError) {
        self.init(row, metadata: try MetadataFormat.decode(row.metadata))
    }

    init(_ row: StoredRow, metadata: VectorMetadata) {
        let vector = (0..<row.vector.count / 4).map { place in
            let bits = UInt32(littleEndian: row.vector.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
            return Float(bitPattern: bits)
        }
        self.init(key: VectorKey(row.key), vector: vector, metadata: metadata)
    }
}

import GRDB
import Vectors

/// Reads the rows of a collection by ascending id, in one go or in several, from one state of the database. Each row
/// has passed its checksum and, once all are read, all together the digest.
struct RowScan: Sendable {
    let record: CollectionRecord
    private var digest = RowDigest()
    private var lastID = Int64.min

    init(_ collection: Int64, _ database: Database) throws {
        record = try StoreDatabase.record(collection, database)
    }

    /// Reads the rows above an id only.
    ///
    /// - Parameter digest: of the others.
    init(_ record: CollectionRecord, after id: Int64, digest: RowDigest) {
        self.record = record
        self.digest = digest
        lastID = id
    }

    /// Hands out the next rows, no more of them than the record says, until `body` returns false.
    ///
    /// - Returns: whether all rows have been read.
    mutating func read(
        _ database: Database,
        cancellation: Cancellation?,
        _ body: (StoredRow) throws -> Bool
    ) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT \(StoredRow.columns) FROM rows_\(record.id) WHERE id > ? ORDER BY id"
        )
        let rows = try Row.fetchCursor(statement, arguments: [lastID])
        while try rows.next() != nil {
            if digest.count & 1023 == 0, cancellation?.isCancelled == true { throw VectorError.cancelled }
            let row = try StoredRow(current: statement, of: record)
            guard row.id > lastID, digest.count < record.digest.count else { throw damaged }
            digest.insert(id: row.id, checksum: row.checksum)
            lastID = row.id
            guard try body(row) else { return false }
        }
        guard digest == record.digest else { throw damaged }
        return true
    }

    private var damaged: VectorError {
        VectorError(
            .damaged,
            "the collection '\(record.name)' holds other rows than the \(record.digest.count) that were written"
        )
    }
}

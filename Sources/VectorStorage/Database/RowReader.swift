import GRDB
import Vectors

/// Reads a collection in batches, all from the state that the database has when this is made. The write-ahead log keeps
/// that state until the last copy of this is gone.
struct RowReader: Sendable {
    private static let batchCount = 1024
    private static let batchSize = 4 << 20
    private let snapshot: DatabaseSnapshot
    private var scan: RowScan
    private(set) var isAtEnd = false

    init(_ collection: Int64, of database: StoreDatabase) throws(VectorError) {
        snapshot = try database.snapshot()
        scan = try withDatabaseErrors { [snapshot] in try snapshot.read { try RowScan(collection, $0) } }
    }

    /// The next rows that a condition holds for: at most 1,024, or fewer that take 4 MiB in the database.
    mutating func batch(
        where condition: MetadataCondition?,
        cancellation: Cancellation
    ) throws(VectorError) -> [StoredVector] {
        var rows: [StoredVector] = []
        var size = 0
        isAtEnd = try withDatabaseErrors {
            try snapshot.read { database in
                try scan.read(database, cancellation: cancellation) { stored in
                    let metadata = try MetadataFormat.decode(stored.metadata)
                    guard condition?.holds(for: metadata) ?? true else { return true }
                    rows.append(StoredVector(stored, metadata: metadata))
                    size += stored.metadata.count + stored.vector.count
                    return rows.count < Self.batchCount && size < Self.batchSize
                }
            }
        }
        return rows
    }
}

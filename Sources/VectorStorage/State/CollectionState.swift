import Faiss
import Synchronization
import Vectors

/// What is in memory of a collection.
struct CollectionState: Sendable {
    var record: CollectionRecord
    /// The texts that are found by their words, if any.
    var fullText: FullTextIndex?
    /// What is known of the rows' words, once they have been searched.
    var wordMemory = WordMemory()
    /// The newest version.
    var version: CollectionVersion
    /// The slots of the rows that are there.
    var keys: [VectorKey: Int]
    var isDeleted = false
    /// Why the index file can't be used.
    var sidecarProblem: String?

    /// Reads and verifies the rows, and beside them the index file, which takes as long.
    init(reading id: Int64, from core: StoreCore, cancellation: Cancellation? = nil) throws(VectorError) {
        let early = try core.database.record(id).sidecar
        let readIndex = Mutex<Result<VectorIndex, VectorError>?>(nil)
        let readRows = Mutex<Result<Rows, VectorError>>(.failure(.cancelled))
        concurrently(early == nil ? 1 : 2) { worker in
            if worker == 0 {
                let result = Result { () throws(VectorError) in
                    try Rows(id, from: core.database, cancellation: cancellation)
                }
                readRows.withLock { $0 = result }
            } else if let early {
                let result = Result { () throws(VectorError) in try early.read(in: core.url) }
                readIndex.withLock { $0 = result }
            }
        }
        let rows = try readRows.withLock { $0 }.get()
        record = rows.record
        fullText = rows.fullText
        keys = rows.keys
        var main: MainIndex?
        if let sidecar = record.sidecar {
            do throws(VectorError) {
                // Another process may have written a newer one since.
                let index =
                    if early == sidecar, let read = readIndex.withLock({ $0 }) {
                        try read.get()
                    } else {
                        try sidecar.read(in: core.url)
                    }
                try sidecar.check(index, holds: rows.table)
                main = MainIndex(index, through: sidecar.through)
            } catch {
                sidecarProblem = "the index file '\(sidecar.name)' can't be used: \(error.message)"
            }
        }
        version = CollectionVersion(
            sequence: record.sequence,
            table: rows.table,
            liveCount: record.digest.count,
            main: main
        )
    }

    /// What the database holds of a collection.
    private struct Rows: Sendable {
        let record: CollectionRecord
        let fullText: FullTextIndex?
        let table: RowTable
        let keys: [VectorKey: Int]

        init(_ id: Int64, from database: StoreDatabase, cancellation: Cancellation?) throws(VectorError) {
            (record, fullText, table, keys) = try database.read { database in
                var scan = try RowScan(id, database)
                let record = scan.record
                var table = RowTable(dimension: record.dimension, metric: record.metric)
                var keys: [VectorKey: Int] = [:]
                try table.reserveCapacity(forMore: record.digest.count)
                keys.reserveCapacity(min(record.digest.count, 1 << 24))
                _ = try scan.read(database, cancellation: cancellation) { row in
                    let key = VectorKey(row.key)
                    let slot = try table.append(id: row.id, key: key, vector: row.vector, checksum: row.checksum) {
                        set in
                        try MetadataFormat.forEachField(row.metadata) { name, value in set(name, value) }
                    }
                    guard keys.updateValue(slot, forKey: key) == nil else {
                        throw VectorError(.damaged, "the key '\(key)' occurs twice")
                    }
                    return true
                }
                return (record, try StoreDatabase.fullTextIndex(of: id, database), table, keys)
            }
        }
    }
}

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
    /// The slots of the rows that are there and in memory.
    var keys: [VectorKey: Int]
    /// The file of the first rows, if there is one.
    var rowFile: RowFileRecord?
    var isDeleted = false
    /// Why the index file or the row file can't be used.
    var fileProblem: String?
    /// What was found when all rows were read, after the collection had been opened without that.
    var damage: VectorError?

    /// Opens the row file, or reads and verifies all rows; and beside them the index file, which takes as long.
    init(
        reading id: Int64,
        from core: StoreCore,
        cancellation: Cancellation? = nil
    ) throws(VectorError) {
        let early = try core.database.record(id).sidecar
        // Lists that stay in the file are opened at once, and brought into memory with the rows.
        let isInFile = try core.database.hasRowFile(id)
        let readIndex = Mutex<Result<MainIndex, VectorError>?>(nil)
        let readRows = Mutex<Result<OpenedRows, VectorError>>(.failure(.cancelled))
        concurrently(early == nil ? 1 : 2) { worker in
            if worker == 0 {
                let result = Result { () throws(VectorError) in
                    try core.rows(of: id, cancellation: cancellation)
                }
                readRows.withLock { $0 = result }
            } else if let early {
                let result = Result { () throws(VectorError) in try early.read(in: core.url, isInFile: isInFile) }
                readIndex.withLock { $0 = result }
            }
        }
        let rows = try readRows.withLock { $0 }.get()
        record = rows.record
        fullText = rows.fullText
        keys = rows.keys
        rowFile = rows.rowFile
        fileProblem = rows.problem
        var main: MainIndex?
        if let sidecar = record.sidecar {
            do throws(VectorError) {
                // Another process may have written a newer one since.
                let read =
                    if early == sidecar, let read = readIndex.withLock({ $0 }) {
                        try read.get()
                    } else {
                        try sidecar.read(in: core.url, isInFile: isInFile)
                    }
                try sidecar.check(read, holds: rows.table)
                main = read
            } catch {
                fileProblem = "the index file '\(sidecar.name)' can't be used: \(error.message)"
            }
        }
        version = CollectionVersion(
            sequence: record.sequence,
            table: rows.table,
            liveCount: record.digest.count,
            main: main
        )
    }
}

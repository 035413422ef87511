import GRDB
import Vectors

/// What the database and the row file hold of a collection.
struct OpenedRows: Sendable {
    let record: CollectionRecord
    let fullText: FullTextIndex?
    private(set) var table: RowTable
    /// The slots of the rows in memory.
    private(set) var keys: [VectorKey: Int] = [:]
    private(set) var rowFile: RowFileRecord?
    /// Why the row file can't be used.
    private(set) var problem: String?

    fileprivate init(
        _ record: CollectionRecord,
        _ core: StoreCore,
        hasher: TextHasher?,
        isLastTry: Bool,
        _ database: Database,
        _ cancellation: Cancellation?
    ) throws {
        self.record = record
        fullText = try StoreDatabase.fullTextIndex(of: record.id, database)
        let whole = RowTable(dimension: record.dimension, metric: record.metric, hasher: hasher ?? TextHasher())
        table = whole
        do {
            rowFile = try StoreDatabase.rowFile(of: record.id, database)
            if let rowFile, hasher == nil {
                try open(rowFile, core, database, cancellation)
                return
            }
        } catch let error as VectorError where error.code != .cancelled && (isLastTry || error.code != .inputOutput) {
            // It can be made again, of what is read here.
            problem = "the row file '\(rowFile?.name ?? "")' can't be used: \(error.message)"
            rowFile = nil
            (table, keys) = (whole, [:])
        }
        try table.reserveCapacity(forMore: record.digest.count)
        keys.reserveCapacity(min(record.digest.count, 1 << 24))
        var scan = RowScan(record, after: .min, digest: RowDigest())
        try read(&scan, database, cancellation)
    }

    /// Takes the first rows from a file, and the others from the database. The sum over all shows whether they fit together.
    private mutating func open(
        _ rowFile: RowFileRecord,
        _ core: StoreCore,
        _ database: Database,
        _ cancellation: Cancellation?
    ) throws {
        let file = try RowFile(rowFile, of: record, in: core.url, columnLimit: core.columnLimit)
        guard file.through == rowFile.through else { throw VectorError(.damaged, "it ends with another row") }
        var digest = file.directory.digest
        var ended: [Int: FiledRows.Ended] = [:]
        let all = RowTable(
            dimension: record.dimension,
            metric: record.metric,
            filed: FiledRows(file, ended: [:])
        )
        for (id, checksum) in try StoreDatabase.gone(from: record.id, database) {
            guard let slot = all.slot(ofID: id) else { throw VectorError(.damaged, "it never had the row \(id)") }
            digest.remove(id: id, checksum: checksum)
            ended[slot] = FiledRows.Ended(sequence: .min, checksum: checksum)
        }
        table = RowTable(
            dimension: record.dimension,
            metric: record.metric,
            filed: FiledRows(file, ended: ended)
        )
        guard digest.count <= record.digest.count else {
            throw VectorError(.damaged, "it has more rows than there are")
        }
        try table.reserveCapacity(forMore: record.digest.count - digest.count)
        var scan = RowScan(record, after: file.through, digest: digest)
        try read(&scan, database, cancellation)
    }

    private mutating func read(_ scan: inout RowScan, _ database: Database, _ cancellation: Cancellation?) throws {
        _ = try scan.read(database, cancellation: cancellation) { row in
            let key = VectorKey(row.key)
            let slot = try table.append(id: row.id, key: key, vector: row.vector, checksum: row.checksum) { set in
                try MetadataFormat.forEachField(row.metadata) { name, value in set(name, value) }
            }
            guard keys.updateValue(slot, forKey: key) == nil else {
                throw VectorError(.damaged, "the key '\(key)' occurs twice")
            }
            return true
        }
    }
}

extension StoreCore {
    /// The rows of a collection, from one state of the database.
    ///
    /// - Parameter hasher: where all of them are to be read from the database, and none from a row file: what makes the
    ///   hashes of texts.
    func rows(
        of collection: Int64,
        hasher: TextHasher? = nil,
        cancellation: Cancellation? = nil
    ) throws(VectorError) -> OpenedRows {
        func open(isLastTry: Bool) throws(VectorError) -> OpenedRows {
            try database.read { database in
                let record = try StoreDatabase.record(collection, database)
                return try OpenedRows(record, self, hasher: hasher, isLastTry: isLastTry, database, cancellation)
            }
        }
        // Another process may replace the row file between the look at its name and that at the file.
        for _ in 0..<3 {
            do throws(VectorError) { return try open(isLastTry: false) } catch {
                guard error.code == .inputOutput else { throw error }
            }
        }
        return try open(isLastTry: true)
    }
}

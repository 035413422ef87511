import Vectors

/// A change of a collection: rows that go and rows that come. Prepared from the newest version, then written to the
/// database, then shown by the next version.
struct CollectionCommit {
    /// The collection's entry in the catalogue after the change.
    private(set) var record: CollectionRecord
    private let main: MainIndex?
    private let removed: [RemovedRow]
    private var added: [NewRow] = []
    /// The table, with room for the new rows.
    private var table: RowTable

    /// Does all that may fail, but for the writing. The caller holds the right to change until the next version is out.
    init(
        adding rows: [CheckedRow],
        removing removed: [RemovedRow],
        to version: CollectionVersion,
        of record: CollectionRecord,
        after sequence: Int64
    ) throws(VectorError) {
        self.record = record
        main = version.main
        self.removed = removed
        table = version.table
        try table.makeRoom(forColumns: rows.lazy.flatMap { $0.row.metadata.keys }) {
            var staying = version.visible
            for row in removed { staying.remove(row.slot) }
            return staying
        }
        self.record.sequence = sequence + Int64(max(rows.count, 1))
        for row in removed { self.record.digest.remove(id: row.id, checksum: row.checksum) }
        added.reserveCapacity(rows.count)
        for (number, checked) in rows.enumerated() {
            let id = sequence + 1 + Int64(number)
            let checksum = checked.row.vector.withUnsafeBytes { vector in
                checked.metadata.withUnsafeBytes { metadata in
                    rowChecksum(
                        collection: record.id,
                        id: id,
                        key: checked.row.key.text,
                        metadata: metadata,
                        vector: vector
                    )
                }
            }
            self.record.digest.insert(id: id, checksum: checksum)
            added.append(NewRow(id: id, checked: checked, checksum: checksum))
        }
        try table.reserveCapacity(forMore: rows.count)
    }

    /// Makes the change in the database: all of it or, if this throws, none.
    func write(
        to database: StoreDatabase,
        fullText: FullTextIndex?,
        rowFile: RowFileRecord?
    ) throws(VectorError) {
        try database.commit(record, removing: removed, adding: added, fullText: fullText, rowFile: rowFile)
    }

    /// Makes the change in memory, once it is in the database; older versions don't show it.
    mutating func version() -> CollectionVersion {
        for row in removed { table.end(row.slot, at: record.sequence, checksum: row.checksum) }
        for new in added {
            new.checked.row.vector.withUnsafeBytes { vector in
                _ = table.append(id: new.id, key: new.checked.row.key, vector: vector, checksum: new.checksum) { set in
                    for (name, value) in new.checked.row.metadata { set(name, value) }
                }
            }
        }
        return CollectionVersion(
            sequence: record.sequence,
            table: table,
            liveCount: record.digest.count,
            main: main
        )
    }
}

import Synchronization
import Vectors

/// A collection in memory: its newest version, from which readers start, and the one place where versions follow each
/// other.
final class LiveCollection: Sendable {
    let dimension: Int
    let metric: Metric
    let index: CollectionIndex
    let core: StoreCore
    let state: Locked<CollectionState>
    /// Whether the last search had the keys and metadata of its answers without waiting for the disk.
    let areDetailsNear = Atomic(false)

    init(core: StoreCore, id: Int64) throws(VectorError) {
        let loaded = try CollectionState(reading: id, from: core)
        self.core = core
        dimension = loaded.record.dimension
        metric = loaded.record.metric
        index = loaded.record.index
        state = Locked(loaded)
    }

    var record: CollectionRecord { state.withLock { $0.record } }

    func checkUsable() throws(VectorError) {
        try core.checkOpen()
        let (isDeleted, name, damage) = state.withLock { ($0.isDeleted, $0.record.name, $0.damage) }
        if let damage { throw damage }
        if isDeleted { throw VectorError(.unknownCollection, "the collection '\(name)' was deleted") }
    }

    // MARK: Reading

    /// The newest version. In a store that was opened for reading only, another process may have written since: then the
    /// collection is read again.
    func newestVersion() throws(VectorError) -> CollectionVersion {
        try checkUsable()
        if core.options.access == .readOnly {
            let record = self.record
            if try core.database.sequence(of: record.id) != record.sequence {
                let loaded = try CollectionState(reading: record.id, from: core)
                state.withLock { $0 = loaded }
            }
        }
        return state.withLock { $0.version }
    }

    /// Calls `body` with the newest version until it returns something: nil says that rows of this version were replaced
    /// in the database before they could be read.
    func consistently<Result>(
        _ body: (CollectionVersion) throws(VectorError) -> Result?
    ) throws(VectorError) -> Result {
        for _ in 0..<20 {
            if let result = try body(try newestVersion()) { return result }
        }
        guard core.options.access != .readOnly else {
            throw VectorError(
                .locked,
                "another process changes the collection '\(record.name)' too fast for it to be read"
            )
        }
        // With the right to change, nobody else changes anything.
        return try core.change { sequence throws(VectorError) in
            guard let result = try body(try newestVersion()) else { throw missingRows }
            return (result, sequence)
        }
    }

    /// All rows, as they are in the database now.
    func rowReader() throws(VectorError) -> RowReader {
        try checkUsable()
        return try RowReader(record.id, of: core.database)
    }

    /// The slots of the rows with these keys, in the newest version; nil if rows of it were replaced in the database.
    func slots(of keys: [VectorKey]) throws(VectorError) -> (version: CollectionVersion, slots: [Int?])? {
        var (version, slots) = state.withLock { state in (state.version, keys.map { state.keys[$0] }) }
        guard let filed = version.table.filed else { return (version, slots) }
        // Which rows a key may be in is known by its hash, its text by the database.
        var wanted: [Int: Int] = [:]
        for (place, key) in keys.enumerated() where slots[place] == nil {
            for slot in try filed.file.slots(ofHash: filed.file.hasher.hash(key)) where version.isVisible(slot) {
                wanted[slot] = place
            }
        }
        if wanted.isEmpty { return (version, slots) }
        let all = try source.read(wanted.keys.sorted(), of: version.table) { slot, row in
            if let place = wanted[slot], keys[place] == VectorKey(row.key) { slots[place] = slot }
        }
        return all ? (version, slots) : nil
    }

    /// The same for a caller who holds the right to change, so that nothing is replaced.
    func currentSlots(of keys: [VectorKey]) throws(VectorError) -> [Int?] {
        guard let found = try slots(of: keys) else { throw missingRows }
        return found.slots
    }

    /// The rows with these keys. The caller holds the right to change, so that the version stays the newest.
    func rows(
        _ keys: [VectorKey],
        in version: CollectionVersion
    ) throws(VectorError) -> [VectorKey: StoredVector] {
        var ids: [Int64] = []
        for (key, slot) in zip(keys, try currentSlots(of: keys)) {
            guard let slot else {
                throw VectorError(.unknownKey, "no row of the collection '\(record.name)' has the key '\(key)'")
            }
            ids.append(version.table.id(slot))
        }
        var rows: [VectorKey: StoredVector] = [:]
        let all = try core.database.rows(ids, of: record) { row in rows[VectorKey(row.key)] = try StoredVector(row) }
        guard all else { throw missingRows }
        return rows
    }

    private var missingRows: VectorError {
        VectorError(.damaged, "rows of the collection '\(record.name)' are missing")
    }

    // MARK: Changing

    /// Stores rows in place of those that have their keys. They are chosen when no other change can come in between.
    func put(
        _ rows: (CollectionVersion) throws(VectorError) -> [CheckedRow]
    ) throws(VectorError) {
        _ = try core.change { sequence throws(VectorError) in
            let rows = try rows(state.withLock { $0.version })
            let slots = try currentSlots(of: rows.map(\.row.key)).compactMap { $0 }
            return try commit(adding: rows, removing: slots, after: sequence)
        }
    }

    /// Deletes the rows in these slots, which are chosen when no other change can come in between. Returns how many.
    func delete(
        _ slots: (CollectionVersion) throws(VectorError) -> [Int]
    ) throws(VectorError) -> Int {
        try core.change { sequence throws(VectorError) in
            try commit(adding: [], removing: try slots(state.withLock { $0.version }), after: sequence)
        }
    }

    private func commit(
        adding rows: [CheckedRow],
        removing slots: [Int],
        after sequence: Int64
    ) throws(VectorError) -> (Int, sequence: Int64) {
        try checkUsable()
        if rows.isEmpty, slots.isEmpty { return (0, sequence) }
        let (record, version, fullText, rowFile) = state.withLock { ($0.record, $0.version, $0.fullText, $0.rowFile) }
        let removed = try self.removed(slots, of: version)
        var commit = try CollectionCommit(adding: rows, removing: removed, to: version, of: record, after: sequence)
        try commit.write(to: core.database, fullText: fullText, rowFile: rowFile)
        let next = commit.version()
        state.withLock { state in
            for slot in slots where slot >= next.table.filedCount { state.keys[next.table.key(slot)] = nil }
            for slot in version.table.count..<next.table.count { state.keys[next.table.key(slot)] = slot }
            state.record = commit.record
            state.version = next
        }
        return (slots.count, commit.record.sequence)
    }

    /// The ids and checksums of rows that are to be removed.
    private func removed(_ slots: [Int], of version: CollectionVersion) throws(VectorError) -> [RemovedRow] {
        let table = version.table
        let slots = slots.sorted()
        let filed = slots.prefix { $0 < table.filedCount }
        var removed: [RemovedRow] = []
        let all = try source.read(filed, of: table) { slot, row in
            removed.append(RemovedRow(slot: slot, id: row.id, checksum: row.checksum))
        }
        guard all else { throw missingRows }
        for slot in slots.dropFirst(filed.count) {
            removed.append(RemovedRow(slot: slot, id: table.id(slot), checksum: table.checksum(slot)))
        }
        return removed
    }

    /// Gives the collection another full-text index, or none.
    func setFullTextIndex(_ index: FullTextIndex?, cancellation: Cancellation) throws(VectorError) {
        try index?.validate()
        try core.change { sequence throws(VectorError) in
            try checkUsable()
            var (record, version) = state.withLock { ($0.record, $0.version) }
            // A change without rows: processes that read see by its number that there is something new.
            record.sequence = sequence + 1
            try core.database.setFullTextIndex(index, of: record, cancellation: cancellation)
            version = CollectionVersion(
                sequence: record.sequence,
                table: version.table,
                liveCount: version.liveCount,
                main: version.main
            )
            state.withLock { [record] state in
                (state.record, state.fullText, state.version) = (record, index, version)
                state.wordMemory = WordMemory()
            }
            return ((), record.sequence)
        }
    }

    /// Lets searches use an index, or none, from now on.
    func install(_ main: MainIndex?) throws(VectorError) {
        try core.change { sequence throws(VectorError) in
            state.withLock { state in
                state.version = state.version.with(main)
                state.fileProblem = nil
            }
            return ((), sequence)
        }
    }

    /// Makes an index file the collection's, or none, and removes the one before.
    func setSidecar(_ sidecar: Sidecar?) throws(VectorError) {
        let previous = try core.change { sequence throws(VectorError) in
            var (record, isDeleted) = state.withLock { ($0.record, $0.isDeleted) }
            if isDeleted { throw VectorError.closed }
            let previous = record.sidecar
            record.sidecar = sidecar
            try core.database.update(record)
            state.withLock { [record] in $0.record = record }
            return (previous, sequence)
        }
        // Nobody misses it: readers have read theirs, and who opens a store finds the new one.
        if let previous { core.removeFile(previous.name) }
    }
}

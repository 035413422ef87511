import Foundation
import Vectors

/// Where the rows of a collection are: in memory, or in a row file and the database. Readers go on meanwhile, and who holds an
/// older version keeps the older table.
extension LiveCollection {
    /// Replaces the table by one of the rows that are there.
    func shrink(cancellation: Cancellation) throws(VectorError) {
        let version = state.withLock { $0.version }
        if version.table.filed != nil {
            return try version.liveCount < IndexStep.leastFiledCount
                ? loadRows(cancellation: cancellation) : rewriteRowFile(cancellation: cancellation)
        }
        try core.change { sequence throws(VectorError) in
            let version = state.withLock { $0.version }
            let table = try version.table.copy(of: version.visible)
            var keys: [VectorKey: Int] = [:]
            keys.reserveCapacity(table.count)
            for slot in 0..<table.count { keys[table.key(slot)] = slot }
            show(table, keys, inPlaceOf: version)
            return ((), sequence)
        }
    }

    /// Shows the rows of the newest version in another table from now on.
    private func show(_ table: RowTable, _ keys: [VectorKey: Int], inPlaceOf version: CollectionVersion) {
        state.withLock { state in
            // Where another process writes, there may be a newer one.
            guard state.version === version else { return }
            state.version = state.version.with(table)
            state.keys = keys
            state.wordMemory = WordMemory()
        }
    }

    // MARK: The row file

    /// Writes the row file anew, of all full chunks.
    ///
    /// - Parameter isLeavingMemory: whether these rows leave memory.
    func fileRows(isLeavingMemory: Bool) throws(VectorError) {
        let table = state.withLock { $0.version.table }
        guard table.fullChunksCount > 0 else { return }
        try writingRowFile { url throws(VectorError) in
            try table.write(to: url, collection: record.id)
        } then: { file, record throws(VectorError) in
            let current = state.withLock { $0.version.table }
            // The same slots, unless rows were moved meanwhile.
            guard current.filedCount == table.filedCount, current.hasher.seed == table.hasher.seed,
                current.count >= file.count, current.id(file.count - 1) == file.through
            else { return false }
            let gone = current.ended(through: file.through).map { slot, row in
                RemovedRow(slot: slot, id: current.id(slot), checksum: row.checksum)
            }
            try core.database.setRowFile(record, of: self.record.id, without: gone)
            guard isLeavingMemory else { return true }
            let filed = current.filing(in: file)
            state.withLock { state in
                state.version = state.version.with(filed)
                for slot in table.filedCount..<file.count where state.keys[current.key(slot)] == slot {
                    state.keys[current.key(slot)] = nil
                }
            }
            return true
        }
    }

    /// Writes the row file anew, of the rows that are there, as the database has them.
    private func rewriteRowFile(cancellation: Cancellation) throws(VectorError) {
        let before = state.withLock { $0.version }
        var sequence = Int64.min
        try writingRowFile { url throws(VectorError) in
            let written = try core.database.snapshot()
            return try withDatabaseErrors {
                try written.read { database in
                    var scan = try RowScan(record.id, database)
                    sequence = scan.record.sequence
                    func empty() throws -> RowTable {
                        var table = RowTable(dimension: dimension, metric: metric, hasher: before.table.hasher)
                        try table.reserveCapacity(forMore: table.chunkCapacity)
                        return table
                    }
                    var table = try empty()
                    var writer = try RowFileWriter(url, collection: record.id, continuing: table)
                    _ = try scan.read(database, cancellation: cancellation) { row in
                        let key = VectorKey(row.key)
                        try table.append(id: row.id, key: key, vector: row.vector, checksum: row.checksum) { set in
                            try MetadataFormat.forEachField(row.metadata) { name, value in set(name, value) }
                        }
                        if table.count == table.chunkCapacity {
                            try table.append(to: &writer)
                            table = try empty()
                        }
                        return true
                    }
                    return try writer.commit()
                }
            }
        } then: { file, record throws(VectorError) in
            let current = state.withLock { $0.version }
            let gone = current.table.ended(after: sequence, through: file.through).map { slot, row in
                RemovedRow(slot: slot, id: current.table.id(slot), checksum: row.checksum)
            }
            try core.database.setRowFile(record, of: self.record.id, without: gone)
            state.withLock { $0.rowFile = record }
            let opened = try core.rows(of: self.record.id)
            guard opened.table.filed != nil else {
                throw VectorError(.damaged, opened.problem ?? "the row file can't be used")
            }
            show(opened.table, opened.keys, inPlaceOf: current)
            return true
        }
    }

    /// Writes a new file by `write`, which returns the checksum of its directory, and makes it the collection's by `use`; it
    /// and then the one before are removed if that fails or returns false.
    private func writingRowFile(
        _ write: (URL) throws(VectorError) -> UInt32,
        then use: (RowFile, RowFileRecord) throws(VectorError) -> Bool
    ) throws(VectorError) {
        let collection = record
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let name = "collection-\(collection.id)-\(random).\(RowFile.fileExtension)"
        let url = core.url.appending(path: name)
        do throws(VectorError) {
            let checksum = try write(url)
            var new = RowFileRecord(name: name, checksum: checksum, through: 0)
            let file = try RowFile(new, of: collection, in: core.url, columnLimit: core.columnLimit)
            new.through = file.through
            let previous: RowFileRecord? = try core.change { [new] sequence throws(VectorError) in
                try checkUsable()
                let previous = state.withLock { $0.rowFile }
                guard try use(file, new) else { return (new, sequence) }
                state.withLock { state in
                    state.rowFile = new
                    state.fileProblem = nil
                }
                return (previous, sequence)
            }
            if let previous { core.removeFile(previous.name) }
        } catch {
            try? FileManager.default.removeItem(at: url)
            throw error
        }
    }

    /// Removes the row file, whose rows are all in memory.
    func removeRowFile() throws(VectorError) {
        let previous: RowFileRecord? = try core.change { sequence throws(VectorError) in
            let previous = state.withLock { $0.version.table.filed == nil ? $0.rowFile : nil }
            if previous != nil {
                try core.database.setRowFile(nil, of: record.id, without: [])
                state.withLock { $0.rowFile = nil }
            }
            return (previous, sequence)
        }
        if let previous { core.removeFile(previous.name) }
    }

    /// Brings all rows and the index into memory, each row verified.
    func load(cancellation: Cancellation) throws(VectorError) {
        if state.withLock({ $0.version.table.filed != nil }) { try loadRows(cancellation: cancellation) }
        if state.withLock({ $0.version.main?.isInFile == true }) { try reopenIndex(isInFile: false) }
    }

    private func loadRows(cancellation: Cancellation) throws(VectorError) {
        let opened: OpenedRows
        do throws(VectorError) {
            let hasher = state.withLock { $0.version.table.hasher }
            opened = try core.rows(of: record.id, hasher: hasher, cancellation: cancellation)
        } catch {
            // Rows that searches have not met may be damaged.
            if error.code == .damaged { state.withLock { $0.damage = error } }
            throw error
        }
        try core.whileUnchanged { () throws(VectorError) in
            let current = state.withLock { $0.version }
            var (table, keys) = (opened.table, opened.keys)
            let last = table.count == 0 ? Int64.min : table.id(table.count - 1)
            let new = current.table.firstSlot(fromID: last &+ 1)
            // Rows may have left memory meanwhile, or another process has written: the next time, then.
            guard new >= current.table.filedCount, opened.record.sequence <= current.sequence,
                table.hasher.seed == current.table.hasher.seed
            else { throw .cancelled }
            for (slot, row) in current.table.ended(after: opened.record.sequence, through: last) {
                guard let ended = table.slot(ofID: current.table.id(slot)) else { continue }
                if keys[table.key(ended)] == ended { keys[table.key(ended)] = nil }
                table.end(ended, at: row.sequence, checksum: row.checksum)
            }
            let first = table.count
            try table.append(Array(new..<current.table.count), of: current.table)
            for slot in first..<table.count {
                let old = new + slot - first
                let end = current.table.ended(at: old)
                if let end { table.end(slot, at: end, checksum: table.checksum(slot)) }
                if end == nil { keys[table.key(slot)] = slot }
            }
            show(table, keys, inPlaceOf: current)
        }
    }

    // MARK: The index

    /// Lets searches do without an index whose file is damaged.
    func dropIndex(because error: VectorError) {
        state.withLock { state in
            guard state.version.main?.isInFile == true else { return }
            state.version = state.version.with(nil as MainIndex?)
            state.fileProblem = "the index file can't be used: \(error.message)"
        }
    }

    /// Reads the index file again, to bring its lists into memory or to leave them in the file, and lets searches use it.
    func reopenIndex(isInFile: Bool) throws(VectorError) {
        let sidecar = state.withLock { $0.record.sidecar }
        guard let sidecar else { return }
        let main: MainIndex
        do throws(VectorError) {
            main = try sidecar.read(in: core.url, isInFile: isInFile)
        } catch {
            if isInFile { throw error }  // What is in memory is whole.
            return dropIndex(because: error)
        }
        try core.whileUnchanged { () throws(VectorError) in
            state.withLock { state in
                if state.record.sidecar == sidecar {
                    state.version = state.version.with(main.replacing(state.version.main))
                }
            }
        }
    }

    // MARK: Memory

    /// The bytes of memory that rows and index take.
    var memorySize: Int {
        let (version, words) = state.withLock { ($0.version, $0.wordMemory.size) }
        return version.table.memorySize + (version.main?.index.memorySize ?? 0) + words
    }

    /// What is to leave memory, or can come back.
    var memoryStep: IndexStep? {
        let (version, record) = state.withLock { ($0.version, $0.record) }
        let table = version.table
        guard core.options.memoryBudget != nil || table.filed != nil || version.main?.isInFile == true else {
            return nil
        }
        let size = memorySize
        let limit = core.memoryLimit(of: record.id, using: size)
        let indexSize = version.main?.index.memorySize ?? 0
        if let limit, core.hasRowFiles, core.options.access != .readOnly {
            if size > limit || table.memorySize > limit / 2,
                table.fullChunksCount - table.filedCount >= max(4096, table.filedCount / 64)
            {
                return .file
            }
            if let main = version.main, main.index.indexDescription.canKeepListsInFile,
                main.isInFile ? main.addedSize > limit / 8 : size > limit || indexSize > limit / 4
            {
                // The file first has what the index has.
                return record.sidecar?.through == main.through ? .leaveLists : .save
            }
        }
        guard table.filed != nil || version.main?.isInFile == true else { return nil }
        // A key, its place, and some fields; and the lists.
        let whole = version.liveCount * (4 * dimension + 150) + max(indexSize, record.sidecar?.length ?? 0)
        return limit.map { whole <= $0 / 4 * 3 } ?? true ? .load : nil
    }

    /// Lets rows leave memory if the collection takes more of it than it may. What it takes stays so if that fails.
    func keepBudget() {
        guard core.options.memoryBudget != nil, memoryStep == .file else { return }
        do throws(VectorError) {
            try fileRows(isLeavingMemory: true)
        } catch {
            state.withLock { $0.fileProblem = "rows can't leave memory: \(error.message)" }
        }
    }
}

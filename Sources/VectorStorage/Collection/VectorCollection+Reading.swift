public import Vectors

extension VectorCollection {
    /// The number of rows that a condition holds for; of all rows where it is nil.
    ///
    /// - Throws: `VectorError` with code `invalidArgument`, `closed`.
    public func count(where condition: MetadataCondition?) async throws(VectorError) -> Int {
        try condition?.validate()
        return try await runBlocking { [live] _ throws(VectorError) in
            let version = try live.newestVersion()
            return condition.map { version.rows(where: $0).count } ?? version.liveCount
        }
    }

    /// The names of the fields that rows have, each with the number of rows that have it.
    ///
    /// Complexity: O(rows × fields), a fraction of a nanosecond each.
    ///
    /// - Throws: `VectorError` with code `closed`.
    public func fieldCounts() async throws(VectorError) -> [String: Int] {
        try await runBlocking { [live] _ throws(VectorError) in
            let version = try live.newestVersion()
            return version.table.columns.keys.reduce(into: [:]) { counts, name in
                let count = version.rows(where: .exists(name)).count
                if count > 0 { counts[name] = count }
            }
        }
    }

    /// The rows with these keys, nil where there is none.
    ///
    /// - Throws: `VectorError` with code `damaged`, `inputOutput`, `closed`.
    public func get(_ keys: [VectorKey]) async throws(VectorError) -> [StoredVector?] {
        try await runBlocking { [live] _ throws(VectorError) in
            try live.consistently { _ throws(VectorError) in
                // Slots are those of the newest version.
                let (version, slots) = live.state.withLock { state in (state.version, keys.map { state.keys[$0] }) }
                var found: [Int64: StoredVector] = [:]
                let ids = Set(slots.compactMap { $0 }).map { version.table.id($0) }
                let all = try live.core.database.rows(ids, of: live.record) { row in
                    found[row.id] = try StoredVector(row)
                }
                guard all else { return nil }
                return slots.map { $0.flatMap { found[version.table.id($0)] } }
            }
        }
    }

    /// All rows, in the order of their writing, as they are when an iteration begins, whatever is written meanwhile:
    ///
    /// ```swift
    /// for try await row in books.rows(where: .atLeast("year", 1960)) { print(row.key, row.vector) }
    /// ```
    ///
    /// Rows are read from the database in batches, and checked. Until an iteration has ended, the write-ahead log can't be
    /// emptied, so it should not take hours.
    ///
    /// - Parameter condition: which rows; nil for all.
    public func rows(where condition: MetadataCondition? = nil) -> StoredRows {
        StoredRows(live: live, condition: condition)
    }
}

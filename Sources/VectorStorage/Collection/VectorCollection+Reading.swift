public import Vectors

extension VectorCollection {
    /// The number of rows that a condition holds for; of all rows where it is nil.
    ///
    /// - Throws: `VectorError` with code `invalidArgument`, `closed`.
    public func count(where condition: MetadataCondition?) async throws(VectorError) -> Int {
        try condition?.validate()
        return try await runBlocking { [live] _ throws(VectorError) in
            let version = try live.newestVersion()
            guard let condition else { return version.liveCount }
            return try version.rows(where: condition).count
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
            var counts: [String: Int] = [:]
            for name in version.table.fields {
                let count = try version.rows(where: .exists(name)).count
                if count > 0 { counts[name] = count }
            }
            return counts
        }
    }

    /// The rows with these keys, nil where there is none.
    ///
    /// - Throws: `VectorError` with code `damaged`, `inputOutput`, `closed`.
    public func get(_ keys: [VectorKey]) async throws(VectorError) -> [StoredVector?] {
        try await runBlocking { [live] _ throws(VectorError) in
            try live.consistently { _ throws(VectorError) in
                guard let (version, slots) = try live.slots(of: keys) else { return nil }
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

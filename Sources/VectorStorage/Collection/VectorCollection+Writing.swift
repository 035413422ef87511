public import Vectors

extension VectorCollection {
    /// Stores vectors under their keys. What a key held before is replaced, metadata included.
    ///
    /// All or nothing, and durable when the call returns (see ``StoreOptions/Durability``). Where a key occurs twice, the
    /// later row counts.
    ///
    /// - Parameter rows: the vectors; none is fine. Thousands at a time are much faster than one by one.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a key or metadata out of
    ///   their limits; a zero vector for cosine), `readOnly`, `inputOutput`, `cancelled`, `closed`.
    public func upsert(_ rows: [StoredVector]) async throws(VectorError) {
        try await write { live, cancellation throws(VectorError) in
            let checked = try live.checked(rows, cancellation: cancellation)
            if !checked.isEmpty { try live.put { _ in checked } }
        }
    }

    /// Refuses a row that ``upsert(_:)`` would refuse.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument`.
    public func validate(_ row: StoredVector) throws(VectorError) {
        try live.rules.check(row)
        _ = try CheckedRow(row)
    }

    /// Changes the metadata of rows and leaves their vectors as they are: all of them or, if one can't be, none.
    ///
    /// - Parameters:
    ///   - changes: keys, each with new metadata; where a key occurs twice, both are applied, in this order.
    ///   - replacing: whether the new metadata replace all fields; otherwise fields that are not named stay.
    ///   - fields: names of fields that are removed first; a row need not have them.
    /// - Throws: `VectorError` with code `unknownKey`, `notFinite`, `invalidArgument` (metadata out of their limits),
    ///   `readOnly`, `inputOutput`, `cancelled`, `closed`.
    public func update(
        _ changes: [(key: VectorKey, metadata: VectorMetadata)],
        replacing: Bool = false,
        removing fields: Set<String> = []
    ) async throws(VectorError) {
        let changes = MetadataChanges(changes, replacing: replacing, removing: fields)
        try await write { live, cancellation throws(VectorError) in
            try live.put { version throws(VectorError) in
                let rows = try live.rows(changes.keys, in: version)
                return try live.checked(changes.applied(to: rows), cancellation: cancellation)
            }
        }
    }

    /// Deletes rows. A key that no row has is ignored.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `closed`.
    @discardableResult
    public func delete(_ keys: [VectorKey]) async throws(VectorError) -> Int {
        try await write { live, _ throws(VectorError) in
            try live.delete { _ throws(VectorError) in Set(try live.currentSlots(of: keys).compactMap { $0 }).sorted() }
        }
    }

    /// Deletes the rows that a condition holds for.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `invalidArgument`, `closed`.
    @discardableResult
    public func delete(where condition: MetadataCondition) async throws(VectorError) -> Int {
        try condition.validate()
        return try await write { live, _ throws(VectorError) in
            try live.delete { version throws(VectorError) in
                try version.rows(where: condition).slots(in: 0..<version.table.count)
            }
        }
    }

    /// Runs a change on a thread of its own, and then lets the index follow.
    private func write<Result: Sendable>(
        _ change: @escaping @Sendable (LiveCollection, Cancellation) throws(VectorError) -> Result
    ) async throws(VectorError) -> Result {
        maintenance.beginChange()
        defer { maintenance.endChange() }
        return try await runBlocking { [live] cancellation throws(VectorError) in
            try live.checkUsable()
            let result = try change(live, cancellation)
            live.keepBudget()
            return result
        }
    }
}

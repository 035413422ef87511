#if Milvus
public import VectorStorage
public import Vectors

extension MilvusCollection {
    /// Refuses a row that ``upsert(_:)`` would refuse.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument`.
    public func validate(_ row: StoredVector) throws(VectorError) {
        try rules.check(row)
        try RowColumns.checkSize(of: row)
    }

    /// Stores vectors under their keys. What a key held before is replaced, metadata included.
    ///
    /// All rows are checked before any is sent. They go in messages of ``MilvusOptions/batchSize`` rows, several at a time,
    /// and each message is stored durably when the server answers; where one fails, others may be stored. Where a key
    /// occurs twice, the later row counts.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a key or metadata out of
    ///   their limits, which are narrower than those of `VectorCollection`: 65,536 bytes of JSON), `unavailable`,
    ///   `timedOut`, `server`, `cancelled`, `closed`.
    public func upsert(_ rows: [StoredVector]) async throws(VectorError) {
        let batches = try await runBlocking { [rules, client] cancellation throws(VectorError) in
            let latest = try rules.latest(of: rows, cancellation: cancellation) { row throws(VectorError) in
                try RowColumns.checkSize(of: row)
                return row
            }
            return Self.batches(of: latest, limit: client.options.batchSize)
        }
        try await eachAtOnce(batches) { batch throws(VectorError) in
            let request = try await runBlocking { [self] _ throws(VectorError) in
                var request = WireUpsertRequest()
                request.dbName = client.options.database
                request.collectionName = encodedName
                request.fieldsData = RowColumns.columns(of: batch, dimension: dimension)
                request.numRows = UInt32(batch.count)
                return request
            }
            clock.wrote(try await client.write("Upsert", request).timestamp)
        }
    }

    /// Rows in messages that the server takes.
    private static func batches(of rows: [StoredVector], limit: Int) -> [ArraySlice<StoredVector>] {
        var batches: [ArraySlice<StoredVector>] = []
        var (start, size) = (0, 0)
        for (place, row) in rows.enumerated() {
            let rowSize = RowColumns.messageSize(of: row)
            if place - start == limit || place > start && size + rowSize > MilvusClient.maximumMessageSize / 2 {
                batches.append(rows[start..<place])
                (start, size) = (place, 0)
            }
            size += rowSize
        }
        if start < rows.count { batches.append(rows[start...]) }
        return batches
    }

    /// Calls `body` with each element, with several at a time.
    private func eachAtOnce<Element: Sendable>(
        _ elements: [Element],
        _ body: @escaping @Sendable (Element) async throws(VectorError) -> Void
    ) async throws(VectorError) {
        guard elements.count > 1 else {
            for element in elements { try await body(element) }
            return
        }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                var running = 0
                for element in elements {
                    if running == 4 {
                        try await group.next()
                        running -= 1
                    }
                    group.addTask { try await body(element) }
                    running += 1
                }
                try await group.waitForAll()
            }
        } catch {
            throw error as? VectorError ?? .cancelled
        }
    }

    /// Changes the metadata of rows and leaves their vectors as they are. The rows are read, changed here, and written:
    /// what others write to them meanwhile is lost.
    ///
    /// - Throws: `VectorError` with code `unknownKey`, before anything is written; and as ``upsert(_:)``.
    public func update(
        _ changes: [(key: VectorKey, metadata: VectorMetadata)],
        replacing: Bool = false,
        removing fields: Set<String> = []
    ) async throws(VectorError) {
        let changes = MetadataChanges(changes, replacing: replacing, removing: fields)
        var rows: [VectorKey: StoredVector] = [:]
        for (key, row) in zip(changes.keys, try await get(changes.keys)) {
            guard let row else {
                throw VectorError(.unknownKey, "the collection '\(name)' has no row with the key '\(key)'")
            }
            rows[key] = row
        }
        try await upsert(changes.applied(to: rows))
    }

    /// Deletes rows. A key that no row has is ignored.
    ///
    /// - Returns: how many there were, just before.
    /// - Throws: `VectorError` with code `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    @discardableResult
    public func delete(_ keys: [VectorKey]) async throws(VectorError) -> Int {
        let keys = Set(keys).sorted()
        var deleted = 0
        for expression in expressions(of: keys) {
            let found = try await query(expression, [CollectionSchema.key]).keys
            if found.isEmpty { continue }
            deleted += found.count
            try await delete(matching: expression)
        }
        return deleted
    }

    /// Deletes the rows that a condition holds for, page by page.
    ///
    /// - Returns: how many there were.
    /// - Throws: `VectorError` with code `invalidArgument`, `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    @discardableResult
    public func delete(where condition: MetadataCondition) async throws(VectorError) -> Int {
        let expression = try ServerExpression(condition).text
        var pages = RowPages(collection: self, expression: expression, columns: [CollectionSchema.key], rowSize: 64)
        var deleted = 0
        while let page = try await pages.next() {
            let keys = page.keys
            for expression in expressions(of: keys) { try await delete(matching: expression) }
            deleted += keys.count
        }
        return deleted
    }

    private func delete(matching expression: String) async throws(VectorError) {
        var request = WireDeleteRequest()
        request.dbName = client.options.database
        request.collectionName = encodedName
        request.expr = expression
        clock.wrote(try await client.write("Delete", request).timestamp)
    }
}
#endif

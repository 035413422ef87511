#if Milvus
public import VectorStorage
public import Vectors

extension MilvusCollection {
    /// The number of rows that a condition holds for; of all rows where it is nil.
    ///
    /// - Throws: `VectorError` with code `invalidArgument` (a condition of more than 256 comparisons, say), `unavailable`,
    ///   `timedOut`, `server`, `cancelled`, `closed`.
    public func count(where condition: MetadataCondition?) async throws(VectorError) -> Int {
        try await count(matching: ServerExpression.text(of: condition))
    }

    func count(matching expression: String) async throws(VectorError) -> Int {
        guard let count = try await query(expression, ["count(*)"]).count else {
            throw VectorError(.server, "the server \(client.address) answered a count without a number")
        }
        counts.remember(count, of: expression)
        return count
    }

    /// The rows with these keys, nil where there is none.
    ///
    /// - Throws: `VectorError` with code `unavailable`, `timedOut`, `server`, `tooLarge`, `cancelled`, `closed`.
    public func get(_ keys: [VectorKey]) async throws(VectorError) -> [StoredVector?] {
        var found: [VectorKey: StoredVector] = [:]
        for expression in expressions(of: Set(keys).sorted()) {
            let columns = try await query(expression, CollectionSchema.rowColumns)
            for row in try columns.rows(dimension: dimension) { found[row.key] = row }
        }
        return keys.map { found[$0] }
    }

    /// All rows that a condition holds for, each once, in the order of their keys' bytes. Rows that are written during an
    /// iteration may be among them or not.
    ///
    /// - Parameter condition: which rows; nil for all.
    public func rows(where condition: MetadataCondition? = nil) -> MilvusRows {
        MilvusRows(collection: self, condition: condition)
    }

    /// Keys in expressions that the server reads, and whose answers fit a message.
    func expressions(of keys: [VectorKey]) -> [String] {
        let limit = min(1024, max(1, (32 << 20) / (4 * dimension + CollectionSchema.maximumJSONSize / 4)))
        return stride(from: 0, to: keys.count, by: limit).map { first in
            ServerExpression.keys(keys[first..<min(first + limit, keys.count)])
        }
    }

    /// Asks for columns of the rows that an expression holds for.
    func query(
        _ expression: String,
        _ columns: [String],
        _ parameters: KeyValuePairs<String, String> = [:]
    ) async throws(VectorError) -> AnswerColumns {
        let guarantee = clock.guarantee(consistency)
        var request = WireQueryRequest()
        request.dbName = client.options.database
        request.collectionName = encodedName
        request.expr = expression
        request.outputFields = columns
        request.queryParams = CollectionSchema.pairs(parameters)
        request.consistencyLevel = guarantee.level
        request.guaranteeTimestamp = guarantee.timestamp
        let answer: WireQueryResults = try await client.call("Query", request)
        clock.didRead(guarantee)
        return AnswerColumns(answer.fieldsData)
    }
}
#endif

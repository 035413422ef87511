#if Milvus
import Foundation
public import VectorStorage
public import Vectors

extension MilvusCollection {
    /// The most rows that a query may ask for.
    public static let maximumK = 16_384

    /// So few rows are fetched and compared here: exact, where the server's index would answer fewer than k.
    private static let fewRows = 8192

    /// Finds the k nearest rows among those that a condition holds for; see `VectorCollection.search`.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the collection's dimension.
    ///   - k: how many, 1…16,384.
    ///   - condition: which rows may be found; nil for all.
    ///   - options: `exact` fetches every row that passes the condition and compares it here. `probes` and `ef` are the
    ///     server's `nprobe` and `ef`; `candidates` and `threads` are not for a server.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument`, `unavailable`, `timedOut`,
    ///   `server`, `tooLarge`, `cancelled`, `closed`.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> SearchResult {
        let query = Array(query)
        try rules.check(query, "the query")
        let queries = try VectorMatrix(query, dimension: dimension)
        return try await search(checked: queries, k: k, where: condition, options: options)[0]
    }

    /// Finds the k nearest rows of each query; see the search with one query.
    ///
    /// - Returns: a result a query.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> [SearchResult] {
        try rules.check(queries)
        return try await search(checked: queries, k: k, where: condition, options: options)
    }

    private func search(
        checked queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions
    ) async throws(VectorError) -> [SearchResult] {
        try options.validate(k: k)
        try checkRange(k, 1...Self.maximumK, "k")
        let expression = try ServerExpression.text(of: condition)
        if queries.isEmpty { return [] }
        var matching: Int?
        if options.exact { return try await compare(queries, k: k, expression) }
        var share = 1.0
        if condition != nil {
            // Counting takes as long as searching. What was twice too many a moment ago is too many still, and half as many
            // are still few: comparing them is exact, however many there are by now.
            let recent = counts.count(of: expression)
            if let recent, recent <= Self.fewRows / 2,
                let results = try await compareAtOnce(queries, k: k, expression, expecting: recent)
            {
                return results
            }
            var count = recent ?? 0
            if count <= 2 * max(Self.fewRows, k) {
                count = try await self.count(matching: expression)
                matching = count
                if count <= Self.fewRows {
                    if let results = try await compareAtOnce(queries, k: k, expression, expecting: count) {
                        return results
                    }
                    return try await compare(queries, k: k, expression)
                }
            }
            let all = if let known = counts.count(of: "") { known } else { try await self.count(matching: "") }
            share = Double(count) / Double(max(all, count))
        }
        let parameters = index.searchParameters(k: k, share: share, options: options)
        var results: [SearchResult] = []
        for part in parts(of: queries, k: k) {
            for matches in try await ask(part, k: k, expression, parameters) {
                let diagnostics = SearchDiagnostics(
                    strategy: index.type == "FLAT" ? .exact : .index,
                    matching: matching
                )
                results.append(SearchResult(matches: matches, diagnostics: diagnostics))
            }
        }
        // An index may visit too few rows, where few pass or where k is many: then all are compared.
        let short = results.indices.filter { results[$0].matches.count < k }
        guard !short.isEmpty else { return results }
        let available = if let matching { matching } else { try await count(matching: expression) }
        let incomplete = short.filter { results[$0].matches.count < min(k, available) }
        if !incomplete.isEmpty {
            let again = try await compare(queries.gathering(incomplete), k: k, expression)
            for (place, result) in zip(incomplete, again) { results[place] = result }
        }
        return results
    }

    /// Queries in parts whose requests and answers fit a message.
    private func parts(of queries: VectorMatrix, k: Int) -> [VectorMatrix] {
        // Metadata of ordinary size; where they are larger, `ask` halves.
        let limit = min(1024, max(1, (24 << 20) / max(4 * dimension, k * 256)))
        guard queries.count > limit else { return [queries] }
        return stride(from: 0, to: queries.count, by: limit).map { first in
            queries[first..<min(first + limit, queries.count)]
        }
    }

    /// The server's answers.
    private func ask(
        _ queries: VectorMatrix,
        k: Int,
        _ expression: String,
        _ parameters: String
    ) async throws(VectorError) -> [[VectorMatch]] {
        do throws(VectorError) {
            return try await askAtOnce(queries, k: k, expression, parameters)
        } catch {
            guard error.code == .tooLarge, queries.count > 1 else { throw error }
            let middle = queries.count / 2
            return try await ask(queries[..<middle], k: k, expression, parameters)
                + ask(queries[middle...], k: k, expression, parameters)
        }
    }

    private func askAtOnce(
        _ queries: VectorMatrix,
        k: Int,
        _ expression: String,
        _ parameters: String
    ) async throws(VectorError) -> [[VectorMatch]] {
        var placeholder = WirePlaceholderValue()
        placeholder.tag = "$0"
        placeholder.type = .floatVector
        placeholder.values = queries.map { query in
            query.withUnsafeBufferPointer { values in Data(UnsafeRawBufferPointer(values)) }
        }
        var group = WirePlaceholderGroup()
        group.placeholders = [placeholder]
        let guarantee = clock.guarantee(consistency)
        var request = WireSearchRequest()
        request.dbName = client.options.database
        request.collectionName = encodedName
        request.dsl = expression
        request.dslType = 1
        request.placeholderGroup = try withVectorError { try group.serializedData() }
        request.outputFields = [CollectionSchema.metadata]
        request.searchParams = CollectionSchema.pairs([
            "anns_field": CollectionSchema.vector, "topk": "\(k)", "metric_type": metric.serverName,
            "params": parameters,
        ])
        request.nq = Int64(queries.count)
        request.consistencyLevel = guarantee.level
        request.guaranteeTimestamp = guarantee.timestamp
        let answer: WireSearchResults = try await client.call("Search", request)
        clock.didRead(guarantee)

        let keys = answer.results.ids.strID.data
        let scores = answer.results.scores
        let metadata = try AnswerColumns(answer.results.fieldsData).metadata()
        // A collection without rows is answered without counts.
        let counts = answer.results.topks.isEmpty ? Array(repeating: 0, count: queries.count) : answer.results.topks
        guard counts.count == queries.count, counts.reduce(0, +) == keys.count, scores.count == keys.count,
            metadata.count == keys.count
        else {
            throw VectorError(
                .server,
                "the server \(client.address) answered \(counts.count) of \(queries.count) queries with \(keys.count) keys, "
                    + "\(scores.count) scores and \(metadata.count) metadata, which don't fit each other"
            )
        }
        var place = 0
        return counts.map { count in
            let matches = (place..<(place + Int(count))).map { place in
                VectorMatch(key: VectorKey(keys[place]), score: scores[place], metadata: metadata[place])
            }
            place += Int(count)
            return matches
        }
    }

    /// Fetches all rows that an expression holds for, and compares them with the queries here.
    private func compare(
        _ queries: VectorMatrix,
        k: Int,
        _ expression: String
    ) async throws(VectorError) -> [SearchResult] {
        var pages = RowPages(collection: self, expression: expression)
        var comparison = RowComparison(queries, k: k, metric: metric)
        while let page = try await pages.next() {
            comparison = try await offer(page.rows(dimension: dimension), to: comparison)
        }
        return comparison.results
    }

    /// As ``compare(_:k:_:)``, by one call; nil where the rows are too many for one.
    private func compareAtOnce(
        _ queries: VectorMatrix,
        k: Int,
        _ expression: String,
        expecting count: Int
    ) async throws(VectorError) -> [SearchResult]? {
        let limit = min(Self.fewRows, (24 << 20) / CollectionSchema.rowSize(dimension: dimension))
        guard count <= limit else { return nil }
        let page: AnswerColumns
        do throws(VectorError) {
            page = try await query(expression, CollectionSchema.rowColumns, ["limit": "\(limit + 1)"])
        } catch {
            // Metadata are larger than they usually are.
            guard error.code == .tooLarge else { throw error }
            return nil
        }
        let rows = try page.rows(dimension: dimension)
        guard rows.count <= limit else { return nil }
        counts.remember(rows.count, of: expression)
        return try await offer(rows, to: RowComparison(queries, k: k, metric: metric)).results
    }

    private func offer(
        _ rows: [StoredVector],
        to comparison: RowComparison
    ) async throws(VectorError) -> RowComparison {
        try await runBlocking { cancellation throws(VectorError) in
            var comparison = comparison
            try comparison.offer(rows, cancellation: cancellation)
            return comparison
        }
    }
}
#endif

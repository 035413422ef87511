public import Vectors

extension VectorCollection {
    /// Finds the k nearest rows among those that a condition holds for.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the collection's dimension.
    ///   - k: how many, from 1.
    ///   - condition: which rows may be found; nil for all.
    ///   - options: exactness and tuning.
    /// - Returns: the rows, nearest first, and how they were found; fewer than k only if fewer pass the condition. What an
    ///   index finds may miss some of the true neighbours.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument`, `damaged`,
    ///   `inputOutput`, `cancelled`, `closed`.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> SearchResult {
        try await search(checked: checked(query), k: k, where: condition, options: options)[0]
    }

    /// A query that can be compared with the rows.
    func checked(_ query: some Collection<Float>) throws(VectorError) -> VectorMatrix {
        let query = Array(query)
        try live.rules.check(query, "the query")
        return try VectorMatrix(query, dimension: dimension)
    }

    /// Finds the k nearest rows of each query, all in the same state of the collection; see the search with one query.
    ///
    /// - Returns: a result a query.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> [SearchResult] {
        try live.rules.check(queries)
        return try await search(checked: queries, k: k, where: condition, options: options)
    }

    private func search(
        checked queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions
    ) async throws(VectorError) -> [SearchResult] {
        try options.validate(k: k)
        try condition?.validate()
        let isShort = live.isShort(queries, k: k, filtered: condition != nil, options)
        return try await searching(here: isShort) { [live] version, cancellation throws(VectorError) in
            let answers = try version.search(
                queries,
                // More than there are would only ask for memory.
                k: min(k, max(version.liveCount, 1)),
                where: condition,
                options: options,
                source: live.source,
                cancellation: cancellation
            )
            guard let answers else { return nil }
            return try live.results(of: answers, in: version)
        }
    }

    /// Searches the newest version; again, where `body` returns nil, which says that rows of it were replaced in the database
    /// before they could be read. A damaged index that is met is made anew in the background.
    ///
    /// - Parameter isShort: whether it is done on this thread.
    func searching<Result: Sendable>(
        here isShort: Bool = false,
        _ body: @escaping @Sendable (CollectionVersion, Cancellation) throws(VectorError) -> Result?
    ) async throws(VectorError) -> Result {
        defer { if live.state.withLock({ $0.fileProblem != nil }) { maintenance.look() } }
        return try await runBlocking(here: isShort) { [live] cancellation throws(VectorError) in
            try live.consistently { version throws(VectorError) in try body(version, cancellation) }
        }
    }
}

extension LiveCollection {
    /// The rows that are in the database only.
    var source: RowSource {
        RowSource(database: core.database, record: record) { [self] error in dropIndex(because: error) }
    }

    /// Whether a search waits for nothing and computes for about a millisecond at most: then having another thread do it takes
    /// up to half as long again. The few rows that it reads of the database are in the system's memory if those of the last
    /// search were.
    fileprivate func isShort(_ queries: VectorMatrix, k: Int, filtered: Bool, _ options: QueryOptions) -> Bool {
        guard queries.count == 1, k <= 100, areDetailsNear.load(ordering: .relaxed), core.options.access != .readOnly
        else { return false }
        let version = state.withLock { $0.version }
        if version.table.filed != nil { return false }
        if let main = version.main {
            // The index may be locked while recent rows are added to it.
            let recent = version.table.count - version.firstRecentSlot
            if main.isInFile || recent >= IndexStep.recentLimit { return false }
        }
        return version.comparedNumbers(filtered: filtered, options) < 4_000_000
    }

    /// The keys and metadata of rows, by their slots; nil if rows of this version are not there any more.
    func details(of slots: [Int], in version: CollectionVersion) throws(VectorError) -> [Int: RowDetails]? {
        let start = ContinuousClock.now
        defer {
            let limit = Duration.microseconds(50 * max(slots.count, 10))
            areDetailsNear.store(ContinuousClock.now - start < limit, ordering: .relaxed)
        }
        var details: [Int: RowDetails] = [:]
        let all = try source.read(Set(slots).sorted(), of: version.table) { slot, row in
            details[slot] = RowDetails(key: VectorKey(row.key), metadata: try MetadataFormat.decode(row.metadata))
        }
        return all ? details : nil
    }

    /// The answers with their keys and metadata, which are in the database; nil if rows of this version are not there any
    /// more.
    fileprivate func results(
        of answers: [CollectionVersion.Answer],
        in version: CollectionVersion
    ) throws(VectorError) -> [SearchResult]? {
        let slots = answers.flatMap { $0.candidates.map(\.slot) }
        guard let details = try details(of: slots, in: version) else { return nil }
        return answers.map { answer in
            SearchResult(matches: matches(answer.candidates, details), diagnostics: answer.diagnostics)
        }
    }

    /// Candidates as they are answered, with the details of their slots.
    func matches(_ candidates: [BestRows.Candidate], _ details: [Int: RowDetails]) -> [VectorMatch] {
        candidates.compactMap { candidate in
            details[candidate.slot].map { VectorMatch(key: $0.key, score: candidate.score, metadata: $0.metadata) }
        }
    }
}

/// What an answer says of a row beside its score.
struct RowDetails {
    var key: VectorKey
    var metadata: VectorMetadata
}

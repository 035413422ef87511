import Faiss
import Vectors

extension CollectionVersion {
    /// The k rows nearest to a query, and how they were found.
    struct Answer: Sendable {
        var candidates: [BestRows.Candidate]
        var diagnostics: SearchDiagnostics
    }

    /// A condition that leaves at most so many rows is answered by looking at all of them: that takes less time than
    /// looking for them in an index does, and is exact.
    private static let fewRows = 8192
    /// The same for rows that are read one by one from the database.
    private static let fewFiledRows = 1024

    /// Finds the k nearest rows of each query; nil if rows that are in the database only have been replaced there.
    func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions,
        source: RowSource,
        cancellation: Cancellation
    ) throws(VectorError) -> [Answer]? {
        let rows = try condition.map { condition throws(VectorError) in try self.rows(where: condition) }
        let matching = rows?.count ?? liveCount
        let proposals: NeighborLists?
        let fewRows =
            table.filed == nil ? max(Self.fewRows, visited(matching, options) / 16) : Self.fewFiledRows
        if main == nil || options.exact || rows != nil && matching <= fewRows || matching == 0 {
            proposals = nil
        } else {
            do throws(VectorError) {
                proposals = try propose(queries, k: k, among: rows, matching: matching, options: options)
            } catch {
                guard main?.isInFile == true, error.code == .invalidFormat || error.code == .inputOutput else {
                    throw error
                }
                source.indexFailed(error)
                proposals = nil
            }
        }
        let answers = try each(queries.count, threads: options.threads, cancellation: cancellation) {
            query throws(VectorError) -> Answer? in
            let scorer = Scorer(queries[query], metric: self.table.metric)
            let threads = queries.count == 1 ? options.threads.count : 1
            var found: Found?
            if let proposals {
                guard let best = try self.best(k, of: proposals[query], scorer, among: rows, source) else { return nil }
                // Not enough, because rows that the index holds were deleted or too few pass in the lists it visited?
                if best.scored >= min(k + best.recent, matching) { found = best }
            }
            if found == nil {
                found = try self.scan(0..<self.table.count, k: k, scorer, among: rows, source, threads: threads)
            }
            guard let found else { return nil }
            let diagnostics = SearchDiagnostics(
                strategy: found.isProposed ? .index : .exact,
                matching: matching,
                scored: found.scored,
                sequence: self.sequence
            )
            return Answer(candidates: found.best.sorted, diagnostics: diagnostics)
        }
        return answers.contains { $0 == nil } ? nil : answers.compactMap { $0 }
    }

    /// The best rows of one query.
    private struct Found: Sendable {
        var best: BestRows
        /// How many were scored, and how many of them because the index does not hold them yet.
        var scored = 0
        var recent = 0
        var isProposed = false

        mutating func offer(_ slot: Int, _ score: Float) {
            best.offer(slot, score)
            scored += 1
        }
    }

    /// How many rows of the index a search looks at of which so many pass the condition: comparing sixteen times fewer one by
    /// one takes no longer.
    private func visited(_ matching: Int, _ options: QueryOptions) -> Int {
        guard let lists = main?.index.indexDescription.listCount else { return 0 }
        return liveCount * min(options.probes ?? probes(lists, matching), lists) / lists
    }

    /// About how many numbers a search for one query compares at most.
    func comparedNumbers(filtered: Bool, _ options: QueryOptions) -> Int {
        if main == nil || options.exact { return liveCount * table.dimension }
        let isInLists = main?.index.indexDescription.listCount != nil
        let unfiltered = isInLists ? visited(liveCount, options) : 16 * (options.ef ?? 64)
        guard filtered else { return unfiltered * table.dimension }
        // The condition looks at each row; then few rows are compared one by one, more by the index.
        let worst = isInLists ? visited(Self.fewRows, options) : 8 * unfiltered
        return 4 * table.count + max(worst, Self.fewRows) * table.dimension
    }

    /// Lists to visit: the fewer rows pass, the farther away the nearest of them are.
    private func probes(_ lists: Int, _ matching: Int) -> Int {
        max(1, Int((1.5 * (Double(lists) / share(matching)).squareRoot()).rounded(.up)))
    }

    /// The share of the rows that so many are.
    private func share(_ matching: Int) -> Double { Double(max(matching, 1)) / Double(max(liveCount, 1)) }

    /// What the index finds, of the rows that it holds.
    private func propose(
        _ queries: VectorMatrix,
        k: Int,
        among rows: RowSet?,
        matching: Int,
        options: QueryOptions
    ) throws(VectorError) -> NeighborLists? {
        guard let main else { return nil }
        // Deleted rows that are still in the index are among what it proposes.
        let surplus = Double(main.index.count) / Double(max(indexedCount, 1))
        let wanted = max(options.candidates ?? Int(Double(2 * k + 16) * min(surplus, 16)), k)
        var search = SearchOptions(probes: options.probes, ef: options.ef, threads: options.threads)
        if search.probes == nil, let lists = main.index.indexDescription.listCount {
            search.probes = probes(lists, matching)
        }
        if search.ef == nil { search.ef = Int((64 / share(matching)).rounded(.up)) }
        if let rows {
            search.filter = table.filter(for: rows, in: 0..<firstRecentSlot)
        }
        guard queries.count == 1 else { return try main.index.search(queries, k: wanted, options: search) }
        var lists = NeighborLists()
        lists.append(try main.index.search(Array(queries[0]), k: wanted, options: search))
        return lists
    }

    /// The k best of what the index proposed and of the rows that are newer than the index; nil if rows were replaced.
    private func best(
        _ k: Int,
        of proposals: ArraySlice<Neighbor>,
        _ scorer: Scorer,
        among rows: RowSet?,
        _ source: RowSource
    ) throws(VectorError) -> Found? {
        guard var found = try scan(firstRecentSlot..<table.count, k: k, scorer, among: rows, source, threads: 1) else {
            return nil
        }
        found.recent = found.scored
        found.isProposed = true
        var filed: [Int] = []
        for proposal in proposals {
            // Later writes may have reached the index since; this state does not show them.
            guard let slot = table.slot(ofID: proposal.id), slot < firstRecentSlot, isVisible(slot) else { continue }
            if slot < table.filedCount {
                filed.append(slot)
            } else {
                found.offer(slot, scorer.score(slot, of: table))
            }
        }
        if filed.isEmpty { return found }
        filed.sort()
        return try source.read(filed, of: table, { found.offer($0, scorer.score($1)) }) ? found : nil
    }

    /// The k best of the rows in a range of slots, looking at each; nil if rows were replaced.
    private func scan(
        _ slots: Range<Int>,
        k: Int,
        _ scorer: Scorer,
        among rows: RowSet?,
        _ source: RowSource,
        threads: Int
    ) throws(VectorError) -> Found? {
        let rows = rows ?? (isWhole || slots.isEmpty ? nil : visible)
        let inMemory = slots.clamped(to: table.filedCount..<max(table.filedCount, table.count))
        func part(_ slots: Range<Int>) -> Found {
            var found = Found(best: BestRows(k: k, metric: table.metric))
            func offer(_ slot: Int) { found.offer(slot, scorer.score(slot, of: table)) }
            if let rows { rows.forEach(in: slots, offer) } else { for slot in slots { offer(slot) } }
            return found
        }
        // Starting a thread takes as long as some thousand scores.
        let workers = min(threads, inMemory.count / 16_384)
        let parts = mapParts(inMemory, workers, part)
        var found = parts.dropFirst().reduce(into: parts[0]) { all, part in
            all.best.offer(contentsOf: part.best)
            all.scored += part.scored
        }
        let filed = slots.clamped(to: 0..<table.filedCount)
        for first in stride(from: filed.lowerBound, to: filed.upperBound, by: 65_536) {
            let block = first..<min(first + 65_536, filed.upperBound)
            let wanted = rows?.slots(in: block) ?? Array(block)
            guard try source.read(wanted, of: table, { found.offer($0, scorer.score($1)) }) else { return nil }
        }
        return found
    }
}

/// Calls `body` with 0..<count, on several threads where that pays, and returns what it returned, in order.
private func each<Element: Sendable>(
    _ count: Int,
    threads: ThreadLimit,
    cancellation: Cancellation,
    _ body: (Int) throws(VectorError) -> Element
) throws(VectorError) -> [Element] {
    let parts = mapParts(0..<count, min(threads.count, count / 8)) { numbers in
        Result { () throws(VectorError) in
            var part: [Element] = []
            for number in numbers {
                if number & 15 == 0, cancellation.isCancelled { throw .cancelled }
                part.append(try body(number))
            }
            return part
        }
    }
    var all: [Element] = []
    for part in parts { all += try part.get() }
    return all
}

/// Splits a range into parts, calls `body` with each on a thread of its own, and returns what it returned, in order.
private func mapParts<Result>(_ range: Range<Int>, _ parts: Int, _ body: (Range<Int>) -> Result) -> [Result] {
    if parts < 2 { return [body(range)] }
    return Array(unsafeUninitializedCapacity: parts) { results, count in
        concurrently(parts) { part in
            let lower = range.lowerBound + range.count * part / parts
            let upper = range.lowerBound + range.count * (part + 1) / parts
            results.initializeElement(at: part, to: body(lower..<upper))
        }
        count = parts
    }
}

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

    /// Finds the k nearest rows of each query.
    func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions,
        cancellation: Cancellation
    ) throws(VectorError) -> [Answer] {
        let rows = condition.map { self.rows(where: $0) }
        let matching = rows?.count ?? liveCount
        let proposals: NeighborLists?
        if main == nil || options.exact || rows != nil && matching <= Self.fewRows || matching == 0 {
            proposals = nil
        } else {
            proposals = try propose(queries, k: k, among: rows, matching: matching, options: options)
        }
        return try each(queries.count, threads: options.threads, cancellation: cancellation) { query in
            let scorer = Scorer(queries[query], metric: self.table.metric)
            let threads = queries.count == 1 ? options.threads.count : 1
            let found = proposals.flatMap {
                self.best(k, of: $0[query], scorer: scorer, among: rows, matching: matching)
            }
            let (best, scored) = found ?? self.scan(0..<self.table.count, k: k, scorer, among: rows, threads: threads)
            let diagnostics = SearchDiagnostics(
                strategy: found == nil ? .exact : .index,
                matching: matching,
                scored: scored,
                sequence: self.sequence
            )
            return Answer(candidates: best.sorted, diagnostics: diagnostics)
        }
    }

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
        // The fewer rows pass, the farther away the nearest of them are.
        let share = Double(max(matching, 1)) / Double(max(liveCount, 1))
        if search.probes == nil, let lists = main.index.indexDescription.listCount {
            search.probes = max(1, Int((1.5 * (Double(lists) / share).squareRoot()).rounded(.up)))
        }
        if search.ef == nil { search.ef = Int((64 / share).rounded(.up)) }
        if let rows {
            search.filter = table.filter(for: rows, in: 0..<firstRecentSlot)
        }
        guard queries.count == 1 else { return try main.index.search(queries, k: wanted, options: search) }
        var lists = NeighborLists()
        lists.append(try main.index.search(Array(queries[0]), k: wanted, options: search))
        return lists
    }

    /// The k best of what the index proposed and of the rows that are newer than the index; nil if the index has not
    /// found enough, because rows that it holds were deleted or because too few pass in the lists that it visited.
    private func best(
        _ k: Int,
        of proposals: ArraySlice<Neighbor>,
        scorer: Scorer,
        among rows: RowSet?,
        matching: Int
    ) -> (best: BestRows, scored: Int)? {
        var (best, scored) = scan(firstRecentSlot..<table.count, k: k, scorer, among: rows, threads: 1)
        let recent = scored
        for proposal in proposals {
            // Later writes may have reached the index since; this state does not show them.
            guard let slot = table.slot(ofID: proposal.id), slot < firstRecentSlot, isVisible(slot) else { continue }
            best.offer(slot, scorer.score(slot, of: table))
            scored += 1
        }
        return scored >= min(k + recent, matching) ? (best, scored) : nil
    }

    /// The k best of the rows in a range of slots, looking at each.
    private func scan(
        _ slots: Range<Int>,
        k: Int,
        _ scorer: Scorer,
        among rows: RowSet?,
        threads: Int
    ) -> (best: BestRows, scored: Int) {
        let rows = rows ?? (isWhole || slots.isEmpty ? nil : visible)
        func part(_ slots: Range<Int>) -> (best: BestRows, scored: Int) {
            var best = BestRows(k: k, metric: table.metric)
            var scored = 0
            func offer(_ slot: Int) {
                best.offer(slot, scorer.score(slot, of: table))
                scored += 1
            }
            if let rows { rows.forEach(in: slots, offer) } else { for slot in slots { offer(slot) } }
            return (best, scored)
        }
        // Starting a thread takes as long as some thousand scores.
        let workers = min(threads, slots.count / 16_384)
        let parts = mapParts(slots, workers, part)
        return parts.dropFirst().reduce(into: parts[0]) { all, part in
            all.best.offer(contentsOf: part.best)
            all.scored += part.scored
        }
    }
}

/// Calls `body` with 0..<count, on several threads where that pays, and returns what it returned, in order.
private func each<Result: Sendable>(
    _ count: Int,
    threads: ThreadLimit,
    cancellation: Cancellation,
    _ body: (Int) -> Result
) throws(VectorError) -> [Result] {
    let parts = mapParts(0..<count, min(threads.count, count / 8)) { numbers in
        var part: [Result] = []
        for number in numbers {
            if number & 15 == 0, cancellation.isCancelled { break }
            part.append(body(number))
        }
        return part
    }
    guard parts.reduce(0, { $0 + $1.count }) == count else { throw .cancelled }
    return parts.flatMap { $0 }
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

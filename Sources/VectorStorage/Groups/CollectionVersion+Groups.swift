import Vectors

extension CollectionVersion {
    /// The nearest rows of those that share a value.
    struct Group {
        var cell: MetadataCell
        var candidates: [BestRows.Candidate]
    }

    /// The k groups that are nearest to a query by their nearest row, each with its nearest rows; nil if rows were replaced.
    ///
    /// A search that goes deeper and deeper finds the groups. What is missing in them is then found by looking at their rows.
    func groups(
        nearest query: VectorMatrix,
        k: Int,
        by field: String,
        perGroup: Int,
        where condition: MetadataCondition?,
        options: QueryOptions,
        source: RowSource,
        cancellation: Cancellation
    ) throws(VectorError) -> [Group]? {
        let column = try GroupColumn(field, of: table)
        let k = min(k, max(liveCount, 1))
        let perGroup = min(perGroup, max(liveCount, 1))
        var groups: [Group] = []
        var depth = min(max(k, perGroup), liveCount / 4)
        var isAll = false
        repeat {
            depth = min(max(4 * depth, 64), max(liveCount, 1))
            let answers = try search(
                query,
                k: depth,
                where: condition,
                options: options,
                source: source,
                cancellation: cancellation
            )
            guard let answers else { return nil }
            groups = self.groups(of: answers[0].candidates, by: column)
            isAll = answers[0].candidates.count < depth || depth >= liveCount
        } while groups.count < k && !isAll
        groups = Array(groups.prefix(k))
        if !isAll {
            let rows = try condition.map { condition throws(VectorError) in try self.rows(where: condition) } ?? visible
            guard try fill(&groups, query, by: column, perGroup: perGroup, among: rows, source, cancellation) else {
                return nil
            }
        }
        for place in groups.indices { groups[place].candidates = Array(groups[place].candidates.prefix(perGroup)) }
        return groups
    }

    /// Rows by their values, the groups in the order of their first rows.
    private func groups(of candidates: [BestRows.Candidate], by column: GroupColumn) -> [Group] {
        var groups: [Group] = []
        var places: [MetadataCell: Int] = [:]
        for candidate in candidates {
            column.forEachCell(at: candidate.slot) { cell in
                if let place = places[cell] {
                    groups[place].candidates.append(candidate)
                } else {
                    places[cell] = groups.count
                    groups.append(Group(cell: cell, candidates: [candidate]))
                }
            }
        }
        return groups
    }

    /// Looks at all rows of groups that have too few; false if rows were replaced.
    private func fill(
        _ groups: inout [Group],
        _ query: VectorMatrix,
        by column: GroupColumn,
        perGroup: Int,
        among rows: RowSet,
        _ source: RowSource,
        _ cancellation: Cancellation
    ) throws(VectorError) -> Bool {
        var best: [MetadataCell: BestRows] = [:]
        for group in groups where group.candidates.count < perGroup {
            best[group.cell] = BestRows(k: perGroup, metric: table.metric)
        }
        if best.isEmpty { return true }
        let scorer = Scorer(query[0], metric: table.metric)
        for first in stride(from: 0, to: table.count, by: 16_384) {
            if cancellation.isCancelled { throw .cancelled }
            var filed: [Int] = []
            func offer(_ slot: Int, _ score: Float) { column.forEachCell(at: slot) { best[$0]?.offer(slot, score) } }
            rows.forEach(in: first..<min(first + 16_384, table.count)) { slot in
                if slot >= table.filedCount { return offer(slot, scorer.score(slot, of: table)) }
                var isWanted = false
                column.forEachCell(at: slot) { isWanted = isWanted || best[$0] != nil }
                if isWanted { filed.append(slot) }
            }
            guard try source.read(filed, of: table, { offer($0, scorer.score($1)) }) else { return false }
        }
        for place in groups.indices {
            if let found = best[groups[place].cell] { groups[place].candidates = found.sorted }
        }
        return true
    }

    /// How many of the rows that a condition holds for have each value of a field, and the first that has it.
    func cellCounts(
        of field: String,
        where condition: MetadataCondition?
    ) throws(VectorError) -> [(cell: MetadataCell, count: Int, slot: Int)] {
        var counts: [MetadataCell: (count: Int, slot: Int)] = [:]
        let column = try GroupColumn(field, of: table)
        let rows = try condition.map { condition throws(VectorError) in try self.rows(where: condition) } ?? visible
        rows.forEach(in: 0..<table.count) { slot in
            column.forEachCell(at: slot) { cell in counts[cell, default: (0, slot)].count += 1 }
        }
        return counts.map { ($0.key, $0.value.count, $0.value.slot) }
            .sorted { $0.count == $1.count ? $0.slot < $1.slot : $0.count > $1.count }
    }
}

/// The values by which rows are grouped.
private struct GroupColumn {
    private let column: MetadataColumn?
    private let chunkCapacity: Int

    init(_ field: String, of table: RowTable) throws(VectorError) {
        column = try table.column(field)
        chunkCapacity = table.chunkCapacity
    }

    /// Calls `body` with each value that a row has.
    func forEachCell(at slot: Int, _ body: (MetadataCell) -> Void) {
        let (chunk, place) = slot.quotientAndRemainder(dividingBy: chunkCapacity)
        column?.forEachCell(chunk: chunk, place: place, body)
    }
}

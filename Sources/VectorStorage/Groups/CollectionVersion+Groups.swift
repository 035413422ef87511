import Vectors

extension CollectionVersion {
    /// The nearest rows of those that share a value.
    struct Group {
        var cell: MetadataCell
        var candidates: [BestRows.Candidate]
    }

    /// Calls `body` with each value that a row has in a field.
    func forEachCell(of field: String, at slot: Int, _ body: (MetadataCell) -> Void) {
        let (chunk, place) = slot.quotientAndRemainder(dividingBy: table.chunkCapacity)
        table.columns[field]?.forEachCell(chunk: chunk, place: place, body)
    }

    /// The k groups that are nearest to a query by their nearest row, each with its nearest rows.
    ///
    /// A search that goes deeper and deeper finds the groups. What is missing in them is then found by looking at their rows.
    func groups(
        nearest query: VectorMatrix,
        k: Int,
        by field: String,
        perGroup: Int,
        where condition: MetadataCondition?,
        options: QueryOptions,
        cancellation: Cancellation
    ) throws(VectorError) -> [Group] {
        let k = min(k, max(liveCount, 1))
        let perGroup = min(perGroup, max(liveCount, 1))
        var groups: [Group] = []
        var depth = min(max(k, perGroup), liveCount / 4)
        var isAll = false
        repeat {
            depth = min(max(4 * depth, 64), max(liveCount, 1))
            let answers = try search(query, k: depth, where: condition, options: options, cancellation: cancellation)
            groups = self.groups(of: answers[0].candidates, by: field)
            isAll = answers[0].candidates.count < depth || depth >= liveCount
        } while groups.count < k && !isAll
        groups = Array(groups.prefix(k))
        if !isAll { try fill(&groups, query, by: field, perGroup: perGroup, where: condition, cancellation) }
        for place in groups.indices { groups[place].candidates = Array(groups[place].candidates.prefix(perGroup)) }
        return groups
    }

    /// Rows by their values, the groups in the order of their first rows.
    private func groups(of candidates: [BestRows.Candidate], by field: String) -> [Group] {
        var groups: [Group] = []
        var places: [MetadataCell: Int] = [:]
        for candidate in candidates {
            forEachCell(of: field, at: candidate.slot) { cell in
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

    /// Looks at all rows of groups that have too few.
    private func fill(
        _ groups: inout [Group],
        _ query: VectorMatrix,
        by field: String,
        perGroup: Int,
        where condition: MetadataCondition?,
        _ cancellation: Cancellation
    ) throws(VectorError) {
        var best: [MetadataCell: BestRows] = [:]
        for group in groups where group.candidates.count < perGroup {
            best[group.cell] = BestRows(k: perGroup, metric: table.metric)
        }
        if best.isEmpty { return }
        let scorer = Scorer(query[0], metric: table.metric)
        let rows = condition.map { self.rows(where: $0) } ?? visible
        for first in stride(from: 0, to: table.count, by: 16_384) {
            if cancellation.isCancelled { throw .cancelled }
            rows.forEach(in: first..<min(first + 16_384, table.count)) { slot in
                forEachCell(of: field, at: slot) { cell in
                    best[cell]?.offer(slot, scorer.score(slot, of: table))
                }
            }
        }
        for place in groups.indices {
            if let found = best[groups[place].cell] { groups[place].candidates = found.sorted }
        }
    }

    /// How many of the rows that a condition holds for have each value of a field, and the first that has it.
    func cellCounts(
        of field: String,
        where condition: MetadataCondition?
    ) -> [(cell: MetadataCell, count: Int, slot: Int)] {
        var counts: [MetadataCell: (count: Int, slot: Int)] = [:]
        (condition.map { rows(where: $0) } ?? visible).forEach(in: 0..<table.count) { slot in
            forEachCell(of: field, at: slot) { cell in counts[cell, default: (0, slot)].count += 1 }
        }
        return counts.map { ($0.key, $0.value.count, $0.value.slot) }
            .sorted { $0.count == $1.count ? $0.slot < $1.slot : $0.count > $1.count }
    }
}

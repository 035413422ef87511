/// Puts the answers of several searches together by reciprocal rank, see ``HybridOptions``.
struct RankFusion {
    /// A row that any side has found.
    struct Row {
        var slot: Int
        var score: Double
        var byVector: HybridMatch.Place?
        var byWords: HybridMatch.Place?
    }

    let constant: Double
    private var rows: [Int: Row] = [:]

    init(constant: Double) { self.constant = constant }

    /// Adds what a side has found, best first.
    mutating func add(
        _ candidates: [BestRows.Candidate],
        weight: Double,
        to side: WritableKeyPath<Row, HybridMatch.Place?>
    ) {
        for (place, candidate) in candidates.enumerated() {
            var row = rows[candidate.slot] ?? Row(slot: candidate.slot, score: 0)
            row.score += weight / (constant + Double(place + 1))
            row[keyPath: side] = HybridMatch.Place(rank: place + 1, score: candidate.score)
            rows[candidate.slot] = row
        }
    }

    /// The k best rows, equally good ones by slot.
    func best(_ k: Int) -> [Row] {
        let sorted = rows.values.sorted { $0.score == $1.score ? $0.slot < $1.slot : $0.score > $1.score }
        return Array(sorted.prefix(k))
    }
}

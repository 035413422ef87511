#if Milvus
import VectorStorage
import Vectors

/// The rows nearest to each of some queries, of all that are offered page by page.
struct RowComparison: Sendable {
    private let scorers: [Scorer]
    private var best: [BestRows]
    /// The rows that are among the best so far, by their numbers.
    private var kept: [Int: StoredVector] = [:]
    private var count = 0

    init(_ queries: VectorMatrix, k: Int, metric: Metric) {
        scorers = queries.map { Scorer($0, metric: metric) }
        best = Array(repeating: BestRows(k: k, metric: metric), count: queries.count)
    }

    mutating func offer(_ rows: [StoredVector], cancellation: Cancellation) throws(VectorError) {
        for query in scorers.indices {
            if cancellation.isCancelled { throw .cancelled }
            for (place, row) in rows.enumerated() {
                best[query].offer(count + place, scorers[query].score(row.vector))
            }
        }
        for (place, row) in rows.enumerated() { kept[count + place] = row }
        count += rows.count
        let needed = Set(best.flatMap { $0.sorted.map(\.slot) })
        kept = kept.filter { needed.contains($0.key) }
    }

    /// A result a query.
    var results: [SearchResult] {
        best.map { best in
            SearchResult(
                matches: best.sorted.compactMap { candidate in
                    kept[candidate.slot].map {
                        VectorMatch(key: $0.key, score: candidate.score, metadata: $0.metadata)
                    }
                },
                diagnostics: SearchDiagnostics(strategy: .exact, matching: count, scored: count)
            )
        }
    }
}
#endif

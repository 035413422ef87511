import Foundation
import GRDB
import GRDBSQLite
import Vectors

/// Ranks rows by BM25 (Robertson and Zaragoza, 2009) as FTS5 does, in a tenth of the time of its function `bm25`, which looks
/// up the length of each row: here the places of each token are read one after the other (`fts5vocab`), and the lengths are
/// in memory.
struct WordSearch {
    private static let k1: Float = 1.2
    private static let b: Float = 0.75

    let query: FullTextQuery
    /// Ascending.
    let ids: [Int64]
    /// One for each id; 0 where no token of the query occurs, and above where one does.
    private(set) var scores: [Float]

    /// Searches in the state that the database has.
    ///
    /// Words of more than half of all rows say nothing: they rank only rows that have no other.
    ///
    /// - Parameters:
    ///   - sequence: the collection's last change in that state.
    ///   - memory: what is known from earlier searches, which this one adds to.
    ///   - limit: the bytes that the places of tokens may take there.
    ///   - isEnough: whether rows with these scores are enough. If so, words that say nothing are left out.
    init(
        _ text: String,
        in index: FullTextIndex,
        _ collection: Int64,
        at sequence: Int64,
        memory: inout WordMemory,
        limit: Int,
        isEnough: (_ ids: [Int64], _ scores: [Float]) -> Bool,
        _ database: Database,
        _ cancellation: Cancellation
    ) throws {
        query = try FullTextQuery(text, index.tokenizer, database)
        try memory.update(collection, to: sequence, database)
        ids = memory.ids
        scores = [Float](repeating: 0, count: ids.count)
        let totals = try wordTotals(collection, database)
        let (count, tokens) = (totals.first ?? 0, totals.dropFirst().reduce(0) { $0 &+ $1 })
        guard count > 0, tokens > 0 else { return }
        // By connection; it holds nothing.
        try database.execute(
            sql: """
                CREATE VIRTUAL TABLE IF NOT EXISTS temp.instance_\(collection)
                USING fts5vocab(main, words_\(collection), instance)
                """
        )
        let places = try database.cachedStatement(sql: "SELECT doc FROM temp.instance_\(collection) WHERE term = ?")
        let mean = Float(tokens) / Float(count)
        func add(_ postings: WordMemory.Postings, weight: Float) {
            for (row, count) in zip(postings.rows, postings.counts) {
                let frequency = Float(count)
                let length = Float(memory.lengths[Int(row)]) / mean
                scores[Int(row)] +=
                    weight * frequency * (Self.k1 + 1)
                    / (frequency + Self.k1 * (1 - Self.b + Self.b * length))
            }
        }
        for token in query.tokens where !memory.common.contains(token) {
            let known = memory.postings(of: token)
            guard let postings = try known ?? read(token, places, most: (count - 1) / 2, cancellation) else {
                memory.keep(common: token)
                continue
            }
            if known == nil { memory.keep(postings, of: token, limit: limit) }
            let ratio = (Double(count - postings.rows.count) + 0.5) / (Double(postings.rows.count) + 0.5)
            add(postings, weight: Float(log(ratio)))
        }
        let common = query.tokens.filter(memory.common.contains)
        if common.isEmpty || isEnough(ids, scores) { return }
        let ranked = scores
        for token in common {
            // FTS5's least weight, too.
            if let postings = try read(token, places, most: .max, cancellation) { add(postings, weight: 1e-6) }
        }
        for place in ranked.indices where ranked[place] > 0 { scores[place] = ranked[place] }
    }

    /// Reads where a token is; nil if more rows have it than `most`.
    private func read(
        _ token: String,
        _ places: Statement,
        most: Int,
        _ cancellation: Cancellation
    ) throws -> WordMemory.Postings? {
        var postings = WordMemory.Postings()
        var (place, id) = (0, Int64.min)
        try places.forEachRow([token]) { statement in
            let next = sqlite3_column_int64(statement, 0)
            if next != id {
                if postings.rows.count > most { return false }
                if postings.rows.count & 4095 == 0, cancellation.isCancelled { throw VectorError.cancelled }
                id = next
                // Rows come in ascending order, most of them without gaps.
                while place < ids.count, ids[place] < id { place += 1 }
                // Of another row's place nothing is known; only a damaged index has one.
                guard place < ids.count, ids[place] == id else { return true }
                postings.rows.append(UInt32(place))
                postings.counts.append(0)
            }
            if place < ids.count, ids[place] == id, postings.counts[postings.counts.count - 1] < .max {
                postings.counts[postings.counts.count - 1] += 1
            }
            return true
        }
        return postings.rows.count > most ? nil : postings
    }
}

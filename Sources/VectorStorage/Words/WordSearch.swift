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

    /// Searches in the state that the database has, and brings the lengths up to it.
    ///
    /// Words of more than half of all rows say nothing: they rank only rows that have no other.
    ///
    /// - Parameter isEnough: whether rows with these scores are enough. If so, such words are left out.
    init(
        _ text: String,
        in index: FullTextIndex,
        _ collection: Int64,
        lengths: inout WordLengths,
        isEnough: (_ ids: [Int64], _ scores: [Float]) -> Bool,
        _ database: Database,
        _ cancellation: Cancellation
    ) throws {
        query = try FullTextQuery(text, index.tokenizer, database)
        try lengths.update(collection, database)
        ids = lengths.ids
        scores = [Float](repeating: 0, count: lengths.ids.count)
        let (count, tokens) = try WordLengths.totals(collection, database)
        guard count > 0, tokens > 0 else { return }
        // By connection; they hold nothing.
        for kind in ["row", "instance"] {
            try database.execute(
                sql: """
                    CREATE VIRTUAL TABLE IF NOT EXISTS temp.\(kind)_\(collection)
                    USING fts5vocab(main, words_\(collection), \(kind))
                    """
            )
        }
        let frequency = try database.cachedStatement(sql: "SELECT doc FROM temp.row_\(collection) WHERE term = ?")
        let found = try query.tokens.compactMap { token in
            try Int.fetchOne(frequency, arguments: [token]).map { (token: token, count: $0) }
        }
        let places = try database.cachedStatement(sql: "SELECT doc FROM temp.instance_\(collection) WHERE term = ?")
        let mean = Float(tokens) / Float(count)
        let rare = found.filter { 2 * $0.count < count }
        for token in rare {
            let ratio = (Double(count - token.count) + 0.5) / (Double(token.count) + 0.5)
            try add(token.token, Float(log(ratio)), mean, lengths, places, cancellation)
        }
        if rare.count == found.count || isEnough(ids, scores) { return }
        let ranked = scores
        for token in found where 2 * token.count >= count {
            // FTS5's least weight, too.
            try add(token.token, 1e-6, mean, lengths, places, cancellation)
        }
        for place in ranked.indices where ranked[place] > 0 { scores[place] = ranked[place] }
    }

    /// Adds what a token gives to the rows that have it.
    private mutating func add(
        _ token: String,
        _ weight: Float,
        _ mean: Float,
        _ lengths: WordLengths,
        _ places: Statement,
        _ cancellation: Cancellation
    ) throws {
        var (place, id, count) = (0, Int64.min, 0)
        func finish() {
            if count == 0 { return }
            // Rows come in ascending order, most of them without gaps.
            while place < lengths.ids.count, lengths.ids[place] < id { place += 1 }
            guard place < lengths.ids.count, lengths.ids[place] == id else { return }
            let frequency = Float(count)
            let length = Float(lengths.lengths[place]) / mean
            scores[place] +=
                weight * frequency * (Self.k1 + 1)
                / (frequency + Self.k1 * (1 - Self.b + Self.b * length))
        }
        let rows = try Row.fetchCursor(places, arguments: [token])
        while try rows.next() != nil {
            let next = sqlite3_column_int64(places.sqliteStatement, 0)
            if next != id {
                finish()
                if next & 4095 == 0, cancellation.isCancelled { throw VectorError.cancelled }
                (id, count) = (next, 0)
            }
            count += 1
        }
        finish()
    }
}

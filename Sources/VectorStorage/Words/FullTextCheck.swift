import Foundation
import GRDB
import Vectors

extension StoreDatabase {
    /// Compares the words that a full-text index has, each with its row, field and place, with those that the rows have:
    /// FTS5 keeps no checksums.
    ///
    /// - Returns: what is wrong; nil if nothing is, or if the collection has no such index.
    func fullTextProblem(of record: CollectionRecord, cancellation: Cancellation) throws(VectorError) -> String? {
        try read { database in
            guard let index = try Self.fullTextIndex(of: record.id, database) else { return nil }
            let words = "words_\(record.id)"
            let expected = try FullTextContent(of: record, index, database, cancellation)
            var found = FullTextContent()
            do {
                try database.execute(
                    sql: "CREATE VIRTUAL TABLE temp.instances USING fts5vocab(main, \(words), instance)"
                )
                defer { try? database.execute(sql: "DROP TABLE temp.instances") }
                let instances = try Row.fetchCursor(database, sql: "SELECT term, doc, col, offset FROM temp.instances")
                while let row = try instances.next() {
                    if cancellation.isCancelled { throw VectorError.cancelled }
                    guard let word = String.fromDatabaseValue(row["term"]),
                        let column = String.fromDatabaseValue(row["col"]),
                        let field = column.split(separator: "_").last.flatMap({ Int($0) }),
                        let id = Int64.fromDatabaseValue(row["doc"]), let place = Int.fromDatabaseValue(row["offset"])
                    else { return "\(Self.problem(record)): a place of a word is not in its format" }
                    found.insert(word: word, row: id, field: field, place: place)
                }
                let sizes = try Row.fetchCursor(database, sql: "SELECT id, sz FROM \(words)_docsize")
                while let row = try sizes.next() {
                    guard let lengths = Data.fromDatabaseValue(row["sz"]), let id = Int64.fromDatabaseValue(row["id"])
                    else { return "\(Self.problem(record)): a length is not in its format" }
                    found.insert(lengths: lengths.withUnsafeBytes { decodedNumbers($0) }, row: id)
                }
                // Of no rows it says nothing or zeros.
                let totals = try wordTotals(record.id, database)
                found.totals = totals.allSatisfy { $0 == 0 } ? [] : totals
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                return "\(Self.problem(record)): FTS5 can't read it"
            }
            return found == expected
                ? nil : "\(Self.problem(record)): it has other words than the rows; setFullTextIndex(_:) makes it anew"
        }
    }

    private static func problem(_ record: CollectionRecord) -> String {
        "the full-text index of the collection '\(record.name)' is damaged"
    }
}

/// What a full-text index holds, whatever the order.
private struct FullTextContent: Equatable {
    private var words = RowDigest()
    private var lengths = RowDigest()
    var totals: [Int] = []

    init() {}

    /// What the rows of a collection say that it holds.
    init(of record: CollectionRecord, _ index: FullTextIndex, _ database: Database, _ cancellation: Cancellation) throws
    {
        var scan = try RowScan(record.id, database)
        var count = 0
        var sums = [Int](repeating: 0, count: index.fields.count)
        var (words, lengths) = (self, self)
        let tokenizer = try TextTokenizer(index.tokenizer, database)
        _ = try scan.read(database, cancellation: cancellation) { row in
            guard let texts = index.texts(of: try MetadataFormat.decode(row.metadata)) else { return true }
            let counts = try texts.enumerated().map { field, text in
                let tokens = try tokenizer.tokens(of: text)
                for (place, token) in tokens.enumerated() {
                    words.insert(word: token.text, row: row.id, field: field, place: place)
                }
                return tokens.count
            }
            lengths.insert(lengths: counts, row: row.id)
            count += 1
            for field in counts.indices { sums[field] += counts[field] }
            return true
        }
        self.words = words.words
        self.lengths = lengths.lengths
        totals = count == 0 ? [] : [count] + sums
    }

    mutating func insert(word: String, row: Int64, field: Int, place: Int) {
        var checksum = CRC32C()
        checksum.update(word)
        checksum.update(Int64(field))
        checksum.update(Int64(place))
        words.insert(id: row, checksum: checksum.value)
    }

    mutating func insert(lengths counts: [Int], row: Int64) {
        var checksum = CRC32C()
        for count in counts { checksum.update(Int64(count)) }
        lengths.insert(id: row, checksum: checksum.value)
    }
}

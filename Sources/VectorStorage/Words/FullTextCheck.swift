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
                    let field = (row["col"] as String).split(separator: "_").last.flatMap { Int($0) }
                    found.insert(word: row["term"], row: row["doc"], field: field ?? -1, place: row["offset"])
                }
                let sizes = try Row.fetchCursor(database, sql: "SELECT id, sz FROM \(words)_docsize")
                while let row = try sizes.next() { found.insert(lengths: row["sz"], row: row["id"]) }
                // The number of rows and the length of all fields, which BM25 goes by.
                let totals = try Data.fetchOne(database, sql: "SELECT block FROM \(words)_data WHERE id = 1")
                // Of no rows it says nothing or zeros.
                found.totals = totals?.contains { $0 != 0 } == true ? totals : nil
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
    var totals: Data?

    init() {}

    /// What the rows of a collection say that it holds.
    init(of record: CollectionRecord, _ index: FullTextIndex, _ database: Database, _ cancellation: Cancellation) throws
    {
        var scan = try RowScan(record.id, database)
        var count = 0
        var sums = [Int](repeating: 0, count: index.fields.count)
        var (words, lengths) = (self, self)
        _ = try scan.read(database, cancellation: cancellation) { row in
            guard let texts = index.texts(of: try MetadataFormat.decode(row.metadata)) else { return true }
            let counts = try texts.enumerated().map { field, text in
                let tokens = try TextTokens(text, index.tokenizer, database).tokens
                for (place, token) in tokens.enumerated() {
                    words.insert(word: token.text, row: row.id, field: field, place: place)
                }
                return tokens.count
            }
            lengths.insert(lengths: Self.encoded(counts), row: row.id)
            count += 1
            for field in counts.indices { sums[field] += counts[field] }
            return true
        }
        self.words = words.words
        self.lengths = lengths.lengths
        totals = count == 0 ? nil : Self.encoded([count] + sums)
    }

    mutating func insert(word: String, row: Int64, field: Int, place: Int) {
        var checksum = CRC32C()
        checksum.update(word)
        checksum.update(Int64(field))
        checksum.update(Int64(place))
        words.insert(id: row, checksum: checksum.value)
    }

    mutating func insert(lengths encoded: Data, row: Int64) {
        var checksum = CRC32C()
        encoded.withUnsafeBytes { checksum.update($0) }
        lengths.insert(id: row, checksum: checksum.value)
    }

    /// Numbers as SQLite writes them: seven bits a byte, the highest first, all but the last marked.
    private static func encoded(_ numbers: [Int]) -> Data {
        Data(
            numbers.flatMap { number in
                var bytes = [UInt8(number & 127)]
                var rest = number >> 7
                while rest > 0 {
                    bytes.append(UInt8(rest & 127) | 128)
                    rest >>= 7
                }
                return bytes.reversed()
            }
        )
    }
}

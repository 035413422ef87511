import Foundation
import GRDB
import GRDBSQLite

/// What is kept in memory of a full-text index, once it has been searched: how many tokens rows have, which BM25 goes by, and
/// where frequent tokens are, which take long to read.
struct WordMemory: Sendable {
    /// Where a token is: rows by their numbers in ``WordMemory/ids``, ascending, and how often each has it.
    struct Postings: Sendable {
        var rows: [UInt32] = []
        var counts: [UInt16] = []
    }

    /// Ascending; some rows may have been deleted since.
    private(set) var ids: [Int64] = []
    private(set) var lengths: [UInt32] = []
    /// The change whose state the postings are of.
    private var sequence = Int64.min
    private var postings: [String: Postings] = [:]
    private var postingCount = 0
    /// Tokens of more than half of the rows.
    private(set) var common = Set<String>()

    /// The bytes that it takes.
    var size: Int { 12 * ids.count + Self.postingSize * postingCount }
    private static let postingSize = 6

    /// Reads the lengths of rows that are newer than the known ones, and forgets postings of other states.
    mutating func update(_ collection: Int64, to sequence: Int64, _ database: Database) throws {
        if self.sequence == sequence { return }
        (postings, postingCount, common) = ([:], 0, [])
        let select = try database.cachedStatement(
            sql: "SELECT id, sz FROM words_\(collection)_docsize WHERE id > ? ORDER BY id"
        )
        try select.forEachRow([ids.last ?? .min]) { statement in
            let start = sqlite3_column_blob(statement, 1)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, 1)))
            ids.append(sqlite3_column_int64(statement, 0))
            lengths.append(UInt32(clamping: decodedNumbers(bytes).reduce(0) { $0 &+ $1 }))
            return true
        }
        self.sequence = sequence
    }

    /// Whether it knows more than another, or of a newer state.
    func isBetter(than other: WordMemory) -> Bool { (sequence, size) > (other.sequence, other.size) }

    func postings(of token: String) -> Postings? { postings[token] }

    /// Keeps the postings of a frequent token, as long as all take no more than so many bytes.
    mutating func keep(_ new: Postings, of token: String, limit: Int) {
        guard new.rows.count > ids.count / 256, postings[token] == nil,
            Self.postingSize * (postingCount + new.rows.count) <= limit
        else { return }
        postings[token] = new
        postingCount += new.rows.count
    }

    /// Keeps in mind that a token says nothing.
    mutating func keep(common token: String) { common.insert(token) }
}

/// How many rows have texts, and how many tokens all have in each field, which BM25 goes by.
func wordTotals(_ collection: Int64, _ database: Database) throws -> [Int] {
    let sql = "SELECT block FROM words_\(collection)_data WHERE id = 1"
    let row = try Row.fetchOne(database.cachedStatement(sql: sql))
    let block = row.flatMap { Data.fromDatabaseValue($0["block"]) } ?? Data()
    return block.withUnsafeBytes { decodedNumbers($0) }
}

/// Numbers as SQLite writes them: seven bits a byte, the highest first, all but the last marked.
func decodedNumbers(_ bytes: UnsafeRawBufferPointer) -> [Int] {
    var numbers: [Int] = []
    var number = 0
    for byte in bytes {
        number = number << 7 | Int(byte & 127)
        if byte & 128 == 0 {
            numbers.append(number)
            number = 0
        }
    }
    return numbers
}

extension Statement {
    /// Calls `body` at each row, whose columns it reads itself, until it answers that it wants no more: GRDB's rows take as long
    /// as the search.
    func forEachRow(_ arguments: StatementArguments, _ body: (OpaquePointer) throws -> Bool) throws {
        try setArguments(arguments)
        defer { sqlite3_reset(sqliteStatement) }
        while true {
            let code = sqlite3_step(sqliteStatement)
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
            guard try body(sqliteStatement) else { return }
        }
    }
}

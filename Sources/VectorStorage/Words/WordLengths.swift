import Foundation
import GRDB
import GRDBSQLite

/// How many tokens rows have, which BM25 goes by: read from FTS5's own table once, and kept in memory.
struct WordLengths: Sendable {
    /// Ascending; some may have been deleted since.
    private(set) var ids: [Int64] = []
    private(set) var lengths: [UInt32] = []

    /// Reads those of the rows that are newer than the known ones.
    mutating func update(_ collection: Int64, _ database: Database) throws {
        let select = try database.cachedStatement(
            sql: "SELECT id, sz FROM words_\(collection)_docsize WHERE id > ? ORDER BY id"
        )
        let rows = try Row.fetchCursor(select, arguments: [ids.last ?? .min])
        while try rows.next() != nil {
            let statement = select.sqliteStatement
            let start = sqlite3_column_blob(statement, 1)
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, 1)))
            ids.append(sqlite3_column_int64(statement, 0))
            lengths.append(UInt32(clamping: decodedNumbers(bytes).reduce(0) { $0 &+ $1 }))
        }
    }

    /// How many rows have texts, and how many tokens all have.
    static func totals(_ collection: Int64, _ database: Database) throws -> (rows: Int, tokens: Int) {
        let sql = "SELECT block FROM words_\(collection)_data WHERE id = 1"
        let block = try Data.fetchOne(database.cachedStatement(sql: sql)) ?? Data()
        let numbers = block.withUnsafeBytes { decodedNumbers($0) }
        return (numbers.first ?? 0, numbers.dropFirst().reduce(0) { $0 &+ $1 })
    }
}

/// Numbers as SQLite writes them: seven bits a byte, the highest first, all but the last marked.
private func decodedNumbers(_ bytes: UnsafeRawBufferPointer) -> [Int] {
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

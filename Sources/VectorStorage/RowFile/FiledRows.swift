import Vectors

/// The first rows of a table, which are in a row file and the database: the file, and what has become of its rows since.
final class FiledRows: Sendable {
    /// A row that is gone, and since which change.
    struct Ended: Sendable {
        var sequence: Int64
        var checksum: UInt32
    }

    let file: RowFile
    /// By slots.
    private let ended: Locked<[Int: Ended]>

    init(_ file: RowFile, ended: [Int: Ended]) {
        self.file = file
        self.ended = Locked(ended)
    }

    var count: Int { file.count }

    func end(_ slot: Int, at sequence: Int64, checksum: UInt32) {
        ended.withLock { $0[slot] = Ended(sequence: sequence, checksum: checksum) }
    }

    func isVisible(_ slot: Int, at sequence: Int64) -> Bool {
        ended.withLock { ($0[slot]?.sequence ?? .max) > sequence }
    }

    /// Removes the rows that are gone in the state with this sequence number from a set.
    func removeEnded(at sequence: Int64, from rows: inout RowSet) {
        ended.withLock { ended in
            for (slot, row) in ended where row.sequence <= sequence { rows.remove(slot) }
        }
    }

    /// All rows that are gone.
    var allEnded: [Int: Ended] { ended.withLock { $0 } }

    var memorySize: Int { file.memorySize + 40 * ended.withLock { $0.count } }
}

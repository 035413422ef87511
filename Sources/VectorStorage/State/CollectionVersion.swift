import Faiss
import Vectors

/// One state of a collection, which stays as it is whatever is written later: what searches and conditions read.
///
/// Versions share their tables: each looks at the first slots of a table that only grows, and ended slots carry the number
/// of the change that ended them.
final class CollectionVersion: Sendable {
    /// The sequence number of the last change that it shows.
    let sequence: Int64
    let table: RowTable
    /// The number of rows that are there.
    let liveCount: Int
    let main: MainIndex?
    /// The first slot whose row the index does not hold yet.
    let firstRecentSlot: Int

    init(sequence: Int64, table: RowTable, liveCount: Int, main: MainIndex?) {
        self.sequence = sequence
        self.table = table
        self.liveCount = liveCount
        self.main = main
        firstRecentSlot = main.map { table.firstSlot(fromID: $0.through + 1) } ?? 0
    }

    /// The same rows, with another index or none.
    func with(_ main: MainIndex?) -> CollectionVersion {
        CollectionVersion(sequence: sequence, table: table, liveCount: liveCount, main: main)
    }

    /// The same rows in another table.
    func with(_ table: RowTable) -> CollectionVersion {
        CollectionVersion(sequence: sequence, table: table, liveCount: liveCount, main: main)
    }

    /// The number of slots whose rows are gone.
    var deletedCount: Int { table.count - liveCount }

    /// The number of rows that are there and in the index, at least.
    var indexedCount: Int { max(0, liveCount - (table.count - firstRecentSlot)) }

    /// Whether every slot's row is there.
    var isWhole: Bool { liveCount == table.count }

    func isVisible(_ slot: Int) -> Bool { isWhole || table.isVisible(slot, at: sequence) }

    /// The rows that are there.
    var visible: RowSet {
        isWhole ? RowSet(capacity: table.count, full: true) : table.visible(at: sequence)
    }

    /// The rows that are there and that the condition holds for.
    func rows(where condition: MetadataCondition) throws(VectorError) -> RowSet {
        var rows = try table.matches(condition)
        if !isWhole { rows.formIntersection(table.visible(at: sequence)) }
        return rows
    }

    /// The vectors and ids of some rows, as an index takes them; without those that have gone meanwhile.
    func contents(of slots: [Int], from source: RowSource) throws(VectorError) -> (vectors: VectorMatrix, ids: [Int64])
    {
        var values = [Float](repeating: 0, count: slots.count * table.dimension)
        var ids: [Int64] = []
        func append(_ id: Int64, _ vector: UnsafeRawBufferPointer) {
            values.withUnsafeMutableBytes { values in
                UnsafeMutableRawBufferPointer(rebasing: values[(ids.count * vector.count)...]).copyMemory(from: vector)
            }
            ids.append(id)
        }
        let filed = slots.prefix { $0 < table.filedCount }
        _ = try source.read(filed, of: table, canMiss: true) { _, row in append(row.id, row.vector) }
        for slot in slots.dropFirst(filed.count) {
            append(table.id(slot), UnsafeRawBufferPointer(table.vector(slot)))
        }
        values.removeLast((slots.count - ids.count) * table.dimension)
        return (try VectorMatrix(values, dimension: table.dimension), ids)
    }
}

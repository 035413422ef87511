import Vectors

/// Where the rows are that a table has in a file only.
struct RowSource: Sendable {
    let database: StoreDatabase
    let record: CollectionRecord
    /// Called where the index file turns out to be damaged.
    let indexFailed: @Sendable (VectorError) -> Void

    /// Hands out the rows in some slots of a table, ascending, from one state of the database.
    ///
    /// - Parameter canMiss: whether to go on where one is not there any more.
    /// - Returns: whether all of them are there.
    func read(
        _ slots: some Collection<Int>,
        of table: RowTable,
        canMiss: Bool = false,
        _ body: (Int, StoredRow) throws -> Void
    ) throws(VectorError) -> Bool {
        let slots = Array(slots)
        var place = 0
        return try database.rows(slots.map { table.id($0) }, of: record, canMiss: canMiss) { row in
            while table.id(slots[place]) != row.id { place += 1 }
            try body(slots[place], row)
            place += 1
        }
    }
}

/// A row that is to be written, under its id and with its checksum.
struct NewRow: Sendable {
    let id: Int64
    let checked: CheckedRow
    let checksum: UInt32
}

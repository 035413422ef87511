/// A row that is to be removed.
struct RemovedRow: Sendable {
    let slot: Int
    let id: Int64
    let checksum: UInt32
}

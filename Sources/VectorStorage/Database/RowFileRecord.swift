import Vectors

/// What the catalogue says of a collection's row file. The file can be made again, so one that fails any check is ignored.
struct RowFileRecord: Sendable, Equatable {
    var name: String
    /// Of the file's directory.
    var checksum: UInt32
    /// The id of its last row.
    var through: Int64
}

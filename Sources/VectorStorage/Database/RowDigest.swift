import Vectors

/// A sum over the rows of a collection. Row checksums find altered rows; this finds missing rows, old rows, and rows that
/// were deleted.
struct RowDigest: Sendable, Equatable {
    var count = 0
    var sum: UInt64 = 0

    mutating func insert(id: Int64, checksum: UInt32) {
        count += 1
        sum &+= Self.mixed(id, checksum)
    }

    mutating func remove(id: Int64, checksum: UInt32) {
        count -= 1
        sum &-= Self.mixed(id, checksum)
    }

    /// Spreads over all bits, so that errors in several rows don't cancel out.
    private static func mixed(_ id: Int64, _ checksum: UInt32) -> UInt64 {
        let product = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(checksum) &* 0xD6E8_FEB8_6659_FD93
        return SeededGenerator.mixed(product)
    }
}

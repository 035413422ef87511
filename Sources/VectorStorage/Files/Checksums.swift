import Vectors

extension CRC32C {
    mutating func update(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { update($0) }
    }

    mutating func update(_ text: String) {
        update(UInt32(text.utf8.count))
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }
}

/// The checksum of a row: of the collection and the id that it stands under, its key, its metadata and its vector.
func rowChecksum(
    collection: Int64,
    id: Int64,
    key: String,
    metadata: UnsafeRawBufferPointer,
    vector: UnsafeRawBufferPointer
) -> UInt32 {
    var checksum = CRC32C()
    checksum.update(collection)
    checksum.update(id)
    checksum.update(key)
    checksum.update(UInt32(metadata.count))
    checksum.update(metadata)
    checksum.update(vector)
    return checksum.value
}

/// A sum over the rows of a collection that tells whether exactly those rows are there: row checksums find altered
/// rows, this finds missing ones, old ones, and ones that should be gone.
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

    /// Spreads over all bits, so that errors in several rows don't cancel out (the finalizer of SplitMix64, Steele, Lea,
    /// Flood 2014, doi:10.1145/2660193.2660195).
    private static func mixed(_ id: Int64, _ checksum: UInt32) -> UInt64 {
        var mixed = UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(checksum) &* 0xD6E8_FEB8_6659_FD93
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// The checksum of a whole file, and its length.
func fileChecksum(_ file: InputFile) throws(StorageError) -> UInt32 {
    try withStorageError {
        var checksum = CRC32C()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        try block.withUnsafeMutableBytes { block in
            for start in stride(from: 0, to: file.size, by: block.count) {
                let piece = UnsafeMutableRawBufferPointer(rebasing: block[..<min(block.count, file.size - start)])
                try file.readExactly(into: piece, at: start)
                checksum.update(UnsafeRawBufferPointer(piece))
            }
        }
        return checksum.value
    }
}

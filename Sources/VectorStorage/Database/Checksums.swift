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

/// The checksum of a row: of its collection, its id, its key, its metadata and its vector.
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

/// The checksum of a whole file, and its length.
func fileChecksum(_ file: InputFile) throws(VectorError) -> UInt32 {
    try withDatabaseErrors {
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

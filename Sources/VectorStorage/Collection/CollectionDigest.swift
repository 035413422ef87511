public import Vectors

/// What all rows of a collection come to: equal for the same keys, vectors and metadata in any order, wherever they are.
public struct CollectionDigest: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The number of rows.
    public private(set) var count = 0
    private var sum: UInt64 = 0

    /// Of no rows.
    public init() {}

    /// Adds a row.
    public mutating func insert(_ row: StoredVector) {
        var key = row.key.text
        let keyChecksum = key.withUTF8 { CRC32C.checksum(UnsafeRawBufferPointer($0)) }
        var content = CRC32C()
        // Both zeros are the same number.
        row.vector.map { $0 + 0 }.withUnsafeBytes { content.update($0) }
        MetadataFormat.encode(row.metadata).withUnsafeBytes { content.update($0) }
        var digest = RowDigest()
        digest.insert(id: Int64(keyChecksum) << 16 | Int64(row.key.text.utf8.count), checksum: content.value)
        count += 1
        sum &+= digest.sum
    }

    /// The count and 16 hexadecimal digits.
    public var description: String { "\(count) rows, \(sum.hexadecimal)" }
}

extension StoredCollection {
    /// What all rows come to, each of which is read.
    ///
    /// - Throws: what an iteration throws.
    public func digest(progress: ((_ count: Int) -> Void)? = nil) async throws(VectorError) -> CollectionDigest {
        var digest = CollectionDigest()
        for try await row in rows() {
            digest.insert(row)
            if digest.count % 1024 == 0 { progress?(digest.count) }
        }
        progress?(digest.count)
        return digest
    }
}

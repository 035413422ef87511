import Foundation
import Vectors

/// The sequence number of the last acknowledged change, in the file `acknowledged` beside the database. A write-ahead log
/// that lost its end looks like one that never had it; this number shows the difference.
///
/// 24 bytes: the magic `SwVsAck1`, the number (64 bits, little-endian), CRC-32C of both, 0 (32 bits). Written after the
/// commit and not flushed, so that it never runs ahead of the database, and not at all in ``StoreOptions/Durability/fast``.
final class AcknowledgedSequence: Sendable {
    private static let magic = Array("SwVsAck1".utf8)
    private let descriptor: Int32

    init(_ folder: URL, readOnly: Bool = false) throws(VectorError) {
        let flags = readOnly ? O_RDONLY : O_RDWR | O_CREAT
        let path = try folder.appending(path: "acknowledged").filePath
        descriptor = try systemCall("open '\(path)'") { open(path, flags | O_CLOEXEC, 0o666) }
    }

    deinit { close(descriptor) }

    /// The number, or nil if the file holds none.
    var value: Int64? {
        var bytes = [UInt8](repeating: 0, count: 24)
        guard pread(descriptor, &bytes, bytes.count, 0) == bytes.count, Array(bytes[..<8]) == Self.magic else {
            return nil
        }
        let number = bytes.withUnsafeBytes { Int64(littleEndian: $0.load(fromByteOffset: 8, as: Int64.self)) }
        return bytes == Self.bytes(number) ? number : nil
    }

    /// Writes the number. That it can't be written is no failure of the change, which is on the disk already: the file
    /// then has an earlier one.
    func store(_ number: Int64) {
        let bytes = Self.bytes(number)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    private static func bytes(_ number: Int64) -> [UInt8] {
        var bytes = magic
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        let checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
        withUnsafeBytes(of: UInt64(checksum).littleEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

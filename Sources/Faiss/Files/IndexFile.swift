import Foundation
import Vectors

/// Our file of an index: Faiss's data in an envelope whose checksums find every corruption before Faiss reads it.
///
/// All numbers are little-endian.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | the magic `89 53 57 46 58 0D 0A 1A` ("SWFX"; the rest catches transfers that alter line ends) |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | CRC-32C of the header, this field taken as 0 |
/// | 16 | 8 | length of the header, 64 + 8 · number of ids |
/// | 24 | 8 | length of the body; header and body make the whole file |
/// | 32 | 4 | CRC-32C of the body |
/// | 36 | 4 | metric: 0 squared L2, 1 inner product, 2 cosine, 3 Hamming distance, of binary vectors |
/// | 40 | 4 | 1 if ids follow, 0 if an id is its position or the body has the ids |
/// | 44 | 4 | 0 |
/// | 48 | 8 | the next id to give out, −1 if there is none |
/// | 56 | 8 | number of ids |
/// | 64 | 8 each | the ids by position, −1 where the vector was removed |
/// | then | | the body, in Faiss's own format |
///
/// A checksum finds accidents, not forgeries.
enum IndexFile {
    static let magic: [UInt8] = [0x89, 0x53, 0x57, 0x46, 0x58, 0x0D, 0x0A, 0x1A]

    struct Header {
        /// Nil for binary vectors.
        var metric: Metric?
        var ids: [Int64]?
        var nextID: Int64?
    }

    /// - Parameter body: hands the index in Faiss's format to what it is given, piece by piece.
    static func write(
        _ header: Header,
        to url: URL,
        body: ((UnsafeRawBufferPointer) throws(VectorError) -> Void) throws(VectorError) -> Void
    ) throws(VectorError) {
        var header = Layout(metric: header.metric, ids: header.ids, nextID: header.nextID)
        let file = try AtomicFile(replacing: url)
        // The header is written twice: its checksums are known only after the body.
        try file.write(header.bytes)
        var checksum = CRC32C()
        var length = 0
        try body { bytes throws(VectorError) in
            checksum.update(bytes)
            length += bytes.count
            try file.write(bytes)
        }
        header.bodyLength = UInt64(length)
        header.bodyChecksum = checksum.value
        try file.overwrite(header.bytes, at: 0)
        try file.commit()
    }

    static func read(_ url: URL) throws(VectorError) -> (header: Header, body: [UInt8]) {
        let file = try InputFile(url)
        guard file.size >= Layout.fixedLength else {
            throw VectorError(.invalidFormat, "'\(file.path)' has \(file.size) bytes, too few for an index file")
        }
        let layout = try Layout(file)
        let body = try file.bytes(Int(layout.headerLength)..<file.size)
        guard body.withUnsafeBytes({ CRC32C.checksum($0) }) == layout.bodyChecksum else {
            throw VectorError(.invalidFormat, "'\(file.path)' is damaged: the checksum of its body is wrong")
        }
        return (Header(metric: layout.metric, ids: layout.ids, nextID: layout.nextID), body)
    }

    /// The header's fields and their places.
    private struct Layout {
        static let version: UInt32 = 1
        static let fixedLength = 64
        /// By their numbers.
        private static let metrics: [Metric?] = [.squaredL2, .innerProduct, .cosine, nil]

        let metric: Metric?
        let ids: [Int64]?
        let nextID: Int64?
        var bodyLength: UInt64 = 0
        var bodyChecksum: UInt32 = 0

        init(metric: Metric?, ids: [Int64]?, nextID: Int64?) {
            self.metric = metric
            self.ids = ids
            self.nextID = nextID
        }

        var headerLength: UInt64 { UInt64(Self.fixedLength + 8 * (ids?.count ?? 0)) }

        var bytes: [UInt8] {
            var bytes = IndexFile.magic
            func append(_ number: some FixedWidthInteger) {
                withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
            }
            append(Self.version)
            append(UInt32(0))
            append(headerLength)
            append(bodyLength)
            append(bodyChecksum)
            append(UInt32(Self.metrics.firstIndex(of: metric)!))
            append(UInt32(ids == nil ? 0 : 1))
            append(UInt32(0))
            append(nextID ?? -1)
            append(UInt64(ids?.count ?? 0))
            for id in ids ?? [] { append(id) }
            let checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
            withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(12..<16, with: $0) }
            return bytes
        }

        init(_ file: InputFile) throws(VectorError) {
            func damaged(_ what: String) -> VectorError {
                VectorError(.invalidFormat, "'\(file.path)' is damaged: \(what)")
            }
            let fixed = try file.bytes(0..<Self.fixedLength)
            guard Array(fixed[0..<8]) == IndexFile.magic else {
                let name = FaissFormat.name(of: String(decoding: fixed[0..<4], as: UTF8.self))
                let hint = name.map { ", but Faiss's own of \(FaissFormat.phrase($0)): read it with init(faissFile:)" }
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' is not an index file of this package\(hint ?? "")"
                )
            }
            let version = Self.number(UInt32.self, in: fixed, at: 8)
            guard version == Self.version else {
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' has version \(version) of the format, this release reads version \(Self.version)"
                )
            }
            let headerLength = Self.number(UInt64.self, in: fixed, at: 16)
            let bodyLength = Self.number(UInt64.self, in: fixed, at: 24)
            let (total, overflow) = headerLength.addingReportingOverflow(bodyLength)
            guard !overflow, total == UInt64(file.size), headerLength >= UInt64(Self.fixedLength) else {
                throw damaged("it has \(file.size) bytes, its header says \(overflow ? "more" : String(total))")
            }
            var header = try file.bytes(0..<Int(headerLength))
            let checksum = Self.number(UInt32.self, in: header, at: 12)
            header.replaceSubrange(12..<16, with: [0, 0, 0, 0])
            guard header.withUnsafeBytes({ CRC32C.checksum($0) }) == checksum else {
                throw damaged("the checksum of its header is wrong")
            }
            let metricNumber = Int(Self.number(UInt32.self, in: header, at: 36))
            let hasIDs = Self.number(UInt32.self, in: header, at: 40) == 1
            let idCount = Self.number(UInt64.self, in: header, at: 56)
            guard Self.metrics.indices.contains(metricNumber),
                idCount == (headerLength - UInt64(Self.fixedLength)) / 8, headerLength.isMultiple(of: 8),
                hasIDs || idCount == 0
            else { throw damaged("its header contradicts itself") }
            metric = Self.metrics[metricNumber]
            let next = Self.number(Int64.self, in: header, at: 48)
            nextID = next < 0 ? nil : next
            ids =
                hasIDs
                ? (0..<Int(idCount)).map { Self.number(Int64.self, in: header, at: Self.fixedLength + 8 * $0) } : nil
            self.bodyLength = bodyLength
            bodyChecksum = Self.number(UInt32.self, in: header, at: 32)
        }

        private static func number<Number: FixedWidthInteger>(
            _ type: Number.Type,
            in bytes: [UInt8],
            at offset: Int
        ) -> Number {
            bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
        }
    }
}

import Foundation
import Vectors

/// An index whose inverted lists are read from a file when a search visits them: what each list holds, and where.
///
/// All numbers are little-endian.
///
/// | offset | size | content |
/// |---|---|---|
/// | 0 | 8 | the magic `89 53 57 4C 46 0D 0A 1A` ("SWLF"; the rest catches transfers that alter line ends) |
/// | 8 | 4 | version, 1 |
/// | 12 | 4 | CRC-32C of the trained part, the directory and then these 64 bytes, this field taken as 0 |
/// | 16 | 8 | length of the trained part |
/// | 24 | 8 | number of lists |
/// | 32 | 8 | bytes of a vector's code |
/// | 40 | 8 | number of vectors |
/// | 48 | 8 | the next id to give out, larger than all ids in the file; −1 if there is none |
/// | 56 | 4 | metric: 0 squared L2, 1 inner product, 2 cosine |
/// | 60 | 4 | 0 |
/// | 64 | | the trained part: the index without its vectors in Faiss's own format |
/// | then | 8 a list | the directory: of each list the number of vectors and a CRC-32C of its bytes, 4 bytes each |
/// | then | | the lists, one behind the other: of each the ids, 8 bytes each, then the codes |
///
/// The lists make the rest of the file. They are verified when they are read, one by one; a checksum finds accidents, not
/// forgeries.
final class ListFile: Sendable {
    static let magic: [UInt8] = [0x89, 0x53, 0x57, 0x4C, 0x46, 0x0D, 0x0A, 0x1A]
    /// By their numbers.
    static let metrics: [Metric] = [.squaredL2, .innerProduct, .cosine]

    /// What the file says of the index.
    struct Head {
        static let version: UInt32 = 1
        static let length = 64

        var metric: Metric
        var nextID: Int64?
        var listCount: Int
        var codeSize: Int
        var count = 0
        var trainedLength = 0

        /// Where the lists begin.
        var listStart: Int { Self.length + trainedLength + 8 * listCount }
        /// The bytes of a vector in its list.
        var rowBytes: Int { 8 + codeSize }
    }

    /// Where a list is.
    struct Place {
        let offset: Int
        let count: Int
        let checksum: UInt32
    }

    let head: Head
    private let file: InputFile

    var path: String { file.path }

    /// Opens a file and verifies all but its lists.
    init(_ url: URL) throws(VectorError) {
        file = try InputFile(url)
        head = try Head(file)
        file.expectRandomReads()
    }

    /// The trained part, and where the lists are.
    func contents() throws(VectorError) -> (trainedPart: [UInt8], places: [Place]) {
        let trainedEnd = Head.length + head.trainedLength
        let fixed = try file.bytes(0..<Head.length)
        let trainedPart = try file.bytes(Head.length..<trainedEnd)
        let directory = try file.bytes(trainedEnd..<head.listStart)
        var checksum = CRC32C()
        for part in [trainedPart, directory, fixed.replacingChecksum(0)] {
            part.withUnsafeBytes { checksum.update($0) }
        }
        guard checksum.value == fixed.number(UInt32.self, at: 12) else {
            throw file.damaged("the checksum of its head is wrong")
        }
        var (places, offset, count) = ([Place](), head.listStart, 0)
        places.reserveCapacity(head.listCount)
        for list in 0..<head.listCount {
            let size = Int(directory.number(UInt32.self, at: 8 * list))
            places.append(
                Place(offset: offset, count: size, checksum: directory.number(UInt32.self, at: 8 * list + 4))
            )
            count += size
            guard count <= head.count else { break }
            offset += size * head.rowBytes
        }
        guard count == head.count else { throw file.damaged("its lists don't make its \(head.count) vectors") }
        return (trainedPart, places)
    }

    /// Reads the bytes of a list, from any thread.
    func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, checksum: UInt32) throws(VectorError) {
        try file.readExactly(into: bytes, at: offset)
        guard CRC32C.checksum(UnsafeRawBufferPointer(bytes)) == checksum else {
            throw file.damaged("the checksum of the list at \(offset) is wrong")
        }
    }

    /// Has the system read these bytes on, while the caller does something else.
    func expect(_ range: Range<Int>) { file.expectRead(of: range) }

    /// Writes such a file front to back.
    final class Writer {
        private var head: Head
        private let file: AtomicFile
        private var checksum = CRC32C()
        private var directory: [UInt8] = []
        private var list = (length: 0, checksum: CRC32C())

        init(_ head: Head, to url: URL) throws(VectorError) {
            self.head = head
            file = try AtomicFile(replacing: url)
            // The head and the directory are written twice: what is in them is known only at the end.
            try file.write([UInt8](repeating: 0, count: Head.length))
        }

        func writeTrainedPart(_ bytes: UnsafeRawBufferPointer) throws(VectorError) {
            head.trainedLength += bytes.count
            checksum.update(bytes)
            try file.write(bytes)
        }

        func endTrainedPart() throws(VectorError) {
            try file.write([UInt8](repeating: 0, count: 8 * head.listCount))
        }

        /// Adds to the current list.
        func write(_ bytes: UnsafeRawBufferPointer) throws(VectorError) {
            list.length += bytes.count
            list.checksum.update(bytes)
            try file.write(bytes)
        }

        func endList() {
            let count = list.length / head.rowBytes
            directory.append(UInt32(count))
            directory.append(list.checksum.value)
            head.count += count
            list = (0, CRC32C())
        }

        func commit() throws(VectorError) {
            try file.overwrite(directory, at: Head.length + head.trainedLength)
            var fixed = head.bytes
            for part in [directory, fixed] { part.withUnsafeBytes { checksum.update($0) } }
            fixed = fixed.replacingChecksum(checksum.value)
            try file.overwrite(fixed, at: 0)
            try file.commit()
        }
    }
}

extension ListFile.Head {
    /// With 0 for the checksum.
    fileprivate var bytes: [UInt8] {
        var bytes = ListFile.magic
        bytes.append(Self.version)
        bytes.append(UInt32(0))
        for number in [trainedLength, listCount, codeSize, count] { bytes.append(UInt64(number)) }
        bytes.append(nextID ?? -1)
        bytes.append(UInt32(ListFile.metrics.firstIndex(of: metric)!))
        bytes.append(UInt32(0))
        return bytes
    }

    /// Reads and checks the numbers, none of which can be trusted before the checksum was compared.
    fileprivate init(_ file: InputFile) throws(VectorError) {
        let fixed = try file.firstBytes(Self.length)
        guard fixed.count == Self.length, Array(fixed[0..<8]) == ListFile.magic else {
            throw VectorError(.invalidFormat, "'\(file.path)' is not a file of inverted lists of this package")
        }
        let version = fixed.number(UInt32.self, at: 8)
        guard version == Self.version else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' has version \(version) of the format, this release reads version \(Self.version)"
            )
        }
        let numbers = (0..<4).map { fixed.number(UInt64.self, at: 16 + 8 * $0) }
        let nextID = fixed.number(Int64.self, at: 48)
        let metric = Int(fixed.number(UInt32.self, at: 56))
        guard numbers[0] <= UInt64(file.size),
            (1...UInt64(IndexDescription.ListCount.maximum)).contains(numbers[1]),
            numbers[2] <= UInt64(4 * VectorMatrix.maximumDimension), numbers[3] <= UInt64(Int32.max),
            ListFile.metrics.indices.contains(metric)
        else { throw file.damaged("its head contradicts itself") }
        self.init(
            metric: ListFile.metrics[metric],
            nextID: nextID < 0 ? nil : nextID,
            listCount: Int(numbers[1]),
            codeSize: Int(numbers[2]),
            count: Int(numbers[3]),
            trainedLength: Int(numbers[0])
        )
        guard listStart + count * rowBytes == file.size else {
            throw file.damaged("it has \(file.size) bytes, its head says \(listStart + count * rowBytes)")
        }
    }
}

extension InputFile {
    fileprivate func damaged(_ what: String) -> VectorError {
        VectorError(.invalidFormat, "'\(path)' is damaged: \(what)")
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
        withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    /// A head with another number in the field of its checksum.
    fileprivate func replacingChecksum(_ checksum: UInt32) -> [UInt8] {
        var bytes = Array(self[..<12])
        bytes.append(checksum)
        return bytes + self[16...]
    }
}

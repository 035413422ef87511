import Vectors

/// Little-endian bytes, one number after the other.
struct ByteWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ other: UnsafeRawBufferPointer) { bytes.append(contentsOf: other) }

    mutating func append(_ text: String) {
        append(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

/// Reads what a ``ByteWriter`` has written, and refuses what is too short.
struct ByteReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { place == bytes.count }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(VectorError) -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - place >= size else { throw tooShort }
        defer { place += size }
        return bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: type)) }
    }

    /// A number of things that take at least so many bytes each.
    mutating func count(ofSize size: Int) throws(VectorError) -> Int {
        let count = try number(UInt64.self)
        guard count <= UInt64((bytes.count - place) / size) else { throw tooShort }
        return Int(count)
    }

    mutating func text() throws(VectorError) -> String {
        let count = Int(try number(UInt32.self))
        guard bytes.count - place >= count else { throw tooShort }
        defer { place += count }
        return String(decoding: bytes[place..<place + count], as: UTF8.self)
    }

    private var tooShort: VectorError { VectorError(.damaged, "it ends too early") }
}

import Vectors

import struct Foundation.Date

/// How metadata are stored in a row: the article on the file format has the table.
enum MetadataFormat {
    static func encode(_ metadata: VectorMetadata) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        func append(_ text: String) {
            append(UInt32(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
        }
        append(UInt16(metadata.count))
        for (name, value) in metadata.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            append(UInt8(name.utf8.count))
            bytes.append(contentsOf: name.utf8)
            switch value {
            case .null: append(UInt8(0))
            case .bool(let value):
                append(UInt8(1))
                append(UInt8(value ? 1 : 0))
            case .integer(let value):
                append(UInt8(2))
                append(value)
            case .double(let value):
                append(UInt8(3))
                append(value.bitPattern)
            case .date(let value):
                append(UInt8(4))
                append(value.timeIntervalSinceReferenceDate.bitPattern)
            case .string(let value):
                append(UInt8(5))
                append(value)
            case .strings(let values):
                append(UInt8(6))
                append(UInt32(values.count))
                for value in values { append(value) }
            }
        }
        return bytes
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(VectorError) -> VectorMetadata {
        if bytes.count == 2, bytes[0] == 0, bytes[1] == 0 { return [:] }
        var metadata: VectorMetadata = [:]
        try forEachField(bytes) { name, value throws(VectorError) in
            guard metadata.updateValue(value, forKey: name) == nil else { throw damaged }
        }
        return metadata
    }

    /// Calls `body` with each field. Nothing of the bytes is trusted.
    static func forEachField(
        _ bytes: UnsafeRawBufferPointer,
        _ body: (String, MetadataValue) throws(VectorError) -> Void
    ) throws(VectorError) {
        var reader = Reader(bytes: bytes)
        let count = try reader.number(UInt16.self)
        for _ in 0..<count {
            let name = try reader.text(length: Int(reader.number(UInt8.self)))
            let value: MetadataValue
            switch try reader.number(UInt8.self) {
            case 0: value = .null
            case 1: value = .bool(try reader.number(UInt8.self) != 0)
            case 2: value = .integer(try reader.number(Int64.self))
            case 3: value = .double(Double(bitPattern: try reader.number(UInt64.self)))
            case 4:
                let seconds = Double(bitPattern: try reader.number(UInt64.self))
                value = .date(Date(timeIntervalSinceReferenceDate: seconds))
            case 5: value = .string(try reader.text(length: Int(reader.number(UInt32.self))))
            case 6:
                var strings: [String] = []
                for _ in 0..<(try reader.number(UInt32.self)) {
                    strings.append(try reader.text(length: Int(reader.number(UInt32.self))))
                }
                value = .strings(strings)
            default: throw damaged
            }
            try body(name, value)
        }
        guard reader.isAtEnd else { throw damaged }
    }

    private static let damaged = VectorError(.damaged, "the metadata of a row are not in their format")

    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        private var offset = 0

        init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

        var isAtEnd: Bool { offset == bytes.count }

        mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(VectorError) -> Number {
            let size = MemoryLayout<Number>.size
            guard bytes.count - offset >= size else { throw damaged }
            defer { offset += size }
            return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
        }

        mutating func text(length: Int) throws(VectorError) -> String {
            guard bytes.count - offset >= length else { throw damaged }
            defer { offset += length }
            return String(decoding: bytes[offset..<offset + length], as: UTF8.self)
        }
    }
}

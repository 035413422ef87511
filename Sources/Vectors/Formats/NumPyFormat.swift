import Foundation

/// NumPy's `.npy`: a magic string, a version, a Python dictionary as text, then the numbers (NumPy enhancement
/// proposal 1).
enum NumPyFormat {
    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    static func shape(_ url: URL) throws -> (count: Int, dimension: Int) {
        let header = try checkedHeader(of: InputFile(url))
        return (header.rows, header.columns)
    }

    private static func checkedHeader(of file: InputFile) throws -> Header {
        let header = try Header(of: file)
        let itemSize = header.type.size
        guard header.rows.multipliedReportingOverflow(by: header.columns * itemSize).overflow == false,
            file.size - header.length == header.rows * header.columns * itemSize
        else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' declares \(header.rows) × \(header.columns) items of \(itemSize) bytes "
                    + "but holds \(file.size - header.length) bytes after its header"
            )
        }
        return header
    }

    static func read(_ url: URL, limit: Int?) throws -> VectorMatrix {
        let file = try InputFile(url)
        let header = try checkedHeader(of: file)
        let rows = min(limit ?? .max, header.rows)
        let itemSize = header.type.size
        return try VectorMatrix(count: rows, dimension: header.columns) { values in
            let itemsPerBlock = (1 << 20) / itemSize
            for first in stride(from: 0, to: values.count, by: itemsPerBlock) {
                let count = min(itemsPerBlock, values.count - first)
                let start = header.length + first * itemSize
                try file.bytes(start..<start + count * itemSize).withUnsafeBytes { block in
                    for item in 0..<count { values[first + item] = header.type.float(in: block, at: item * itemSize) }
                    guard header.type == .float64 else { return }
                    for item in 0..<count where values[first + item].isInfinite {
                        let value = ItemType.double(in: block, at: item * itemSize)
                        guard value.isFinite else { continue }
                        let (row, column) = (first + item).quotientAndRemainder(dividingBy: header.columns)
                        throw VectorError(
                            .invalidFormat,
                            "row \(row) of '\(file.path)', component \(column), is \(value), beyond the largest 32-bit "
                                + "number, \(Float.greatestFiniteMagnitude)"
                        )
                    }
                }
            }
        }
    }

    static func write(_ matrix: VectorMatrix, to url: URL) throws(VectorError) {
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(matrix.count), \(matrix.dimension)), }"
        // The numbers start at a multiple of 64 bytes; 10 bytes precede the text and a newline ends it.
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        var bytes = magic + [1, 0]
        withUnsafeBytes(of: UInt16(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
        let file = try AtomicFile(replacing: url)
        try file.write(bytes + Array(text.utf8))
        try matrix.withUnsafeBufferPointer { values throws(VectorError) in
            try file.write(UnsafeRawBufferPointer(values))
        }
        try file.commit()
    }

    private enum ItemType: String {
        case float16 = "<f2"
        case float32 = "<f4"
        case float64 = "<f8"
        case int8 = "|i1"
        case uint8 = "|u1"

        var size: Int {
            switch self {
            case .float16: 2
            case .float32: 4
            case .float64: 8
            case .int8, .uint8: 1
            }
        }

        /// The item as a 32-bit number; infinite if it is beyond all of them.
        func float(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
            switch self {
            case .float16:
                return Float(
                    halfBits: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
                )
            case .float32:
                return Float(
                    bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                )
            case .float64:
                return Float(Self.double(in: bytes, at: offset))
            case .int8: return Float(bytes.loadUnaligned(fromByteOffset: offset, as: Int8.self))
            case .uint8: return Float(bytes[offset])
            }
        }

        static func double(in bytes: UnsafeRawBufferPointer, at offset: Int) -> Double {
            Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        }
    }

    private struct Header {
        var type: ItemType
        var rows: Int
        var columns: Int
        /// Where the numbers start.
        var length: Int

        init(of file: InputFile) throws {
            guard file.size >= 12, try file.bytes(0..<6) == magic else {
                throw VectorError(.invalidFormat, "'\(file.path)' does not start as a NumPy file does")
            }
            let version = try file.bytes(6..<12)
            let prefix: Int
            let textLength: Int
            switch version[0] {
            case 1:
                prefix = 10
                textLength = Int(version[2]) | Int(version[3]) << 8
            case 2, 3:
                prefix = 12
                textLength = Int(version[2]) | Int(version[3]) << 8 | Int(version[4]) << 16 | Int(version[5]) << 24
            default:
                throw VectorError(.invalidFormat, "'\(file.path)' has NumPy format version \(version[0]), not 1 to 3")
            }
            guard textLength <= 1 << 16, prefix + textLength <= file.size else {
                throw VectorError(.invalidFormat, "'\(file.path)' declares a header of \(textLength) bytes")
            }
            let text = try String(decoding: file.bytes(prefix..<prefix + textLength), as: UTF8.self)
            guard let descr = text.firstMatch(of: /'descr'\s*:\s*'([^']*)'/)?.1,
                let order = text.firstMatch(of: /'fortran_order'\s*:\s*(True|False)/)?.1,
                let shapeText = text.firstMatch(of: /'shape'\s*:\s*\(([0-9, ]*)\)/)?.1
            else {
                throw VectorError(.invalidFormat, "'\(file.path)' has an unreadable header: \(text.prefix(80))")
            }
            guard let type = ItemType(rawValue: String(descr)) else {
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' holds items of type '\(descr)'; f2, f4, f8, i1 and u1 can be read"
                )
            }
            let shape = shapeText.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard shape.count == 2, let rows = shape[0], let columns = shape[1] else {
                throw VectorError(.invalidFormat, "'\(file.path)' has shape (\(shapeText)), not two-dimensional")
            }
            guard order == "False" || rows <= 1 || columns <= 1 else {
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' is in Fortran order; save numpy.ascontiguousarray(it) instead"
                )
            }
            guard (1...VectorMatrix.maximumDimension).contains(columns) else {
                throw VectorError(
                    .invalidFormat,
                    "'\(file.path)' has dimension \(columns), outside 1...\(VectorMatrix.maximumDimension)"
                )
            }
            self.type = type
            self.rows = rows
            self.columns = columns
            self.length = prefix + textLength
        }
    }
}

extension Float {
    /// The value of an IEEE half; `Float16` itself is not available on every platform that Swift runs on.
    fileprivate init(halfBits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10 & 0x1F)
        let fraction = UInt32(bits & 0x3FF)
        switch (exponent, fraction) {
        case (0, _): self = Float(sign: sign == 0 ? .plus : .minus, exponent: -24, significand: Float(fraction))
        case (31, _): self.init(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: self.init(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

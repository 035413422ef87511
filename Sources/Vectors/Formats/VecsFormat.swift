import struct Foundation.URL

/// A component of a row in the TEXMEX family of formats.
protocol VecsComponent: BitwiseCopyable {
    var float: Float { get }
}

extension Float: VecsComponent { var float: Float { self } }
extension UInt8: VecsComponent { var float: Float { Float(self) } }
extension Int32: VecsComponent { var float: Float { Float(self) } }

/// fvecs, bvecs and ivecs: every row carries its own length before its components.
enum VecsFormat<Component: VecsComponent> {
    static func shape(_ url: URL) throws -> (count: Int, dimension: Int) {
        let shape = try certainShape(of: InputFile(url), limit: nil)
        return (shape.rows, shape.dimension)
    }

    private static func certainShape(of file: InputFile, limit: Int?) throws -> Shape {
        guard let shape = try shape(of: file, limit: limit) else {
            throw VectorError(.invalidFormat, "'\(file.path)' is empty: its dimension can't be told")
        }
        return shape
    }

    static func read(_ url: URL, limit: Int?) throws -> VectorMatrix {
        let file = try InputFile(url)
        let shape = try certainShape(of: file, limit: limit)
        return try VectorMatrix(count: shape.rows, dimension: shape.dimension) { values in
            try forEachRow(of: file, shape) { row, components in
                for column in 0..<shape.dimension {
                    values[row * shape.dimension + column] = components[column].float
                }
            }
        }
    }

    static func readRows(_ url: URL, limit: Int?) throws -> [[Component]] {
        let file = try InputFile(url)
        guard let shape = try shape(of: file, limit: limit) else { return [] }
        var rows: [[Component]] = []
        rows.reserveCapacity(shape.rows)
        try forEachRow(of: file, shape) { _, components in rows.append(Array(components)) }
        return rows
    }

    static func write(
        rows: Int,
        to url: URL,
        row: (Int) -> some Collection<Component>
    ) throws(VectorError) {
        let file = try AtomicFile(replacing: url)
        for number in 0..<rows {
            let components = Array(row(number))
            var bytes = withUnsafeBytes(of: Int32(components.count).littleEndian) { Array($0) }
            components.withUnsafeBytes { bytes.append(contentsOf: $0) }
            try file.write(bytes)
        }
        try file.commit()
    }

    private typealias Shape = (rows: Int, dimension: Int)

    private static func shape(of file: InputFile, limit: Int?) throws -> Shape? {
        if file.size == 0 { return nil }
        let dimension = try Int(
            file.bytes(0..<4).withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(as: Int32.self)) }
        )
        guard (1...VectorMatrix.maximumDimension).contains(dimension) else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' starts with dimension \(dimension), outside 1...\(VectorMatrix.maximumDimension)"
            )
        }
        let rowSize = 4 + dimension * MemoryLayout<Component>.size
        guard file.size.isMultiple(of: rowSize) else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)' has \(file.size) bytes, not a multiple of \(rowSize), a row of dimension \(dimension)"
            )
        }
        return (min(limit ?? .max, file.size / rowSize), dimension)
    }

    /// Calls `body` with the number and the components of each row, reading blocks of about a mebibyte.
    private static func forEachRow(
        of file: InputFile,
        _ shape: Shape,
        _ body: (Int, UnsafeBufferPointer<Component>) throws -> Void
    ) throws {
        let rowSize = 4 + shape.dimension * MemoryLayout<Component>.size
        let rowsPerBlock = max(1, (1 << 20) / rowSize)
        for first in stride(from: 0, to: shape.rows, by: rowsPerBlock) {
            let count = min(rowsPerBlock, shape.rows - first)
            let block = try file.bytes(first * rowSize..<(first + count) * rowSize)
            try block.withUnsafeBytes { block in
                for row in 0..<count {
                    let bytes = UnsafeRawBufferPointer(rebasing: block[row * rowSize..<(row + 1) * rowSize])
                    let dimension = Int32(littleEndian: bytes.loadUnaligned(as: Int32.self))
                    guard dimension == shape.dimension else {
                        throw VectorError(
                            .invalidFormat,
                            "row \(first + row) of '\(file.path)' has dimension \(dimension), "
                                + "the first row has \(shape.dimension)"
                        )
                    }
                    // A row starts at a multiple of 4 bytes from an array's start where components have 4 bytes.
                    try body(
                        first + row,
                        UnsafeRawBufferPointer(rebasing: bytes[4...]).bindMemory(to: Component.self)
                    )
                }
            }
        }
    }
}

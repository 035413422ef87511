/// Binary vectors of one dimension: `count` × `dimension` bits, eight to a byte, row after row, in one block of memory.
///
/// They are compared by their Hamming distance, the number of bits that differ. Which bit of a byte stands for which
/// component makes no difference to it; ``init(signsOf:)`` begins with the lowest, as Faiss does. Like a ``VectorMatrix`` it
/// is a value and a collection of its rows.
public struct BinaryMatrix: Sendable, Hashable, RandomAccessCollection {
    /// What the standard library's algorithms, such as `prefix(_:)`, give: a view of the matrix with its row numbers.
    /// `matrix[0..<2]` gives a matrix.
    public typealias SubSequence = Slice<BinaryMatrix>

    /// The largest dimension in bits that the package accepts.
    public static let maximumDimension = VectorMatrix.maximumDimension

    /// The bytes, row after row; `count × dimension / 8` of them.
    public let bytes: [UInt8]
    /// The bits of every row, a multiple of 8 from 8 to ``maximumDimension``.
    public let dimension: Int

    /// The number of rows.
    public var count: Int { bytes.count / rowBytes }
    /// The number of the first row, 0.
    public var startIndex: Int { 0 }
    /// ``count``.
    public var endIndex: Int { count }

    /// The bytes of a row.
    package var rowBytes: Int { dimension / 8 }

    /// Makes a matrix from bytes that lie row after row, such as NumPy's `packbits` makes.
    ///
    /// - Throws: ``VectorError/Code/invalidArgument`` for a dimension that is not a multiple of 8 in 8…65,536,
    ///   ``VectorError/Code/dimensionMismatch`` if the last row is incomplete.
    public init(_ bytes: [UInt8], dimension: Int) throws(VectorError) {
        try Self.check(dimension: dimension)
        guard bytes.count.isMultiple(of: dimension / 8) else {
            throw VectorError(
                .dimensionMismatch,
                "\(bytes.count) bytes do not make whole rows of \(dimension) bits"
            )
        }
        self.bytes = bytes
        self.dimension = dimension
    }

    /// Makes a matrix from the signs of numbers: a bit is set where the number is greater than 0, so that a vector takes
    /// a thirty-second of its memory. Vectors of similar direction differ in few signs. Faiss: `real_to_binary`.
    ///
    /// NaN and 0 count as not greater.
    ///
    /// - Throws: ``VectorError/Code/invalidArgument`` if the dimension is not a multiple of 8.
    public init(signsOf vectors: VectorMatrix) throws(VectorError) {
        try Self.check(dimension: vectors.dimension)
        dimension = vectors.dimension
        bytes = vectors.withUnsafeBufferPointer { values in
            [UInt8](unsafeUninitializedCapacity: values.count / 8) { bytes, count in
                for place in 0..<values.count / 8 {
                    var byte: UInt8 = 0
                    for bit in 0..<8 { byte |= values[8 * place + bit] > 0 ? 1 << UInt8(bit) : 0 }
                    bytes[place] = byte
                }
                count = values.count / 8
            }
        }
    }

    /// The bytes of the row with this number. A number outside `0..<count` traps, as an array's subscript does.
    public subscript(row: Int) -> ArraySlice<UInt8> {
        precondition(row >= 0 && row < count, "row \(row) is outside 0..<\(count)")
        return bytes[row * rowBytes..<(row + 1) * rowBytes]
    }

    /// The rows in this range, as a matrix of their own. A range outside `0..<count` traps.
    public subscript(rows: Range<Int>) -> BinaryMatrix {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "rows \(rows) are outside 0..<\(count)")
        let part = bytes[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]
        return BinaryMatrix(trusted: Array(part), dimension: dimension)
    }

    /// The rows in this range, such as `..<100`, as a matrix of their own. A range outside `0..<count` traps.
    public subscript(rows: some RangeExpression<Int>) -> BinaryMatrix { self[rows.relative(to: self)] }

    /// The rows with these numbers, in this order, as a matrix of their own. A number outside `0..<count` traps.
    public func gathering(_ rows: some Collection<Int>) -> BinaryMatrix {
        BinaryMatrix(trusted: rows.flatMap { self[$0] }, dimension: dimension)
    }

    /// A matrix from bytes whose shape the caller has already made sure of.
    private init(trusted bytes: [UInt8], dimension: Int) {
        self.bytes = bytes
        self.dimension = dimension
    }

    /// Refuses a dimension that binary vectors can't have.
    package static func check(dimension: Int) throws(VectorError) {
        guard (8...maximumDimension).contains(dimension), dimension.isMultiple(of: 8) else {
            throw VectorError(
                .invalidArgument,
                "dimension \(dimension) of binary vectors is not a multiple of 8 in 8...\(maximumDimension)"
            )
        }
    }
}

extension BinaryMatrix: CustomStringConvertible {
    /// The shape, such as "1000 × 256 bits".
    public var description: String { "\(count) × \(dimension) bits" }
}

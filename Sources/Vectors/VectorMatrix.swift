/// Vectors of one dimension in one block of memory: `count` rows × `dimension` columns, row-major, single precision.
///
/// All modules exchange vectors as this type. It is a value: copies share storage until one of them changes. It is a
/// collection of its rows; a row is a slice of the numbers, not a copy. A range of rows is a matrix of its own:
///
/// ```swift
/// let directions = matrix.normalized()
/// let firstTwo = directions[0..<2]
/// ```
public struct VectorMatrix: Sendable, Hashable, RandomAccessCollection {
    /// What the standard library's algorithms, such as `prefix(_:)`, give: a view of the matrix with its row numbers.
    /// `matrix[0..<2]` gives a matrix.
    public typealias SubSequence = Slice<VectorMatrix>

    /// The largest dimension that the package accepts.
    public static let maximumDimension = 65_536

    /// The numbers, row after row; `count × dimension` of them.
    public private(set) var values: [Float]
    /// The length of every row, from 1 to ``maximumDimension``.
    public let dimension: Int

    /// The number of rows.
    public var count: Int { values.count / dimension }
    /// The number of the first row, 0.
    public var startIndex: Int { 0 }
    /// ``count``.
    public var endIndex: Int { count }

    /// Makes a matrix from numbers that lie row after row.
    ///
    /// - Throws: ``VectorError/Code/invalidArgument`` for a dimension outside 1…65,536,
    ///   ``VectorError/Code/dimensionMismatch`` if the last row is incomplete.
    public init(_ values: [Float], dimension: Int) throws(VectorError) {
        try Self.check(dimension: dimension)
        guard values.count.isMultiple(of: dimension) else {
            throw VectorError(
                .dimensionMismatch,
                "\(values.count) values do not make whole rows of dimension \(dimension)"
            )
        }
        self.values = values
        self.dimension = dimension
    }

    /// Makes a matrix from rows of equal length.
    ///
    /// - Throws: ``VectorError/Code/invalidArgument`` if there is no row to take the dimension from,
    ///   ``VectorError/Code/dimensionMismatch`` if a row differs in length from the first.
    public init(rows: some Collection<some Collection<Float>>) throws(VectorError) {
        guard let first = rows.first else {
            throw VectorError(.invalidArgument, "no rows: use VectorMatrix([], dimension:) for an empty matrix")
        }
        try Self.check(dimension: first.count)
        var values: [Float] = []
        values.reserveCapacity(rows.count * first.count)
        for (number, row) in rows.enumerated() {
            guard row.count == first.count else {
                throw VectorError(
                    .dimensionMismatch,
                    "row \(number) has \(row.count) values, the first row has \(first.count)"
                )
            }
            values.append(contentsOf: row)
        }
        self.values = values
        self.dimension = first.count
    }

    /// Makes a matrix whose memory `body` fills: `count × dimension` floats, every one of which it must initialise.
    package init(
        count: Int,
        dimension: Int,
        filledBy body: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) throws(VectorError) {
        try Self.check(dimension: dimension)
        let (size, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard count >= 0, !overflow, size <= Int.max / 4 else {
            throw VectorError(.tooLarge, "\(count) vectors of dimension \(dimension) do not fit in memory")
        }
        try checkMemory(bytes: size * 4, for: "\(count) vectors of dimension \(dimension)")
        self.values = try withVectorError {
            try [Float](unsafeUninitializedCapacity: size) { buffer, initialized in
                try body(UnsafeMutableBufferPointer(rebasing: buffer[..<size]))
                initialized = size
            }
        }
        self.dimension = dimension
    }

    /// The row with this number. A number outside `0..<count` traps, as an array's subscript does.
    public subscript(row: Int) -> ArraySlice<Float> {
        precondition(row >= 0 && row < count, "row \(row) is outside 0..<\(count)")
        return values[row * dimension..<(row + 1) * dimension]
    }

    /// The rows in this range, as a matrix of their own. A range outside `0..<count` traps.
    public subscript(rows: Range<Int>) -> VectorMatrix {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= count, "rows \(rows) are outside 0..<\(count)")
        return VectorMatrix(
            trusted: Array(values[rows.lowerBound * dimension..<rows.upperBound * dimension]),
            dimension: dimension
        )
    }

    /// The rows in this range, such as `..<100`, as a matrix of their own. A range outside `0..<count` traps.
    public subscript(rows: some RangeExpression<Int>) -> VectorMatrix { self[rows.relative(to: self)] }

    /// The rows with these numbers, in this order, as a matrix of their own. A number outside `0..<count` traps.
    public func gathering(_ rows: some Collection<Int>) -> VectorMatrix {
        var gathered: [Float] = []
        gathered.reserveCapacity(rows.count * dimension)
        for row in rows { gathered.append(contentsOf: self[row]) }
        return VectorMatrix(trusted: gathered, dimension: dimension)
    }

    /// Adds a row.
    ///
    /// - Throws: ``VectorError/Code/dimensionMismatch`` if the row's length is not ``dimension``.
    public mutating func append(_ row: some Collection<Float>) throws(VectorError) {
        guard row.count == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "the row has \(row.count) values, the matrix has dimension \(dimension)"
            )
        }
        values.append(contentsOf: row)
    }

    /// Every row scaled to Euclidean length 1; a zero row stays zero (as scikit-learn's `normalize` does).
    public func normalized() -> VectorMatrix {
        var result = self
        result.normalize()
        return result
    }

    /// Scales every row to Euclidean length 1 in place; a zero row stays zero.
    public mutating func normalize() {
        normalizeRows(&values, dimension: dimension)
    }

    /// Calls `body` with the numbers, row after row.
    public func withUnsafeBufferPointer<Result, Failure: Error>(
        _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try values.withUnsafeBufferPointer(body)
    }

    /// A matrix from values whose shape the caller has already made sure of.
    private init(trusted values: [Float], dimension: Int) {
        self.values = values
        self.dimension = dimension
    }

    private static func check(dimension: Int) throws(VectorError) {
        guard (1...maximumDimension).contains(dimension) else {
            throw VectorError(.invalidArgument, "dimension \(dimension) is outside 1...\(maximumDimension)")
        }
    }
}

extension VectorMatrix: CustomStringConvertible {
    /// The shape, such as "1000 × 128".
    public var description: String { "\(count) × \(dimension)" }
}

/// Scales every row of `dimension` numbers to Euclidean length 1; a zero row stays zero.
package func normalizeRows(_ values: inout [Float], dimension: Int) {
    values.withUnsafeMutableBufferPointer { values in
        for start in stride(from: 0, to: values.count, by: dimension) {
            let row = UnsafeMutableBufferPointer(rebasing: values[start..<start + dimension])
            // Scaled by the largest component first, so that neither tiny nor huge rows lose their direction.
            var largest: Float = 0
            for value in row { largest = max(largest, value.magnitude) }
            guard largest > 0, largest.isFinite else { continue }
            var sum: Float = 0
            for value in row { sum += (value / largest) * (value / largest) }
            let length = sum.squareRoot()
            for column in 0..<dimension { row[column] = row[column] / largest / length }
        }
    }
}

import Testing
import Vectors

@Suite("Vector matrix")
struct VectorMatrixTests {
    @Test("Rows lie one after the other")
    func shape() throws {
        var matrix = try VectorMatrix([1, 2, 3, 4, 5, 6], dimension: 3)
        #expect(matrix.count == 2 && matrix.dimension == 3 && !matrix.isEmpty)
        #expect(Array(matrix[1]) == [4, 5, 6])
        #expect(matrix.description == "2 × 3")
        #expect(try matrix == VectorMatrix(rows: [[1, 2, 3], [4, 5, 6]]))
        try matrix.append([7, 8, 9])
        #expect(matrix.count == 3)
        #expect(try matrix[1..<3] == VectorMatrix([4, 5, 6, 7, 8, 9], dimension: 3))
        #expect(matrix[3..<3].isEmpty && matrix[3..<3].dimension == 3)
        #expect(try matrix.gathering([2, 0, 2]) == VectorMatrix([7, 8, 9, 1, 2, 3, 7, 8, 9], dimension: 3))
        #expect(matrix.withUnsafeBufferPointer { $0.count } == 9)
    }

    @Test("A matrix is a collection of its rows; ranges of rows are matrices")
    func rows() throws {
        let matrix = try VectorMatrix([1, 2, 3, 4, 5, 6], dimension: 2)
        #expect(matrix.map { $0.reduce(0, +) } == [3, 7, 11])
        #expect(matrix.first == [1, 2] && matrix.last == [5, 6] && matrix.indices == 0..<3)
        #expect(matrix[..<2] == matrix[0..<2] && matrix[1...] == matrix[1..<3] && matrix[0...0].values == [1, 2])
        #expect(try VectorMatrix(rows: matrix.reversed()) == matrix.gathering([2, 1, 0]))
        #expect(matrix.suffix(1).startIndex == 2)
        #expect(try VectorMatrix([], dimension: 2).first == nil)
    }

    @Test("A matrix of bits is a collection of its rows, too")
    func binaryRows() throws {
        let matrix = try BinaryMatrix([1, 2, 3, 4, 5, 6], dimension: 16)
        #expect(matrix.map(Array.init) == [[1, 2], [3, 4], [5, 6]] && matrix.last == [5, 6])
        #expect(matrix[1..<3].bytes == [3, 4, 5, 6] && matrix[..<1].bytes == [1, 2] && matrix[3...].isEmpty)
        #expect(matrix.gathering([2, 0]).bytes == [5, 6, 1, 2])
    }

    @Test("A copy does not change with its original")
    func value() throws {
        let original = try VectorMatrix([3, 4], dimension: 2)
        var copy = original
        copy.normalize()
        #expect(original.values == [3, 4])
        #expect(copy.values == [0.6, 0.8])
    }

    @Test("What makes no whole rows is refused")
    func refused() throws {
        expectFailure(.dimensionMismatch, naming: "5 values", "dimension 2") {
            try VectorMatrix([1, 2, 3, 4, 5], dimension: 2)
        }
        for dimension in [0, -1, 65_537, .max, .min] {
            expectFailure(.invalidArgument, naming: "\(dimension)", "1...65536") {
                try VectorMatrix([], dimension: dimension)
            }
        }
        expectFailure(.invalidArgument, naming: "no rows") { try VectorMatrix(rows: [[Float]]()) }
        expectFailure(.invalidArgument, naming: "dimension 0") { try VectorMatrix(rows: [[], []]) }
        expectFailure(.dimensionMismatch, naming: "row 1", "3", "2") { try VectorMatrix(rows: [[1, 2], [1, 2, 3]]) }
        var matrix = try VectorMatrix([1, 2], dimension: 2)
        expectFailure(.dimensionMismatch, naming: "1 values", "dimension 2") { try matrix.append([1]) }
        expectFailure(.tooLarge, naming: "\(Int.max)") { try VectorMatrix(count: .max, dimension: 2) { _ in } }
        expectFailure(.tooLarge, naming: "\(Int.max / 8)") { try VectorMatrix(count: .max / 8, dimension: 1) { _ in } }
        #expect(matrix.values == [1, 2])
    }

    @Test(
        "Normalised rows have length 1 at any scale, zero rows stay",
        arguments: [Float(1e-38), 1e-20, 1, 1e15, 3e38]
    )
    func normalized(scale: Float) throws {
        let matrix = try VectorMatrix([0.6, -0.8, 0, 0, 1, 1, -1, 0].map { $0 * scale }, dimension: 2).normalized()
        let expected: [Float] = [0.6, -0.8, 0, 0, Float(0.5).squareRoot(), Float(0.5).squareRoot(), -1, 0]
        for (one, other) in zip(matrix.values, expected) { #expect(abs(one - other) < 1e-6) }
        #expect(try VectorMatrix([], dimension: 4).normalized().isEmpty)
    }

    @Test("Metrics know which way is near")
    func metrics() {
        #expect(Metric.squaredL2.isNearer(1, than: 2) && !Metric.squaredL2.isNearer(2, than: 2))
        #expect(Metric.innerProduct.isNearer(2, than: 1) && Metric.cosine.isNearer(2, than: 1))
        #expect(Metric.allCases.map(\.description) == ["squared L2", "inner product", "cosine"])
    }

    @Test("Thread limits stay between 1 and 1024")
    func threadLimits() {
        #expect(ThreadLimit.threads(0).count == 1 && ThreadLimit.threads(.min).count == 1)
        #expect(ThreadLimit.threads(.max).count == 1024 && (7 as ThreadLimit).count == 7)
        #expect((1...1024).contains(ThreadLimit.automatic.count))
        #expect(ThreadLimit.automatic.description == "automatic" && (7 as ThreadLimit).description == "7")
    }
}

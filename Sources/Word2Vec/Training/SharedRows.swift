package import Vectors

/// A matrix whose rows threads read and write side by side: the weights under training.
///
/// Each row starts on a cache line and is padded with zeros to a multiple of 16 numbers, so that steps of any vector
/// width go through it without a remainder.
///
/// `@unchecked Sendable`: threads change rows without a lock, which is the method ("Hogwild"). Two updates of a row at
/// the same moment may lose a part of one, as the method allows for; a 32-bit number is never torn on the processors
/// that Swift runs on. It holds plain numbers behind a raw pointer, no references, and its size never changes, so the
/// race can spoil nothing else. All unsynchronised memory of the package is in this one type.
package final class SharedRows: @unchecked Sendable {
    /// The number of rows.
    package let count: Int
    /// The numbers of a row that count.
    package let dimension: Int
    /// The numbers from one row's start to the next's, a multiple of 16.
    package let stride: Int
    private let start: UnsafeMutablePointer<Float>
    private let memory: PageMemory

    /// Rows of zeros.
    package init(count: Int, dimension: Int) throws(VectorError) {
        self.count = count
        self.dimension = dimension
        stride = Self.stride(dimension)
        let bytes = Self.bytes(count: count, dimension: dimension)
        memory = try PageMemory(byteCount: bytes, for: "\(count) rows of dimension \(dimension)")
        start = memory.start.bindMemory(to: Float.self, capacity: bytes / 4)
    }

    /// The row with this number.
    @inline(__always)
    package func row(_ number: Int) -> UnsafeMutablePointer<Float> { start + number &* stride }

    /// Makes a row the same as one of other rows of this dimension.
    func copyRow(_ number: Int, from other: SharedRows, _ otherNumber: Int) {
        row(number).update(from: other.row(otherNumber), count: stride)
    }

    /// The dot product of two rows of this shape.
    @inline(__always)
    package func dot(_ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>) -> Float {
        // Rows are aligned and padded for this. Two sums, so that one addition needn't wait for the other.
        let first = UnsafeRawPointer(first).assumingMemoryBound(to: SIMD8<Float>.self)
        let second = UnsafeRawPointer(second).assumingMemoryBound(to: SIMD8<Float>.self)
        var (even, odd) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
        for column in Swift.stride(from: 0, to: stride / 8, by: 2) {
            even = even + first[column] * second[column]
            odd = odd + first[column + 1] * second[column + 1]
        }
        return (even + odd).sum()
    }

    /// The bytes that so many rows take; `Int.max` if that is too large for a number.
    package static func bytes(count: Int, dimension: Int) -> Int {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: stride(dimension) * 4)
        return overflow ? .max : bytes
    }

    /// The numbers from one row's start to the next's, a multiple of 16.
    package static func stride(_ dimension: Int) -> Int { (dimension + 15) / 16 * 16 }
}

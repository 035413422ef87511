import Vectors

/// A table of vectors, read as it is and looked up by number.
///
/// `@unchecked Sendable`: it is written by the initialiser alone.
final class EmbeddingTable: @unchecked Sendable {
    let count: Int
    let dimension: Int
    private let memory: PageMemory
    private let values: UnsafeMutablePointer<Float>

    /// - Parameter tensor: count × dimension.
    init(_ tensor: Tensor) throws(VectorError) {
        count = tensor.shape[0]
        dimension = tensor.shape[1]
        memory = try PageMemory(byteCount: tensor.count * 4, for: "tensor '\(tensor.name)'")
        values = memory.start.assumingMemoryBound(to: Float.self)
        try tensor.read(0..<tensor.count, into: values)
    }

    func row(_ number: Int) -> UnsafePointer<Float> {
        precondition(number >= 0 && number < count)
        return UnsafePointer(values + number * dimension)
    }

    func copy(_ number: Int, to destination: UnsafeMutablePointer<Float>) {
        destination.update(from: row(number), count: dimension)
    }

    func add(_ number: Int, to destination: UnsafeMutablePointer<Float>) {
        let row = row(number)
        for column in 0..<dimension { destination[column] += row[column] }
    }
}

import FaissC
package import Vectors

/// The squared distance or, for the other metrics, the inner product of two vectors, by the kernels of the C++ core.
package struct VectorComparison: Sendable {
    private let kernel: @convention(c) (UnsafePointer<Float>?, UnsafePointer<Float>?, Int) -> Float

    package init(_ metric: Metric) {
        let kernels = faiss_distance_kernels(kernel_level())!.pointee
        kernel = metric == .squaredL2 ? kernels.squared_l2 : kernels.inner_product
    }

    /// - Parameter count: the components of both.
    package func callAsFunction(
        _ first: UnsafePointer<Float>,
        _ second: UnsafePointer<Float>,
        _ count: Int
    ) -> Float { kernel(first, second, count) }
}

/// The squared L2 distances of a vector to rows that lie one after the other, by the kernels of the C++ core.
func nativeSquaredDistances(
    of vector: UnsafeBufferPointer<Float>,
    to rows: UnsafeBufferPointer<Float>,
    into distances: UnsafeMutableBufferPointer<Float>
) {
    faiss_distance_kernels(kernel_level())!.pointee
        .squared_l2_rows(distances.baseAddress, vector.baseAddress, rows.baseAddress, vector.count, distances.count)
}

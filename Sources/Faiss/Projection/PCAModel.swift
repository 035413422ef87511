public import Vectors

/// What ``PCA`` found.
public struct PCAModel: Sendable, Hashable {
    /// The mean of the points.
    public let mean: [Double]
    /// The directions: components × dimension, each of length 1, the strongest first, its largest component positive (as
    /// scikit-learn has it); zeros where the points differ in no more directions. scikit-learn: `components_`.
    public let components: VectorMatrix
    /// The variance of the points along each direction, with count − 1 in the denominator. scikit-learn:
    /// `explained_variance_`.
    public let explainedVariance: [Double]
    /// The same as a share of the variance in all dimensions, from 0 to 1. scikit-learn: `explained_variance_ratio_`.
    public let explainedVarianceRatio: [Double]

    private let threads: ThreadLimit

    init(
        mean: [Double],
        components: VectorMatrix,
        explainedVariance: [Double],
        explainedVarianceRatio: [Double],
        threads: ThreadLimit
    ) {
        self.mean = mean
        self.components = components
        self.explainedVariance = explainedVariance
        self.explainedVarianceRatio = explainedVarianceRatio
        self.threads = threads
    }

    /// The vectors along the directions, counted from the mean: rows × components.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `tooLarge`.
    public func transform(_ points: VectorMatrix) throws(VectorError) -> VectorMatrix {
        try project(points, minus: mean, times: components, plus: nil)
    }

    /// As `transform(_:)`, on a thread outside the cooperative pool.
    public func transform(_ points: VectorMatrix) async throws(VectorError) -> VectorMatrix {
        try await runWatched { _ throws(VectorError) in try transform(points) }
    }

    /// The vectors that `transform(_:)` makes these of, as far as the directions hold them: rows × dimension.
    ///
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `tooLarge`.
    public func inverseTransform(_ projected: VectorMatrix) throws(VectorError) -> VectorMatrix {
        let (count, dimension) = (components.count, components.dimension)
        let transposed = try VectorMatrix(
            (0..<count * dimension).map { components.values[$0 % count * dimension + $0 / count] },
            dimension: count
        )
        return try project(projected, minus: nil, times: transposed, plus: mean)
    }

    /// As `inverseTransform(_:)`, on a thread outside the cooperative pool.
    public func inverseTransform(_ projected: VectorMatrix) async throws(VectorError) -> VectorMatrix {
        try await runWatched { _ throws(VectorError) in try inverseTransform(projected) }
    }

    private func project(
        _ points: VectorMatrix,
        minus mean: [Double]?,
        times matrix: VectorMatrix,
        plus otherMean: [Double]?
    ) throws(VectorError) -> VectorMatrix {
        guard points.dimension == matrix.dimension else {
            throw VectorError(
                .dimensionMismatch,
                "vectors of dimension \(points.dimension) don't fit a projection from \(matrix.dimension)"
            )
        }
        _ = try preparedPoints(points, areNormalized: false)
        return try VectorMatrix(count: points.count, dimension: matrix.count) { projected in
            try points.withUnsafeBufferPointer { values in
                try matrix.withUnsafeBufferPointer { rows in
                    try nativeProjection(
                        of: values,
                        minus: mean,
                        times: rows,
                        dimension: matrix.dimension,
                        plus: otherMean,
                        threads: threads,
                        into: projected
                    )
                }
            }
        }
    }
}

public import Vectors

/// Principal component analysis: the directions in which vectors differ most, and the vectors along these (Pearson 1901,
/// doi:10.1080/14786440109462720). scikit-learn: `PCA`.
///
/// Computed exactly, in double precision, from the eigenvectors of the covariance, or of the products of rows where there
/// are fewer of these than dimensions. The builder ``IndexDescription/pca(to:then:)`` puts Faiss's own in front of an
/// index; this type is for everything else: pictures, noise, shorter vectors in a file.
///
/// Complexity: O(count · dimension² + m³) time, O(m²) memory beside the points, where m is the smaller of count and
/// dimension.
public struct PCA: Sendable, Hashable {
    /// How many directions are kept, from 1 to the smaller of the number of points and their dimension. scikit-learn:
    /// `n_components`.
    public var components: Int
    /// How many threads transforming may use; fitting uses one.
    public var threads: ThreadLimit

    /// Makes a configuration.
    public init(components: Int, threads: ThreadLimit = .automatic) {
        self.components = components
        self.threads = threads
    }

    /// Finds the directions.
    ///
    /// - Parameters:
    ///   - points: two at least, all finite; either their number or their dimension is 4,096 at most.
    ///   - progress: called after every block of points, and before the eigenvectors are looked for, which can't be
    ///     interrupted.
    /// - Throws: ``FaissError`` with code `invalidArgument`, `tooFewTrainingVectors`, `notFinite`, `tooLarge`,
    ///   `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> PCAModel {
        try fit(points, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// As `fit(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> PCAModel {
        try await runBlocking { cancellation throws(FaissError) in
            try fit(points, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    func fit(_ points: VectorMatrix, watch: Watch) throws(FaissError) -> PCAModel {
        guard points.count >= 2 else {
            throw FaissError(.tooFewTrainingVectors, "\(points.count) points are fewer than the 2 that can differ")
        }
        let smaller = min(points.count, points.dimension)
        try checkRange(components, 1...smaller, "number of components")
        guard smaller <= IndexDescription.maximumTransformDimension else {
            throw FaissError(
                .tooLarge,
                "\(points) vectors need the eigenvectors of a matrix of \(smaller) rows, more than "
                    + "\(IndexDescription.maximumTransformDimension)"
            )
        }
        _ = try preparedPoints(points, areNormalized: false)
        let found = try points.withUnsafeBufferPointer { values throws(FaissError) in
            try nativePrincipalComponents(of: values, dimension: points.dimension, count: components, watch: watch)
        }
        let matrix = try withFaissError {
            try VectorMatrix(found.components.map { Float($0) }, dimension: points.dimension)
        }
        return PCAModel(
            mean: found.mean,
            components: matrix,
            explainedVariance: found.variances,
            explainedVarianceRatio: found.variances.map { found.total > 0 ? $0 / found.total : 0 },
            threads: threads
        )
    }
}

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

    fileprivate init(
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
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `tooLarge`.
    public func transform(_ points: VectorMatrix) throws(FaissError) -> VectorMatrix {
        try project(points, minus: mean, times: components, plus: nil)
    }

    /// As `transform(_:)`, on a thread outside the cooperative pool.
    public func transform(_ points: VectorMatrix) async throws(FaissError) -> VectorMatrix {
        try await runBlocking { _ throws(FaissError) in try transform(points) }
    }

    /// The vectors that `transform(_:)` makes these of, as far as the directions hold them: rows × dimension.
    ///
    /// - Throws: ``FaissError`` with code `dimensionMismatch`, `notFinite`, `tooLarge`.
    public func inverseTransform(_ projected: VectorMatrix) throws(FaissError) -> VectorMatrix {
        let (count, dimension) = (components.count, components.dimension)
        let transposed = try withFaissError {
            try VectorMatrix(
                (0..<count * dimension).map { components.values[$0 % count * dimension + $0 / count] },
                dimension: count
            )
        }
        return try project(projected, minus: nil, times: transposed, plus: mean)
    }

    /// As `inverseTransform(_:)`, on a thread outside the cooperative pool.
    public func inverseTransform(_ projected: VectorMatrix) async throws(FaissError) -> VectorMatrix {
        try await runBlocking { _ throws(FaissError) in try inverseTransform(projected) }
    }

    private func project(
        _ points: VectorMatrix,
        minus mean: [Double]?,
        times matrix: VectorMatrix,
        plus otherMean: [Double]?
    ) throws(FaissError) -> VectorMatrix {
        guard points.dimension == matrix.dimension else {
            throw FaissError(
                .dimensionMismatch,
                "vectors of dimension \(points.dimension) don't fit a projection from \(matrix.dimension)"
            )
        }
        _ = try preparedPoints(points, areNormalized: false)
        return try withFaissError {
            try VectorMatrix(count: points.count, dimension: matrix.count) { projected in
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
}

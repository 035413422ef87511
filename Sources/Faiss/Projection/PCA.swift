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
    /// - Throws: `VectorError` with code `invalidArgument`, `tooFewTrainingVectors`, `notFinite`, `tooLarge`,
    ///   `cancelled`.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> PCAModel {
        try fit(points, watch: Watch(progress))
    }

    /// As `fit(_:progress:)`, on a thread outside the cooperative pool; stops when the task is cancelled.
    public func fit(
        _ points: VectorMatrix,
        progress: OperationProgress.Handler? = nil
    ) async throws(VectorError) -> PCAModel {
        try await runWatched(progress) { watch throws(VectorError) in
            try fit(points, watch: watch)
        }
    }

    func fit(_ points: VectorMatrix, watch: Watch) throws(VectorError) -> PCAModel {
        guard points.count >= 2 else {
            throw VectorError(.tooFewTrainingVectors, "\(points.count) points are fewer than the 2 that can differ")
        }
        let smaller = min(points.count, points.dimension)
        try checkRange(components, 1...smaller, "number of components")
        guard smaller <= IndexDescription.maximumTransformDimension else {
            throw VectorError(
                .tooLarge,
                "\(points) vectors need the eigenvectors of a matrix of \(smaller) rows, more than "
                    + "\(IndexDescription.maximumTransformDimension)"
            )
        }
        _ = try preparedPoints(points, areNormalized: false)
        let found = try points.withUnsafeBufferPointer { values throws(VectorError) in
            try nativePrincipalComponents(of: values, dimension: points.dimension, count: components, watch: watch)
        }
        return PCAModel(
            mean: found.mean,
            components: try VectorMatrix(found.components.map { Float($0) }, dimension: points.dimension),
            explainedVariance: found.variances,
            explainedVarianceRatio: found.variances.map { found.total > 0 ? $0 / found.total : 0 },
            threads: threads
        )
    }
}

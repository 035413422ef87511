import CFaiss
import FaissC
import Vectors

/// k-means in the C++ core. `points` are rows of `dimension` floats.
///
/// Returns the centroids and the objective before each iteration's update.
func nativeKMeans(
    _ points: UnsafeBufferPointer<Float>,
    dimension: Int,
    weights: [Float]?,
    initial: VectorMatrix?,
    configuration: KMeans,
    watch: borrowing Watch
) throws(VectorError) -> (centroids: [Float], objective: [Double]) {
    var parameters = FaissKMeansParameters()
    parameters.d = dimension
    parameters.k = configuration.clusters
    parameters.niter = Int32(configuration.iterations)
    parameters.nredo = Int32(configuration.restarts)
    parameters.spherical = configuration.spherical ? 1 : 0
    parameters.is_plus_plus = configuration.start == .plusPlus ? 1 : 0
    parameters.max_points_per_centroid = configuration.maximumPointsPerCluster ?? Int(Int32.max)
    parameters.seed = configuration.seed
    var centroids = [Float](repeating: 0, count: configuration.clusters * dimension)
    var objective = [Double](repeating: 0, count: configuration.iterations)
    var iterations = 0
    try watch.run(threads: configuration.threads) { work in
        withPointer(to: weights) { weights in
            withPointer(to: initial) { initial in
                parameters.weights = weights
                parameters.initial = initial
                return faiss_kmeans_with(
                    points.count / dimension,
                    points.baseAddress,
                    &parameters,
                    &work,
                    &centroids,
                    &objective,
                    &iterations
                )
            }
        }
    }
    objective.removeSubrange(iterations...)
    return (centroids, objective)
}

/// The address of what may not be there.
private func withPointer(to values: [Float]?, _ body: (UnsafePointer<Float>?) -> Int32) -> Int32 {
    guard let values else { return body(nil) }
    return values.withUnsafeBufferPointer { body($0.baseAddress) }
}

private func withPointer(to matrix: VectorMatrix?, _ body: (UnsafePointer<Float>?) -> Int32) -> Int32 {
    guard let matrix else { return body(nil) }
    return matrix.withUnsafeBufferPointer { body($0.baseAddress) }
}

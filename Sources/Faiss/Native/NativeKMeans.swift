import CFaiss
import FaissC

/// k-means in the C++ core. `points` are rows of `dimension` floats.
///
/// Returns the centroids and the objective before each iteration's update.
func nativeKMeans(
    _ points: UnsafeBufferPointer<Float>,
    dimension: Int,
    configuration: KMeans,
    watch: borrowing Watch
) throws(FaissError) -> (centroids: [Float], objective: [Double]) {
    var parameters = FaissClusteringParameters()
    parameters.niter = Int32(configuration.iterations)
    parameters.nredo = Int32(configuration.restarts)
    parameters.spherical = configuration.spherical ? 1 : 0
    parameters.max_points_per_centroid = Int32(configuration.maximumPointsPerCluster ?? Int(Int32.max))
    parameters.seed = configuration.seed
    var centroids = [Float](repeating: 0, count: configuration.clusters * dimension)
    var objective = [Double](repeating: 0, count: configuration.iterations)
    var iterations = 0
    try watch.run(threads: configuration.threads) { work in
        faiss_kmeans_clustering_with(
            dimension,
            points.count / dimension,
            configuration.clusters,
            points.baseAddress,
            &parameters,
            &work,
            &centroids,
            &objective,
            &iterations
        )
    }
    objective.removeSubrange(iterations...)
    return (centroids, objective)
}

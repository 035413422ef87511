/// What ``DBSCAN`` found.
public struct DBSCANModel: Sendable, Hashable {
    /// The cluster of each point, nil for noise (scikit-learn: −1). Clusters are numbered from 0 by the lowest row among
    /// their core points.
    public let labels: [Int?]
    /// The rows of the core points, ascending. scikit-learn: `core_sample_indices_`.
    public let corePoints: [Int]
    /// The number of clusters.
    public let clusterCount: Int

    /// The number of points in no cluster.
    public var noiseCount: Int { labels.reduce(0) { $1 == nil ? $0 + 1 : $0 } }
}

public import Vectors

/// k-means in plain Swift (Lloyd 1982, doi:10.1109/TIT.1982.1056489): what `KMeans` must not be worse than. One thread.
public struct Lloyd: Sendable {
    /// The centres, clusters × dimension.
    public private(set) var centroids: VectorMatrix
    /// The cluster of each point.
    public private(set) var labels: [Int] = []
    /// The sum of squared distances of the points to their centres.
    public private(set) var inertia = 0.0

    /// Clusters the points, the best of `restarts` runs that each start from random points.
    public init(
        _ points: VectorMatrix,
        clusters: Int,
        iterations: Int,
        restarts: Int = 1,
        seed: UInt64
    ) throws(VectorError) {
        var random = SplitMix64(seed: seed)
        var best = try Self(points, clusters: clusters, iterations: iterations, using: &random)
        for _ in 1..<max(restarts, 1) {
            let run = try Self(points, clusters: clusters, iterations: iterations, using: &random)
            if run.inertia < best.inertia { best = run }
        }
        self = best
    }

    private init(_ points: VectorMatrix, clusters: Int, iterations: Int, using random: inout SplitMix64)
        throws(VectorError)
    {
        centroids = points.gathering((0..<points.count).shuffled(using: &random).prefix(clusters))
        for _ in 0..<iterations {
            let distances = assign(points)
            try moveCentroids(points, distances)
        }
        _ = assign(points)
    }

    /// Gives every point to its nearest centre; returns the squared distances.
    private mutating func assign(_ points: VectorMatrix) -> [Float] {
        let dimension = points.dimension
        var distances: [Float] = []
        distances.reserveCapacity(points.count)
        labels.removeAll(keepingCapacity: true)
        points.withUnsafeBufferPointer { points in
            centroids.withUnsafeBufferPointer { centroids in
                for point in stride(from: 0, to: points.count, by: dimension) {
                    var nearest = 0
                    var shortest = Float.infinity
                    for centroid in stride(from: 0, to: centroids.count, by: dimension) {
                        var sum: Float = 0
                        for column in 0..<dimension {
                            let difference = points[point + column] - centroids[centroid + column]
                            sum += difference * difference
                        }
                        if sum < shortest {
                            shortest = sum
                            nearest = centroid / dimension
                        }
                    }
                    labels.append(nearest)
                    distances.append(shortest)
                }
            }
        }
        inertia = distances.reduce(0) { $0 + Double($1) }
        return distances
    }

    /// Puts every centre in the middle of its points, and one without points on the point that is farthest from its
    /// own centre.
    private mutating func moveCentroids(_ points: VectorMatrix, _ distances: [Float]) throws(VectorError) {
        let dimension = points.dimension
        var sums = [Double](repeating: 0, count: centroids.values.count)
        var sizes = [Int](repeating: 0, count: centroids.count)
        for (point, label) in labels.enumerated() {
            sizes[label] += 1
            for (column, value) in points[point].enumerated() { sums[label * dimension + column] += Double(value) }
        }
        var farthest = sizes.contains(0) ? distances.indices.sorted { distances[$0] < distances[$1] } : []
        var rows: [[Float]] = []
        for (cluster, size) in sizes.enumerated() {
            if size == 0 {
                rows.append(Array(points[farthest.removeLast()]))
            } else {
                rows.append((0..<dimension).map { Float(sums[cluster * dimension + $0] / Double(size)) })
            }
        }
        centroids = try VectorMatrix(rows: rows)
    }
}

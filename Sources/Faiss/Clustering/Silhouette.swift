import Synchronization
import Vectors

/// Mean distances between points and clusters.
struct Silhouette {
    /// The points, cluster after cluster, so that distances to a cluster are contiguous.
    private let points: VectorMatrix
    /// Where each cluster ends among them.
    private let ends: [Int]
    /// The places of the points that are looked at, ascending.
    private let places: [Int]
    private let isCosine: Bool

    /// - Parameter labels: numbers from 0, each of which occurs.
    init(_ labels: [Int], _ points: VectorMatrix, metric: Metric, sample: Int?, seed: UInt64) throws(VectorError) {
        try checkKernelLevel()  // The distances' kernel itself can't refuse.
        guard metric != .innerProduct else {
            throw VectorError(.invalidArgument, "the inner product is no distance; take squared L2 or cosine")
        }
        guard labels.count == points.count else {
            throw VectorError(.invalidArgument, "\(labels.count) labels don't fit \(points.count) points")
        }
        if let sample, sample < 1 { throw VectorError(.invalidArgument, "the sample \(sample) is less than 1") }
        let clusters = (labels.max() ?? -1) + 1
        guard clusters >= 2, clusters < points.count else {
            throw VectorError(
                .invalidArgument,
                "\(points.count) points in \(clusters) clusters have no silhouette: it takes 2 to count − 1 clusters"
            )
        }
        isCosine = metric == .cosine
        var ends = [Int](repeating: 0, count: clusters)
        for label in labels { ends[label] += 1 }
        for cluster in 1..<clusters { ends[cluster] += ends[cluster - 1] }
        self.ends = ends
        // By counting from the clusters' starts.
        var next = [0] + ends.dropLast()
        var order = [Int](repeating: 0, count: labels.count)
        for (row, label) in labels.enumerated() {
            order[next[label]] = row
            next[label] += 1
        }
        self.points = try preparedPoints(points, areNormalized: isCosine).gathering(order)
        guard let sample, sample < points.count else {
            places = Array(0..<points.count)
            return
        }
        var random = SeededGenerator(seed: seed)
        // Each place is taken with the chance that the rest of the sample has among the rest of the places.
        var wanted = sample
        places = (0..<points.count).filter { place in
            let isTaken = Int.random(in: 0..<points.count - place, using: &random) < wanted
            if isTaken { wanted -= 1 }
            return isTaken
        }
    }

    func mean(threads: ThreadLimit, watch: Watch) throws(VectorError) -> Double {
        // Summed in the order of the blocks, not in that of their ends: threads don't change the result.
        let blocks = Blocks(places.count, size: 64, threads: threads)
        let scores = Mutex([Double](repeating: 0, count: places.count))
        try blocks.run(watch: watch) { _, range throws(VectorError) in
            var sums = [Double](repeating: 0, count: ends.count)
            let block = places[range].map { place in
                sumDistances(of: place, into: &sums)
                return score(of: place, sums)
            }
            scores.withLock { $0.replaceSubrange(range, with: block) }
        }
        return scores.withLock { $0.reduce(0, +) } / Double(places.count)
    }

    private func score(of place: Int, _ sums: [Double]) -> Double {
        let own = ends.firstIndex { place < $0 } ?? 0
        var inside = 0.0
        var outside = Double.infinity
        var start = 0
        for (cluster, end) in ends.enumerated() {
            let count = end - start
            start = end
            if cluster == own {
                if count == 1 { return 0 }
                inside = sums[cluster] / Double(count - 1)
            } else {
                outside = min(outside, sums[cluster] / Double(count))
            }
        }
        let larger = max(inside, outside)
        return larger == 0 ? 0 : (outside - inside) / larger
    }

    /// The sum of distances from a point to each cluster's.
    private func sumDistances(of place: Int, into sums: inout [Double]) {
        let dimension = points.dimension
        points.withUnsafeBufferPointer { values in
            let query = UnsafeBufferPointer(rebasing: values[place * dimension..<(place + 1) * dimension])
            withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { squared in
                var start = 0
                for (cluster, end) in ends.enumerated() {
                    sums[cluster] = 0
                    while start < end {
                        let count = min(Self.chunk, end - start)
                        let run = values[start * dimension..<(start + count) * dimension]
                        let part = UnsafeMutableBufferPointer(rebasing: squared[..<count])
                        nativeSquaredDistances(of: query, to: UnsafeBufferPointer(rebasing: run), into: part)
                        sums[cluster] += sum(part)
                        start += count
                    }
                }
            }
        }
    }

    /// The distances that squared ones stand for, added up eight at a time.
    private func sum(_ squared: UnsafeMutableBufferPointer<Float>) -> Double {
        var lanes = SIMD8<Double>()
        var place = 0
        while place + 8 <= squared.count {
            var part = SIMD8<Float>()
            for lane in 0..<8 { part[lane] = squared[place + lane] }
            lanes += SIMD8<Double>(isCosine ? part / 2 : part.squareRoot())
            place += 8
        }
        var sum = lanes.sum()
        for value in squared[place...] { sum += Double(isCosine ? value / 2 : value.squareRoot()) }
        return sum
    }

    /// Rows whose distances are held at a time.
    private static let chunk = 256
}

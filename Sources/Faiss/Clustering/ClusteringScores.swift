import Synchronization
public import Vectors

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// How good a clustering is: by itself (`silhouette(of:points:metric:sample:seed:threads:progress:)`),
/// or held against known classes (the others).
///
/// Labels may be numbers, words, or what ``DBSCANModel/labels`` has: nil is then a cluster like any other, as −1 is to
/// scikit-learn. Leave noise out before if it is not to count.
public enum ClusteringScores {
    // MARK: Against known classes

    /// The share of points that belong to the commonest class of their cluster, from 0 to 1, larger is better (Manning,
    /// Raghavan, Schütze 2008, doi:10.1017/CBO9780511809071, chapter 16). One cluster a point has 1, too: compare
    /// clusterings with as many clusters.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point.
    ///   - classes: the class of each point.
    /// - Throws: ``FaissError/Code/invalidArgument`` if there are no labels, or not as many of both.
    public static func purity<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(FaissError) -> Double {
        let table = try Contingency(labels, classes)
        var largest = [Int](repeating: 0, count: table.labels.count)
        for (cell, count) in table.cells { largest[cell.label] = max(largest[cell.label], count) }
        return Double(largest.reduce(0, +)) / Double(table.total)
    }

    /// How much clusters and classes tell of each other, from 0 to 1, larger is better: their mutual information over the
    /// arithmetic mean of their entropies (Strehl, Ghosh 2002, https://www.jmlr.org/papers/v3/strehl02a.html, with
    /// another mean). It does not depend on how either is named, nor on which is which. 1 if both are one cluster.
    /// scikit-learn: `normalized_mutual_info_score` with its default.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point.
    ///   - classes: the class of each point.
    /// - Throws: ``FaissError/Code/invalidArgument`` if there are no labels, or not as many of both.
    public static func normalizedMutualInformation<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(FaissError) -> Double {
        let table = try Contingency(labels, classes)
        if table.labels.count == 1, table.classes.count == 1 { return 1 }
        let total = Double(table.total)
        var information = 0.0
        for (cell, count) in table.cells {
            let expected = Double(table.labels[cell.label]) * Double(table.classes[cell.class])
            information += Double(count) / total * log(Double(count) * total / expected)
        }
        func entropy(_ counts: [Int]) -> Double {
            counts.reduce(0) { $0 - Double($1) / total * log(Double($1) / total) }
        }
        // Independent ones have nothing in common but rounding.
        guard information > .ulpOfOne else { return 0 }
        return min(information / ((entropy(table.labels) + entropy(table.classes)) / 2), 1)
    }

    /// How many pairs of points clusters and classes treat alike, above what chance would: 1 for the same partition,
    /// about 0 for random labels, −0.5 at least (Hubert, Arabie 1985, doi:10.1007/BF01908075). scikit-learn:
    /// `adjusted_rand_score`.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point.
    ///   - classes: the class of each point.
    /// - Throws: ``FaissError/Code/invalidArgument`` if there are no labels, or not as many of both.
    public static func adjustedRandIndex<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(FaissError) -> Double {
        let table = try Contingency(labels, classes)
        func pairs(_ counts: some Sequence<Int>) -> Double { counts.reduce(0) { $0 + Double($1) * Double($1 - 1) / 2 } }
        // Pairs together in both, in the labels alone, in the classes alone, in neither.
        let both = pairs(table.cells.values)
        let first = pairs(table.labels) - both
        let second = pairs(table.classes) - both
        let neither = pairs(CollectionOfOne(table.total)) - both - first - second
        if first == 0, second == 0 { return 1 }
        return 2 * (both * neither - first * second)
            / ((both + second) * (second + neither) + (both + first) * (first + neither))
    }

    // MARK: By itself

    /// How much nearer points are to their own cluster than to the next one, from −1 to 1, larger is better (Rousseeuw
    /// 1987, doi:10.1016/0377-0427(87)90125-7): the mean over points of (b − a) / max(a, b), where a is the mean distance
    /// to the others of the cluster and b the least mean distance to another cluster's points; 0 for a cluster's only
    /// point. Distances are Euclidean, or 1 − cosine. scikit-learn: `silhouette_score`.
    ///
    /// Complexity: O(count² · dimension) time, or O(sample · count · dimension); O(count · dimension) memory.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point; from 2 clusters up to one fewer than points.
    ///   - points: the points, all finite; for cosine none all zeros.
    ///   - metric: `Metric.squaredL2`, which is taken to mean the distance, not its square, or
    ///     `Metric.cosine`; the inner product is no distance and is refused.
    ///   - sample: where given, the mean over so many points only, drawn at random, each held against all points. (Where
    ///     scikit-learn samples, it leaves out the other points.) More than there are mean all.
    ///   - seed: the seed of the sample.
    ///   - threads: how many threads may be used. The result does not depend on it.
    ///   - progress: called after every block of points.
    /// - Throws: ``FaissError`` with code `invalidArgument`, `notFinite`, `cancelled`.
    public static func silhouette<Label: Hashable>(
        of labels: [Label],
        points: VectorMatrix,
        metric: Metric = .squaredL2,
        sample: Int? = nil,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(FaissError) -> Double {
        try Silhouette(numbered(labels), points, metric: metric, sample: sample, seed: seed)
            .mean(threads: threads, watch: Watch(cancellation: Cancellation(), progress: progress))
    }

    /// As `silhouette(of:points:metric:sample:seed:threads:progress:)`, on a thread outside the
    /// cooperative pool; stops when the task is cancelled.
    public static func silhouette<Label: Hashable>(
        of labels: [Label],
        points: VectorMatrix,
        metric: Metric = .squaredL2,
        sample: Int? = nil,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> Double {
        let numbers = numbered(labels)
        return try await runBlocking { cancellation throws(FaissError) in
            try Silhouette(numbers, points, metric: metric, sample: sample, seed: seed)
                .mean(threads: threads, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }
}

/// How often each cluster meets each class.
private struct Contingency {
    struct Cell: Hashable {
        var label: Int
        var `class`: Int
    }

    /// The counts of all pairs that occur, of each cluster and of each class.
    private(set) var cells: [Cell: Int] = [:]
    private(set) var labels: [Int] = []
    private(set) var classes: [Int] = []
    let total: Int

    init<Label: Hashable, Class: Hashable>(_ labels: [Label], _ classes: [Class]) throws(FaissError) {
        guard labels.count == classes.count else {
            throw FaissError(.invalidArgument, "\(labels.count) labels don't fit \(classes.count) classes")
        }
        guard !labels.isEmpty else { throw FaissError(.invalidArgument, "there are no labels to score") }
        total = labels.count
        for (label, `class`) in zip(numbered(labels), numbered(classes)) {
            // Numbers come in order, so a new one is the next place.
            if label == self.labels.count { self.labels.append(0) }
            if `class` == self.classes.count { self.classes.append(0) }
            self.labels[label] += 1
            self.classes[`class`] += 1
            cells[Cell(label: label, class: `class`), default: 0] += 1
        }
    }
}

/// Mean distances between points and clusters.
private struct Silhouette {
    /// The points, cluster after cluster, so that distances to a cluster lie side by side.
    private let points: VectorMatrix
    /// Where each cluster ends among them.
    private let ends: [Int]
    /// The places of the points that are looked at, ascending.
    private let places: [Int]
    private let isCosine: Bool

    /// - Parameter labels: numbers from 0, each of which occurs.
    init(_ labels: [Int], _ points: VectorMatrix, metric: Metric, sample: Int?, seed: UInt64) throws(FaissError) {
        do { try checkKernelLevel() } catch { throw FaissError(error) }  // The distances' kernel itself can't refuse.
        guard metric != .innerProduct else {
            throw FaissError(.invalidArgument, "the inner product is no distance; take squared L2 or cosine")
        }
        guard labels.count == points.count else {
            throw FaissError(.invalidArgument, "\(labels.count) labels don't fit \(points.count) points")
        }
        if let sample, sample < 1 { throw FaissError(.invalidArgument, "the sample \(sample) is less than 1") }
        let clusters = (labels.max() ?? -1) + 1
        guard clusters >= 2, clusters < points.count else {
            throw FaissError(
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

    func mean(threads: ThreadLimit, watch: Watch) throws(FaissError) -> Double {
        // Summed in the order of the blocks, not in that of their ends: threads don't change the result.
        let blocks = Blocks(places.count, size: 64, threads: threads)
        let scores = Mutex([Double](repeating: 0, count: places.count))
        try blocks.run(watch: watch) { _, range throws(FaissError) in
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

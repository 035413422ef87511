import Foundation
public import Vectors

/// How good a clustering is: by itself (`silhouette(of:points:metric:sample:seed:threads:progress:)`),
/// or held against known classes (the others).
///
/// Labels may be numbers, words, or what ``DBSCANModel/labels`` has: nil is then a cluster like any other, as −1 is to
/// scikit-learn. Remove noise first if it should not count.
public enum ClusteringScores {
    // MARK: Against known classes

    /// The share of points that belong to the commonest class of their cluster, from 0 to 1, larger is better (Manning,
    /// Raghavan, Schütze 2008, doi:10.1017/CBO9780511809071, chapter 16). One cluster a point has 1, too: compare
    /// clusterings with as many clusters.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point.
    ///   - classes: the class of each point.
    /// - Throws: `invalidArgument` if there are no labels, or not as many of both.
    public static func purity<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(VectorError) -> Double {
        let table = try Contingency(labels, classes)
        var largest = [Int](repeating: 0, count: table.labels.count)
        for (cell, count) in table.cells { largest[cell.label] = max(largest[cell.label], count) }
        return Double(largest.reduce(0, +)) / Double(table.total)
    }

    /// How much clusters and classes have in common, from 0 to 1, larger is better: their mutual information over the
    /// arithmetic mean of their entropies (Strehl, Ghosh 2002, https://www.jmlr.org/papers/v3/strehl02a.html, with
    /// another mean). It does not depend on how either is named, nor on which is which. 1 if both are one cluster.
    /// scikit-learn: `normalized_mutual_info_score` with its default.
    ///
    /// - Parameters:
    ///   - labels: the cluster of each point.
    ///   - classes: the class of each point.
    /// - Throws: `invalidArgument` if there are no labels, or not as many of both.
    public static func normalizedMutualInformation<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(VectorError) -> Double {
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
    /// - Throws: `invalidArgument` if there are no labels, or not as many of both.
    public static func adjustedRandIndex<Label: Hashable, Class: Hashable>(
        of labels: [Label],
        classes: [Class]
    ) throws(VectorError) -> Double {
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
    /// - Throws: `VectorError` with code `invalidArgument`, `notFinite`, `cancelled`.
    public static func silhouette<Label: Hashable>(
        of labels: [Label],
        points: VectorMatrix,
        metric: Metric = .squaredL2,
        sample: Int? = nil,
        seed: UInt64 = 1234,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) throws(VectorError) -> Double {
        try Silhouette(numbered(labels), points, metric: metric, sample: sample, seed: seed)
            .mean(threads: threads, watch: Watch(progress))
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
    ) async throws(VectorError) -> Double {
        let numbers = numbered(labels)
        return try await runWatched(progress) { watch throws(VectorError) in
            try Silhouette(numbers, points, metric: metric, sample: sample, seed: seed)
                .mean(threads: threads, watch: watch)
        }
    }
}

import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Clustering scores")
struct ClusteringScoresTests {
    private let labels = [0, 0, 1, 1, 2, 2, 2, 0, 1, 2, 0, 0, 1]
    private let classes = ["a", "a", "a", "b", "b", "c", "c", "c", "b", "b", "a", "d", "d"]

    @Test("Values are scikit-learn's")
    func scikitLearn() throws {
        let information = try ClusteringScores.normalizedMutualInformation(of: labels, classes: classes)
        #expect(abs(information - 0.3706281118826038) < 1e-12)
        #expect(
            try abs(ClusteringScores.adjustedRandIndex(of: labels, classes: classes) - 0.10265486725663717) < 1e-12
        )
        #expect(try ClusteringScores.purity(of: labels, classes: classes) == Double(3 + 2 + 2) / 13)
        // The same whichever is which, whatever the names.
        #expect(
            try abs(ClusteringScores.normalizedMutualInformation(of: classes, classes: labels) - information) < 1e-12
        )
        let renamed = labels.map { $0 == 0 ? nil : 10 - $0 }
        #expect(
            try abs(ClusteringScores.normalizedMutualInformation(of: renamed, classes: classes) - information) < 1e-12
        )
    }

    @Test("Equal, independent and trivial partitions score as in scikit-learn")
    func limits() throws {
        func scores(_ labels: [Int], _ classes: [Int]) throws -> [Double] {
            [
                try ClusteringScores.normalizedMutualInformation(of: labels, classes: classes),
                try ClusteringScores.adjustedRandIndex(of: labels, classes: classes),
            ]
        }
        #expect(try scores([0, 0, 1, 1], [5, 5, 3, 3]) == [1, 1])
        #expect(try scores([0, 1, 0, 1], [0, 0, 1, 1]) == [0, -0.5])
        #expect(try scores([1, 1, 1], [2, 2, 2]) == [1, 1])
        #expect(try scores([5, 5, 5], [0, 1, 2]) == [0, 0])
        #expect(try scores([2, 1, 0], [0, 1, 2]) == [1, 1])
        #expect(try scores([7], [8]) == [1, 1])
    }

    private static let points = Result {
        try VectorMatrix(
            [
                4, 7, 10, 1, 7, 5, 0, 4, 7, 5, 8, 5, 10, 7, 11, 0, 6, 6, 6, 1, 2, 3, 8, 3, 3, 1, 11, 10, 6, 8, 1, 4, 7,
                2, 0, 3, 9, 0, 12, 9, 2, 11, 8, 7, 5, 2, 5, 1, 11, 3, 10, 6, 5, 11, 6, 8, 5, 1, 1, 3, 1, 5, 10, 5, 3, 8,
                7, 10, 6, 2, 7, 11, 11, 8, 2, 11, 4, 3, 9, 0,
            ],
            dimension: 2
        )
    }

    @Test("The silhouette is scikit-learn's, by distance and by cosine")
    func silhouette() throws {
        let points = try Self.points.get()
        // The last point is alone in its cluster.
        let labels = (0..<40).map { row in
            let (x, y) = (points.values[2 * row], points.values[2 * row + 1])
            return row == 39 ? "alone" : x + y < 10 ? "near" : x > y ? "right" : "left"
        }
        #expect(try abs(ClusteringScores.silhouette(of: labels, points: points) - 0.2161059934922241) < 1e-6)
        let moved = try VectorMatrix(points.values.map { $0 + 1 }, dimension: 2)
        let byCosine = try ClusteringScores.silhouette(of: labels, points: moved, metric: .cosine)
        #expect(abs(byCosine - -0.02362114274601289) < 1e-6)
        let mixed = try ClusteringScores.silhouette(of: (0..<40).map { $0 % 3 }, points: points)
        #expect(abs(mixed - -0.05831076198583587) < 1e-6)
    }

    /// Rousseeuw's formula, pair by pair.
    private func plainSilhouette(_ labels: [Int], _ points: VectorMatrix) -> Double {
        let rows = (0..<points.count).map { points[$0].map(Double.init) }
        let clusters = Set(labels)
        let scores = rows.indices.map { row in
            var means: [Int: Double] = [:]
            for cluster in clusters {
                let others = rows.indices.filter { labels[$0] == cluster && $0 != row }
                if others.isEmpty { continue }
                let sum = others.reduce(0) { sum, other in
                    sum + zip(rows[row], rows[other]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                }
                means[cluster] = sum / Double(others.count)
            }
            guard let own = means.removeValue(forKey: labels[row]), let next = means.values.min() else { return 0.0 }
            return (next - own) / max(next, own)
        }
        return scores.reduce(0, +) / Double(scores.count)
    }

    @Test(
        "The silhouette is the formula's, with any threads; a sample comes near",
        arguments: 1...3 as ClosedRange<UInt64>
    )
    func formula(seed: UInt64) async throws {
        let points = try TestVectors.gaussianMixture(700, dimension: 9, clouds: 6, spread: 0.4, seed: seed)
        let labels = (0..<700).map { $0 % 6 == 5 ? 4 : $0 % 6 }
        let expected = plainSilhouette(labels, points)
        let blocking = { try ClusteringScores.silhouette(of: labels, points: points, threads: 1) }
        let exact = try blocking()
        #expect(abs(exact - expected) < 1e-5)
        #expect(try await ClusteringScores.silhouette(of: labels, points: points, threads: 3) == exact)
        #expect(try await ClusteringScores.silhouette(of: labels, points: points, sample: 10_000) == exact)
        let sampled = try await ClusteringScores.silhouette(of: labels, points: points, sample: 300, seed: seed)
        #expect(abs(sampled - exact) < 0.05 && sampled != exact)
        #expect(try await ClusteringScores.silhouette(of: labels, points: points, sample: 300, seed: seed) == sampled)
    }

    @Test("What has no score is refused")
    func refused() throws {
        let points = try vectors(10)
        expectFailure(.invalidArgument, naming: "no labels") {
            try ClusteringScores.purity(of: [Int](), classes: [Int]())
        }
        expectFailure(.invalidArgument, naming: "2 labels", "3 classes") {
            try ClusteringScores.adjustedRandIndex(of: [1, 2], classes: [1, 2, 3])
        }
        for labels in [Array(0..<10), [Int](repeating: 3, count: 10)] {
            expectFailure(.invalidArgument, naming: "10 points", "\(Set(labels).count) clusters") {
                try ClusteringScores.silhouette(of: labels, points: points)
            }
        }
        let labels = (0..<10).map { $0 % 2 }
        expectFailure(.invalidArgument, naming: "9 labels") {
            try ClusteringScores.silhouette(of: Array(labels.dropLast()), points: points)
        }
        expectFailure(.invalidArgument, naming: "sample 0") {
            try ClusteringScores.silhouette(of: labels, points: points, sample: 0)
        }
        expectFailure(.invalidArgument, naming: "inner product") {
            try ClusteringScores.silhouette(of: labels, points: points, metric: .innerProduct)
        }
        expectFailure(.invalidArgument, naming: "0 points") {
            try ClusteringScores.silhouette(of: [Int](), points: VectorMatrix([], dimension: 2))
        }
    }
}

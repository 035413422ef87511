import Faiss
import TestSupport
import Testing
import Vectors

@Suite("k-means")
struct KMeansTests {
    @Test(
        "It is as tight as Lloyd's algorithm in plain Swift, within 1 %",
        arguments: [
            (clouds: 20, clusters: 20, spread: 0.4), (clouds: 50, clusters: 12, spread: 0.2),
            (clouds: 1, clusters: 30, spread: 1),
        ] as [(Int, Int, Float)]
    )
    func asTightAsLloyd(clouds: Int, clusters: Int, spread: Float) throws {
        var ours = 0.0
        var theirs = 0.0
        for seed in 1...5 as ClosedRange<UInt64> {
            let points = try TestVectors.gaussianMixture(
                2000,
                dimension: 16,
                clouds: clouds,
                spread: spread,
                seed: seed
            )
            ours += try KMeans(clusters: clusters, restarts: 4, seed: seed).fit(points).inertia
            theirs += try Lloyd(points, clusters: clusters, iterations: 25, restarts: 4, seed: seed).inertia
        }
        #expect(ours <= 1.01 * theirs)
        // Otherwise the yardstick itself would be broken.
        #expect(theirs <= 1.1 * ours)
    }

    @Test("Clouds far apart are found whole")
    func separatedClouds() throws {
        let points = try TestVectors.gaussianMixture(1000, dimension: 8, clouds: 5, spread: 0.01, seed: 3)
        let model = try KMeans(clusters: 5, restarts: 20).fit(points)
        for cloud in 0..<5 {
            #expect(Set(stride(from: cloud, to: 1000, by: 5).map { model.labels[$0] }).count == 1)
        }
        #expect(Set(model.labels).count == 5)
        #expect(model.inertia < 1000 * 8 * 0.01 * 0.01 * 1.1)
    }

    @Test("Labels and predictions are the nearest centroids, inertia is their distance", arguments: [false, true])
    func labelsAndInertia(spherical: Bool) throws {
        let points = try vectors(800)
        let model = try KMeans(clusters: 20, spherical: spherical).fit(points)
        let prepared = spherical ? points.normalized() : points
        let oracle = BruteForce(model.centroids, metric: .squaredL2)
        var inertia = 0.0
        for row in 0..<800 {
            let nearest = oracle.search(Array(prepared[row]), k: 1)[0]
            inertia += Double(nearest.distance)
            #expect(model.labels[row] == Int(nearest.id))
        }
        #expect(abs(model.inertia / inertia - 1) < 1e-4)
        #expect(try model.predict(points) == model.labels)
        let others = try vectors(100, seed: 7)
        let predicted = try model.predict(others)
        for row in 0..<100 {
            let query = Array((spherical ? others.normalized() : others)[row])
            #expect(predicted[row] == Int(oracle.search(query, k: 1)[0].id))
        }
        #expect(try model.predict(VectorMatrix([], dimension: dimension)).isEmpty)
    }

    @Test("Spherical centroids have length 1 and belong to directions")
    func spherical() throws {
        let directions = try TestVectors.gaussianMixture(600, dimension: 8, clouds: 3, spread: 0.02, seed: 11)
        var random = SplitMix64(seed: 1)
        // The same directions at lengths from 0.1 to 10, which plain k-means would go by.
        let values = (0..<600).flatMap { row in
            let length = Float.random(in: 0.1...10, using: &random)
            return directions[row].map { $0 * length }
        }
        let points = try VectorMatrix(values, dimension: 8)
        let model = try KMeans(clusters: 3, restarts: 10, spherical: true).fit(points)
        for cluster in 0..<3 {
            let length = model.centroids[cluster].reduce(0) { $0 + $1 * $1 }
            #expect(abs(length - 1) < 1e-5)
        }
        for cloud in 0..<3 {
            #expect(Set(stride(from: cloud, to: 600, by: 3).map { model.labels[$0] }).count == 1)
        }
        #expect(model.spherical)
    }

    @Test("The objective falls with every iteration, from seed to seed", arguments: 1...5 as ClosedRange<UInt64>)
    func objectiveFalls(seed: UInt64) throws {
        let model = try KMeans(clusters: 15, iterations: 20, seed: seed).fit(vectors(1000))
        // Fewer where no point changes its cluster any more.
        #expect((2...20).contains(model.objective.count))
        #expect(model.iterations == model.objective.count)
        for (before, after) in zip(model.objective, model.objective.dropFirst()) {
            #expect(after <= before * (1 + 1e-5))
        }
        let last = try #require(model.objective.last)
        #expect(model.inertia <= last * (1 + 1e-5))
    }

    @Test("The objective is that of the run that was kept", arguments: 1...6 as ClosedRange<UInt64>)
    func objectiveOfTheBestRun(seed: UInt64) throws {
        let points = try vectors(1000)
        // Far enough from the end that runs differ, and long enough that the last step moves little.
        let model = try KMeans(clusters: 25, iterations: 30, restarts: 8, seed: seed).fit(points)
        let last = try #require(model.objective.last)
        #expect((2...30).contains(model.objective.count))
        #expect(model.inertia <= last * (1 + 1e-5))
        #expect(last <= model.inertia * 1.002)
    }

    @Test("More restarts are never worse", arguments: 1...4 as ClosedRange<UInt64>)
    func restarts(seed: UInt64) throws {
        let points = try vectors(1000)
        let inertias = try [1, 3, 9].map { try KMeans(clusters: 25, restarts: $0, seed: seed).fit(points).inertia }
        #expect(inertias[1] <= inertias[0] * (1 + 1e-4))
        #expect(inertias[2] <= inertias[1] * (1 + 1e-4))
    }

    @Test("The same seed gives the same centroids, another one others")
    func seeds() throws {
        let points = try vectors(1000)
        let configuration = KMeans(clusters: 12, seed: 5, threads: 1)
        let once = try configuration.fit(points)
        let again = try configuration.fit(points)
        #expect(once.centroids == again.centroids)
        #expect(once.labels == again.labels && once.objective == again.objective)
        var other = configuration
        other.seed = .max
        #expect(try other.fit(points).centroids != once.centroids)
        other = configuration
        other.threads = 2
        #expect(try abs(other.fit(points).inertia / once.inertia - 1) < 0.01)
    }

    @Test("Too few points are a warning that says how many there should be")
    func warnings() throws {
        let points = try vectors(389)
        #expect(try KMeans(clusters: 10).fit(points).warnings == [.fewPoints(points: 389, recommended: 390)])
        #expect(try KMeans(clusters: 9).fit(points).warnings.isEmpty)
        let text = KMeans.Warning.fewPoints(points: 389, recommended: 390).description
        #expect(text.contains("389") && text.contains("390"))
    }

    @Test("As many clusters as points, one cluster, and points that are all the same")
    func extremes() throws {
        let points = try vectors(40)
        let each = try KMeans(clusters: 40).fit(points)
        #expect(Set(each.labels).count == 40)
        #expect(each.inertia < 1e-3)
        let one = try KMeans(clusters: 1).fit(points)
        #expect(one.labels == [Int](repeating: 0, count: 40))
        for column in 0..<dimension {
            let mean = (0..<40).reduce(Float(0)) { $0 + points.values[$1 * dimension + column] } / 40
            #expect(abs(one.centroids.values[column] - mean) < 1e-5)
        }
        let same = try VectorMatrix([Float](repeating: 3, count: 50 * 4), dimension: 4)
        let model = try KMeans(clusters: 7).fit(same)
        #expect(abs(model.inertia) < 1e-3)
        #expect(try KMeans(clusters: 49).fit(same).labels.count == 50)
    }

    @Test("A sample is enough for the iterations; labels cover all points")
    func sampling() throws {
        let points = try vectors(4000)
        let whole = try KMeans(clusters: 10).fit(points)
        let sampled = try KMeans(clusters: 10, maximumPointsPerCluster: 40).fit(points)
        #expect(sampled.labels.count == 4000)
        #expect(sampled.inertia > whole.inertia * 0.99 && sampled.inertia < whole.inertia * 1.5)
        // Summed over 400 points instead of 4,000.
        #expect(try #require(sampled.objective.last) < 0.2 * whole.inertia)
    }

    @Test("What can't be clustered is refused")
    func refused() throws {
        let points = try vectors(30)
        expectFailure(.tooFewTrainingVectors, naming: "30 points", "31 clusters") {
            try KMeans(clusters: 31).fit(points)
        }
        expectFailure(.tooFewTrainingVectors, naming: "0 points") {
            try KMeans(clusters: 1).fit(VectorMatrix([], dimension: 4))
        }
        for clusters in [0, -1, .min] {
            expectFailure(.invalidArgument, naming: "\(clusters)", "1...") {
                try KMeans(clusters: clusters).fit(points)
            }
        }
        expectFailure(.invalidArgument, naming: "\(Int.max)") { try KMeans(clusters: .max).fit(points) }
        for iterations in [0, -1, 10_001, .max] {
            expectFailure(.invalidArgument, naming: "iterations \(iterations)", "1...10000") {
                try KMeans(clusters: 3, iterations: iterations).fit(points)
            }
        }
        for restarts in [0, -5, 1001] {
            expectFailure(.invalidArgument, naming: "restarts \(restarts)", "1...1000") {
                try KMeans(clusters: 3, restarts: restarts).fit(points)
            }
        }
        expectFailure(.invalidArgument, naming: "points per cluster 0", "1...") {
            try KMeans(clusters: 3, maximumPointsPerCluster: 0).fit(points)
        }
        for bad in [Float.nan, .infinity, -.infinity, 1e30] {
            var values = points.values
            values[5 * dimension + 3] = bad
            let spoilt = try VectorMatrix(values, dimension: dimension)
            expectFailure(.notFinite, naming: "row 5, column 3") { try KMeans(clusters: 3).fit(spoilt) }
            let model = try KMeans(clusters: 3).fit(points)
            expectFailure(.notFinite, naming: "row 5, column 3") { try model.predict(spoilt) }
        }
        let zeros = try VectorMatrix([Float](repeating: 0, count: 30 * 4), dimension: 4)
        expectFailure(.invalidArgument, naming: "row 0", "zero") { try KMeans(clusters: 3, spherical: true).fit(zeros) }
        let model = try KMeans(clusters: 3).fit(points)
        expectFailure(.dimensionMismatch, naming: "4", "32") { try model.predict(zeros) }
    }
}

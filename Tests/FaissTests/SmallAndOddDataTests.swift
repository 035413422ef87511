import Faiss
import TestSupport
import Testing
import Vectors

/// Data that is not centred, large and without duplicates: places on the Earth, timestamps, few points, many equal ones.
@Suite("Data far from the origin, few vectors, equal vectors")
struct SmallAndOddDataTests {
    /// Rows of normal numbers around an offset, as single precision holds them.
    private func cloud(_ count: Int, around offset: [Double], deviation: Double, seed: UInt64) throws -> VectorMatrix {
        let numbers = try TestVectors.gaussianMixture(count, dimension: offset.count, clouds: 1, spread: 1, seed: seed)
        return try VectorMatrix(
            (0..<count).flatMap { row in zip(numbers[row], offset).map { Float(Double($0) * deviation + $1) } },
            dimension: offset.count
        )
    }

    /// The same points around their mean: what rounding takes away is nothing there.
    private func centered(_ points: VectorMatrix) throws -> VectorMatrix {
        let mean = (0..<points.dimension).map { column in
            (0..<points.count).reduce(0.0) { $0 + Double(Array(points[$1])[column]) } / Double(points.count)
        }
        return try VectorMatrix(
            (0..<points.count).flatMap { row in zip(points[row], mean).map { Float(Double($0) - $1) } },
            dimension: points.dimension
        )
    }

    // MARK: k-means

    @Test("k-means tells places apart that differ by a hundredth of a degree")
    func threePlaces() throws {
        let places = try VectorMatrix(
            (0..<9).flatMap { [52.50 + Float($0 % 3) / 100, 13.4] as [Float] },
            dimension: 2
        )
        for seed in 1...20 as ClosedRange<UInt64> {
            let model = try KMeans(clusters: 3, seed: seed).fit(places)
            #expect(model.inertia < 1e-9 && Set(model.labels).count == 3, "\(seed): \(model.inertia)")
        }
        let numbers = try VectorMatrix([10000, 10000.1, 10001, 10001.1], dimension: 1)
        for restarts in [1, 10] {
            let model = try KMeans(clusters: 2, restarts: restarts).fit(numbers)
            #expect(abs(model.inertia - 0.0099) < 0.0003, "\(model.inertia)")
        }
    }

    @Test("k-means is as good anywhere as around the origin", arguments: [1e2, 1e3, 1e4, 1e5, 1e6], [1, 2, 16, 64])
    func anyOffset(offset: Double, dimension: Int) throws {
        let points = try cloud(600, around: (0..<dimension).map { offset + Double($0) }, deviation: 1, seed: 7)
        let reference = try KMeans(clusters: 12, restarts: 3).fit(centered(points))
        let model = try KMeans(clusters: 12, restarts: 3).fit(points)
        #expect(model.inertia <= reference.inertia * 1.02 + 1e-9, "\(model.inertia), \(reference.inertia)")
        #expect(Set(model.labels).count == 12)
        // A centroid is rounded as the points are, and so may be what it is the mean of.
        #expect(try zip(model.predict(points), model.labels).allSatisfy { $0 == $1 })
    }

    @Test("Fewer distinct points than clusters are all found, with a warning")
    func fewDistinctPoints() throws {
        let distinct: [[Float]] = [
            [1, -4], [11, -4], [21, -4], [1, 3], [11, 3], [21, 3], [1, 10], [11, 10], [21, 10],
        ]
        let points = try VectorMatrix((0..<9000).flatMap { distinct[$0 % 9] }, dimension: 2)
        for start in [KMeans.Start.plusPlus, .randomPoints] {
            let model = try KMeans(clusters: 10, start: start).fit(points)
            #expect(model.inertia < 1e-6 && Set(model.labels).count == 9, "\(start): \(model.inertia)")
            #expect(model.warnings.contains(.emptyClusters(count: 1)))
        }
        let enough = try KMeans(clusters: 9).fit(points)
        #expect(enough.inertia < 1e-6 && !enough.warnings.contains { $0 == .emptyClusters(count: 0) })
    }

    @Test("A spherical centroid has length 1, also where its points cancel out")
    func opposites() throws {
        let model = try KMeans(clusters: 1, spherical: true).fit(VectorMatrix([1, 0, -1, 0], dimension: 2))
        #expect(abs(model.centroids[0].reduce(0) { $0 + $1 * $1 } - 1) < 1e-6)
    }

    @Test("A weight counts as so many points do, initial centroids are where it begins")
    func weights() throws {
        let points = try vectors(200)
        let weights = (0..<200).map { Float($0 % 4) }
        let repeated = try VectorMatrix(
            (0..<200).flatMap { row in Array(repeating: Array(points[row]), count: row % 4).flatMap(\.self) },
            dimension: dimension
        )
        let first = points[0..<8]
        let weighted = try KMeans(clusters: 8).fit(points, weights: weights, initialCentroids: first)
        let plain = try KMeans(clusters: 8).fit(repeated, initialCentroids: first)
        #expect(zip(weighted.centroids.values, plain.centroids.values).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(abs(weighted.inertia - plain.inertia) < 1e-4 * plain.inertia)

        let kmeans = KMeans(clusters: 8)
        expectFailure(.invalidArgument, naming: "199", "200") {
            try kmeans.fit(points, weights: Array(weights.dropLast()))
        }
        expectFailure(.invalidArgument, naming: "weight 3", "-1.0") {
            try kmeans.fit(points, weights: weights.enumerated().map { $0.offset == 3 ? -1 : $0.element })
        }
        expectFailure(.invalidArgument, naming: "200 weights are 0") {
            try kmeans.fit(points, weights: [Float](repeating: 0, count: 200))
        }
        expectFailure(.dimensionMismatch, naming: "7 ×", "8 clusters") {
            try kmeans.fit(points, initialCentroids: points[0..<7])
        }
        expectFailure(.invalidArgument, naming: "2 restarts") {
            try KMeans(clusters: 8, restarts: 2).fit(points, initialCentroids: first)
        }
    }

    // MARK: Indexes

    @Test("Lists of places: four of 128 find nearly all", arguments: [Double(0), 52, 100_000])
    func placesInLists(offset: Double) throws {
        let deviation = offset == 100_000 ? 100.0 : 0.01
        let places = try cloud(20_000, around: [offset, offset / 4], deviation: deviation, seed: 1)
        let index = try makeIndex(.ivfFlat(lists: 128), holding: places)
        let flat = try makeIndex(.flat, holding: places)
        let queries = places[0..<500]
        let found = try index.search(queries, k: 10, options: SearchOptions(probes: 4))
        let truth = try flat.search(queries, k: 10)
        // By distance: single precision gives many places the same one.
        let hits = zip(found, truth).reduce(0) { hits, lists in
            hits + lists.0.filter { $0.distance <= (lists.1.last?.distance ?? 0) }.count
        }
        #expect(Double(hits) / 5000 > 0.95)
    }

    @Test("Principal components around a mean far away", arguments: [1e2, 1e4, 1e5])
    func principalComponents(offset: Double) throws {
        let points = try cloud(800, around: (0..<8).map { offset * Double($0 + 1) }, deviation: 1, seed: 3)
        let index = try makeIndex(.pca(to: 8, then: .flat), holding: points)
        let queries = points[0..<50]
        let truth = try makeIndex(.flat, holding: points).search(queries, k: 5)
        let found = try index.search(queries, k: 5)
        // All directions are kept, so that only rounding is lost: that of numbers as large as the offset.
        let rounding = Float(offset) * 8 * Float.ulpOfOne * 40
        for (one, other) in zip(found, truth) {
            for (a, b) in zip(one, other) {
                #expect(abs(a.distance.squareRoot() - b.distance.squareRoot()) <= rounding)
            }
        }
    }

    /// Eight clouds of deviation 1, and the same with an offset, as single precision holds them; around their mean, too.
    private func clouds(_ count: Int, dimension: Int, offset: Double) throws -> (far: VectorMatrix, near: VectorMatrix)
    {
        let points = try TestVectors.gaussianMixture(count, dimension: dimension, clouds: 8, spread: 1, seed: 11)
        let far = try VectorMatrix(
            (0..<count).flatMap { row in points[row].map { Float(Double($0) * 4 + offset) } },
            dimension: dimension
        )
        return (far, try centered(far))
    }

    @Test("Silhouette, DBSCAN and t-SNE see the same far away as around the origin", arguments: [1e2, 1e4, 1e6])
    func neighbourhoods(offset: Double) throws {
        let (far, near) = try clouds(800, dimension: 6, offset: offset)
        let labels = try KMeans(clusters: 8, restarts: 3).fit(near).labels
        let silhouettes = try [far, near].map { try ClusteringScores.silhouette(of: labels, points: $0) }
        #expect(abs(silhouettes[0] - silhouettes[1]) < 1e-4, "\(silhouettes)")
        // A radius between two of the distances that single precision can tell apart there.
        let models = try [far, near].map { try DBSCAN(radius: 2.603, minimumPoints: 8).fit($0) }
        #expect(models[0].labels == models[1].labels, "\(models.map(\.clusterCount)), \(models.map(\.noiseCount))")
        let maps = try [far, near].map { try NeighborEmbedding(perplexity: 20, iterations: 250).fit($0) }
        for (one, other) in zip(maps[0].neighbors, maps[1].neighbors) {
            for (a, b) in zip(one, other) { #expect(abs(a.distance - b.distance) <= 1e-3 * (b.distance + 1e-3)) }
        }
        let divergences = maps.map(\.divergence)
        #expect(abs(divergences[0] - divergences[1]) < 0.1 * divergences[1], "\(divergences)")
    }

    @Test(
        "Codes of product quantizers are as good far away as around the origin",
        arguments: [
            IndexDescription.pq(subquantizers: 4), .opq(subquantizers: 4, then: .pq(subquantizers: 4)),
            .ivfPQ(lists: 8, subquantizers: 4), .scalarQuantized(.int8), .pca(to: 8, then: .pq(subquantizers: 4)),
            .ivf(lists: 8, storing: .scalarQuantized(.int8)), .hnsw(), .ivfFlat(lists: 8),
        ],
        [1e2, 1e4, 1e6]
    )
    func codes(description: IndexDescription, offset: Double) throws {
        let (far, near) = try clouds(2000, dimension: 16, offset: offset)
        let recalls = try [far, near].map { points in
            let truth = try makeIndex(.flat, holding: near).search(near[0..<200], k: 10)
            let index = try makeIndex(description, holding: points)
            let found = try index.search(points[0..<200], k: 10, options: SearchOptions(probes: 4, ef: 64))
            let hits = zip(found, truth).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count }
            return Double(hits) / 2000
        }
        // A tenth of the deviation is lost in rounding at a million.
        #expect(recalls[0] > recalls[1] - 0.04, "\(description): \(recalls)")
    }

    @Test("PCA learns from fewer vectors than it has components", arguments: [2, 20, 50, 300])
    func fewVectorsForPCA(count: Int) throws {
        let points = try TestVectors.gaussianMixture(count, dimension: 1536, clouds: 5, spread: 0.3, seed: 1)
        for metric in [Metric.squaredL2, .innerProduct, .cosine] {
            let index = try makeIndex(.pca(to: 64, then: .flat), metric: metric, holding: points)
            guard metric != .innerProduct else { continue }
            for row in 0..<min(count, 20) {
                #expect(try index.search(Array(points[row]), k: 1).first?.id == Int64(row))
            }
        }
    }

    @Test(
        "OPQ learns from fewer vectors than dimensions",
        arguments: [
            (16, 17, 1), (31, 32, 8), (63, 64, 8), (250, 256, 16), (32, 32, 8), (64, 64, 8), (300, 768, 48),
            (1500, 1536, 192),
        ]
    )
    func fewVectorsForOPQ(count: Int, dimension: Int, subquantizers: Int) throws {
        let points = try TestVectors.gaussianMixture(count, dimension: dimension, clouds: 5, spread: 0.3, seed: 1)
        let inner = IndexDescription.pqFastScan(subquantizers: subquantizers)
        let index = try makeIndex(.opq(subquantizers: subquantizers, then: inner), holding: points)
        #expect(try index.search(points, k: 3).allSatisfy { $0.count == 3 })
    }

    /// Of the ten nearest, by distance: which of equal vectors are found is of no matter.
    private func recallOfGraph(_ base: VectorMatrix, _ queries: VectorMatrix, metric: Metric) throws -> Double {
        let truth = try makeIndex(.flat, metric: metric, holding: base).search(queries, k: 10)
        let index = try makeIndex(.hnsw(), metric: metric, holding: base)
        let found = try index.search(queries, k: 10, options: SearchOptions(ef: 64))
        var hits = 0
        for (found, truth) in zip(found, truth) {
            let last = try #require(truth.last).distance
            hits += found.filter { $0.distance == last || metric.isNearer($0.distance, than: last) }.count
        }
        return Double(hits) / Double(10 * queries.count)
    }

    @Test("A graph over vectors of which half are equal finds what is near", arguments: [Metric.squaredL2, .cosine])
    func graphOfEqualVectors(metric: Metric) throws {
        let distinct = try TestVectors.gaussianMixture(6300, dimension: 96, clouds: 20, spread: 0.5, seed: 1)
        // A vector of each cloud by itself, then as many equal ones, and so on.
        func isAlone(_ row: Int) -> Bool { (row / 20).isMultiple(of: 2) }
        let base = try VectorMatrix((0..<6000).flatMap { Array(distinct[isAlone($0) ? $0 : 20]) }, dimension: 96)
        let queries = distinct[6000..<6300]
        let recall = try recallOfGraph(base, queries, metric: metric)
        let usual = try recallOfGraph(distinct[0..<6000], queries, metric: metric)
        #expect(recall > usual - 0.01, "\(recall), \(usual)")
        // Each by itself, and the equal ones all by any of them.
        let index = try makeIndex(.hnsw(), metric: metric, holding: base)
        let found = try stride(from: 0, to: 6000, by: 40).filter { row in
            try index.search(Array(base[row]), k: 1, options: SearchOptions(ef: 64)).first?.id == Int64(row)
        }
        #expect(found.count >= 148, "\(found.count)")
        let equal = try index.search(Array(base[20]), k: 100, options: SearchOptions(ef: 100))
        #expect(Set(equal.map(\.distance)).count == 1 && equal.allSatisfy { !isAlone(Int($0.id)) })
    }

    @Test("Equally near vectors come by id where half are equal, in any order of ids", arguments: [3, 10, 60])
    func ties(k: Int) throws {
        var random = SplitMix64(seed: 5)
        let distinct = try TestVectors.integers(2000, dimension: 8, in: -3...3, seed: 3)
        let base = try VectorMatrix(
            (0..<2000).flatMap { Array(distinct[$0.isMultiple(of: 2) ? $0 : 1]) },
            dimension: 8
        )
        let ids = (0..<2000 as Range<Int64>).map { $0 * 3 }
        for ids in [ids, ids.shuffled(using: &random)] {
            for metric in [Metric.squaredL2, .innerProduct] {
                let index = try makeIndex(.flat, metric: metric, holding: base, ids: ids)
                let truth = BruteForce(base, ids: ids, metric: metric).search(base[0..<300], k: k)
                #expect(try index.search(base[0..<300], k: k) == truth)
            }
        }
    }
}

import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// What transforms, refinement and the quantizers are for, held against brute force.
@Suite("Transforms, refinement, quantizers")
struct NestedBuilderTests {
    /// Vectors that lie in a few of their dimensions but for a little noise, turned out of the axes and moved off the
    /// origin.
    private func flattened(_ count: Int, seed: UInt64) throws -> VectorMatrix {
        let axes = try TestVectors.uniform(6, dimension: dimension, seed: 99).values
        let points = try TestVectors.gaussianMixture(count, dimension: 6, clouds: 5, spread: 0.4, seed: seed).values
        var random = SplitMix64(seed: ~seed)
        var values: [Float] = []
        for row in 0..<count {
            for column in 0..<dimension {
                var value = 1 + 0.001 * random.nextGaussian()
                for axis in 0..<6 { value += points[row * 6 + axis] * axes[axis * dimension + column] }
                values.append(value)
            }
        }
        return try VectorMatrix(values, dimension: dimension)
    }

    @Test("PCA keeps all that there is in the dimensions where vectors differ", arguments: Metric.allCases)
    func principalComponents(metric: Metric) throws {
        let base = try flattened(1000, seed: 1)
        let queries = try flattened(50, seed: 2)
        let truth = BruteForce(base, metric: metric).search(queries, k: 10)
        // One more than the data's own, for where the origin is off their plane.
        let index = try makeIndex(.pca(to: 7, then: .flat), metric: metric, holding: base)
        let found = try index.search(queries, k: 10)
        #expect(recall(of: found, against: truth) > 0.97)
        for (found, truth) in zip(found, truth) {
            for (one, other) in zip(found, truth) {
                #expect(abs(one.distance - other.distance) < 0.01 * max(1, abs(other.distance)))
            }
        }
        let decoded = try index.reconstruct(Array(0..<100))
        let expected = metric == .cosine ? base.normalized() : base
        for (one, other) in zip(decoded.values, expected.values) { #expect(abs(one - other) < 0.02) }
        #expect(index.dimension == dimension)
    }

    @Test("A random rotation changes no distance", arguments: Metric.allCases)
    func rotation(metric: Metric) throws {
        let base = try vectors(500)
        let queries = try vectors(50, seed: 2)
        let index = try makeIndex(.randomRotation(then: .flat), metric: metric, holding: base)
        expectSame(
            try index.search(queries, k: 10),
            BruteForce(base, metric: metric).search(queries, k: 10),
            tolerance: 1e-4
        )
        let decoded = try index.reconstruct(Array(0..<500))
        let expected = metric == .cosine ? base.normalized() : base
        for (one, other) in zip(decoded.values, expected.values) { #expect(abs(one - other) < 1e-4) }
    }

    @Test("OPQ loses less than PQ on vectors whose parts hold unequally much", arguments: [4, 8])
    func learnedRotation(bits: Int) throws {
        // All that differs is in the first components: most parts of a plain PQ code nothing.
        let narrow = try TestVectors.gaussianMixture(2000, dimension: 8, clouds: 20, spread: 0.5, seed: 1)
        var values: [Float] = []
        for row in 0..<2000 { values += Array(narrow[row]) + [Float](repeating: 0, count: 24) }
        let base = try VectorMatrix(values, dimension: dimension)
        func error(_ description: IndexDescription) throws -> Float {
            let decoded = try makeIndex(description, holding: base).reconstruct(Array(0..<2000))
            return zip(decoded.values, base.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let codec = IndexDescription.pq(subquantizers: 4, bitsPerCode: bits)
        #expect(try error(.opq(subquantizers: 4, then: codec)) < 0.7 * error(codec))
    }

    @Test("OPQ learns a rotation, which can be undone, and the same one with any number of threads")
    func learnedRotationIsOne() throws {
        // Each of 256 vectors has a centroid to itself, so that nothing but the rotation can change them.
        let base = try TestVectors.gaussianMixture(256, dimension: 48, clouds: 5, spread: 0.5, seed: 1)
        func decoded(threads: ThreadLimit) throws -> VectorMatrix {
            let index = try VectorIndex(.opq(subquantizers: 6, then: .pq(subquantizers: 6)), dimension: 48)
            try index.train(on: base, options: TrainingOptions(threads: threads))
            try index.add(base)
            return try index.reconstruct(Array(0..<256))
        }
        let one = try decoded(threads: 1)
        for (one, other) in zip(one.values, base.values) { #expect(abs(one - other) < 1e-4) }
        #expect(try decoded(threads: 2).values == one.values)
    }

    @Test("Refinement gives exact distances and finds more", arguments: Metric.allCases)
    func refinement(metric: Metric) throws {
        let base = try vectors(2000)
        let queries = try vectors(50, seed: 2)
        let truth = BruteForce(base, metric: metric).search(queries, k: 10)
        let codec = IndexDescription.pqFastScan(subquantizers: 8)
        func recall(_ description: IndexDescription) throws -> Double {
            TestSupport.recall(
                of: try makeIndex(description, metric: metric, holding: base).search(queries, k: 10),
                against: truth
            )
        }
        let recalls = try [codec, .refined(codec, by: 1), .refined(codec, by: 4), .refined(codec, by: 50)].map(recall)
        #expect(recalls[0] == recalls[1])
        #expect(recalls[1] < recalls[2] && recalls[2] < recalls[3])
        #expect(recalls[3] > 0.98)
        // All candidates: the answer is that of brute force.
        let all = try makeIndex(.refined(codec, by: 200), metric: metric, holding: base)
        expectSame(try all.search(queries, k: 10), truth, tolerance: 1e-4)
        #expect(try all.reconstruct(Array(0..<2000)) == (metric == .cosine ? base.normalized() : base))
    }

    @Test(
        "Ids of a refined index stay right through removals, in lists as elsewhere",
        arguments: [
            .refined(.ivfFlat(lists: 8)), .refined(.ivf(lists: 8, storing: .pqFastScan(subquantizers: 16))),
            .refined(.pca(to: 16, then: .ivf(lists: 8, storing: .scalarQuantized()))),
            .refined(.scalarQuantized(.int4)),
        ] as [IndexDescription],
        [1, 2] as [UInt64]
    )
    func refinedRemovals(description: IndexDescription, seed: UInt64) throws {
        let base = try vectors(600)
        var random = SplitMix64(seed: seed)
        let ids = (0..<600 as Range<Int64>).map { $0 * 3 + 7 }.shuffled(using: &random)
        let index = try makeIndex(description, holding: base, ids: ids)
        var left = Dictionary(uniqueKeysWithValues: zip(ids, 0..<600))
        for _ in 0..<5 {
            let gone = left.keys.sorted().shuffled(using: &random).prefix(70)
            #expect(try index.remove(ids: gone) == 70)
            for id in gone { left[id] = nil }
            let rows = (0..<10).map { _ in Int.random(in: 0..<600, using: &random) }
            for (id, row) in zip(try index.add(base.gathering(rows)), rows) { left[id] = row }
            let stored = left.keys.sorted()
            #expect(try index.reconstruct(stored) == base.gathering(stored.map { left[$0]! }))
            for list in try index.search(base[0..<20], k: left.count, options: exhaustive) {
                #expect(Set(list.map(\.id)) == Set(stored))
                for hit in list { #expect(left[hit.id] != nil) }
            }
        }
    }

    @Test("More bits a component come back nearer, half precision nearest")
    func scalarTypes() throws {
        let base = try TestVectors.uniform(500, dimension: 30, in: -1...1, seed: 4)
        // The largest error of a step: of the range's 15th, 63rd, 255th part, and of 11 bits' last.
        let bounds: [(IndexDescription.ScalarType, Float)] = [
            (.int4, 2.0 / 15), (.int6, 2.0 / 63), (.int8, 2.0 / 255), (.float16, 1.0 / 2048),
        ]
        for (type, bound) in bounds {
            for description in [.scalarQuantized(type), .ivf(lists: 4, storing: .scalarQuantized(type))]
                as [IndexDescription]
            {
                let decoded = try makeIndex(description, holding: base).reconstruct(Array(0..<500))
                // What is left without a centroid spans up to twice the range.
                let factor: Float = description == .scalarQuantized(type) ? 1 : 2
                for (one, other) in zip(decoded.values, base.values) {
                    #expect(abs(one - other) <= factor * bound + 1e-6, "\(description)")
                }
            }
        }
    }

    @Test("Half precision refuses what it can't hold, and holds what it takes")
    func halfPrecision() throws {
        let limits: [(IndexDescription, Float)] = [
            (.scalarQuantized(.float16), 65_504), (.ivf(lists: 2, storing: .scalarQuantized(.float16)), 32_752),
            (.randomRotation(then: .scalarQuantized(.float16)), 32_752),
            (.pca(to: 4, then: .scalarQuantized(.float16)), 16_376),
            (.refined(.scalarQuantized(.float16)), 65_504),
        ]
        for (description, limit) in limits {
            #expect(description.maximumMagnitude(dimension: 4) == limit)
            var random = SplitMix64(seed: 1)
            let values = (0..<400).map { _ in Bool.random(using: &random) ? limit : -limit }
            let index = try makeIndex(description, holding: VectorMatrix(values, dimension: 4))
            for hit in try index.search([limit, limit, limit, -limit], k: 100, options: exhaustive) {
                #expect(hit.distance.isFinite)
            }
            #expect(try index.reconstruct(Array(0..<100)).values.allSatisfy(\.isFinite))
            let beyond = try VectorMatrix([0, limit.nextUp, 0, 0], dimension: 4)
            expectFailure(.notFinite, naming: "row 0, column 1", "\(limit)") { try index.add(beyond) }
            #expect(index.count == 100)
        }
    }

    @Test("Fast scan has the distances of the product quantizer, up to rounding to bytes", arguments: [1, 15, 30])
    func fastScan(subquantizers: Int) throws {
        let base = try TestVectors.gaussianMixture(501, dimension: 30, clouds: 10, spread: 0.3, seed: 1)
        let plain = try makeIndex(.pq(subquantizers: subquantizers, bitsPerCode: 4), holding: base)
        let fast = try makeIndex(.pqFastScan(subquantizers: subquantizers), holding: base)
        let lists = try makeIndex(.ivf(lists: 3, storing: .pqFastScan(subquantizers: subquantizers)), holding: base)
        // The same training: the codes are the same.
        let all = Array(0..<501 as Range<Int64>)
        #expect(try fast.reconstruct(all) == plain.reconstruct(all))
        for row in 0..<20 {
            let truth = Dictionary(
                uniqueKeysWithValues: try plain.search(Array(base[row]), k: 501).map { ($0.id, $0.distance) }
            )
            let found = try fast.search(Array(base[row]), k: 501)
            #expect(found.count == 501)
            let largest = truth.values.max() ?? 0
            for hit in found { #expect(abs(hit.distance - truth[hit.id]!) <= 0.03 * largest) }
            #expect(try lists.search(Array(base[row]), k: 501, options: exhaustive).count == 501)
        }
        // Removed from the middle, added again: the blocks hold what they should.
        for index in [fast, lists] {
            let before = try index.reconstruct(all)
            try index.remove(ids: 100..<350)
            try index.add(base[100..<350], ids: Array(100..<350))
            #expect(try index.reconstruct(all) == before)
        }
    }

    @Test("Builders that can't go together are refused before anything is built")
    func impossible() throws {
        let refused: [(IndexDescription, Int, [String])] = [
            (.ivf(lists: 4, storing: .hnsw()), 32, ["can't store", "hnsw"]),
            (.ivf(lists: 4, storing: .ivfFlat(lists: 4)), 32, ["can't store"]),
            (.ivf(lists: 4, storing: .refined(.flat)), 32, ["can't store"]),
            (.pqFastScan(subquantizers: 5), 32, ["32", "5 subquantizers"]),
            (.pq(subquantizers: 4, bitsPerCode: 6), 32, ["6", "neither 4 nor 8"]),
            (.pca(to: 0, then: .flat), 32, [" 0 ", "1...32"]), (.pca(to: 33, then: .flat), 32, [" 33 ", "1...32"]),
            (.pca(to: .min, then: .flat), 32, ["1...32"]), (.pca(to: .max, then: .flat), 32, ["1...32"]),
            (.pca(to: 15, then: .pq(subquantizers: 4)), 32, ["15", "4 subquantizers"]),
            (.pca(to: 8, then: .flat), 4097, ["4097", "1...4096"]),
            (.opq(subquantizers: 8, then: .flat), 32, ["8 subquantizers", "none"]),
            (.opq(subquantizers: 8, then: .pq(subquantizers: 4)), 32, ["8 subquantizers", "4"]),
            (.opq(subquantizers: 8, to: 20, then: .pq(subquantizers: 8)), 32, ["20", "8 subquantizers"]),
            (.opq(subquantizers: 0, then: .pq(subquantizers: 0)), 32, [" 0 ", "1...32"]),
            (.opq(subquantizers: .max, then: .pq(subquantizers: .max)), 32, ["1...32"]),
            (.randomRotation(to: -1, then: .flat), 32, [" -1 ", "1...32"]),
            (.refined(.flat, by: 0.5), 32, ["0.5", "1...1000"]), (.refined(.flat, by: .nan), 32, ["nan"]),
            (.refined(.flat, by: .infinity), 32, ["inf"]), (.refined(.flat, by: 1001), 32, ["1001"]),
            (.refined(.pca(to: 8, then: .refined(.flat))), 32, ["refined already"]),
            (.refined(.refined(.flat)), 32, ["refined already"]),
        ]
        for (description, dimension, parts) in refused {
            do {
                _ = try VectorIndex(description, dimension: dimension)
                Issue.record("\(description) was built")
            } catch {
                #expect(error.code == .invalidArgument)
                for part in parts { #expect(error.message.contains(part), "\(description): \(error.message)") }
            }
        }
    }

    @Test("Nesting without end is refused, however deep")
    func endlessNesting() throws {
        var description = IndexDescription.flat
        for depth in 2...100_000 {
            description = .randomRotation(then: description)
            if depth == IndexDescription.maximumDepth { _ = try VectorIndex(description, dimension: 4) }
        }
        #expect("\(description)" == "more than 6 nested builders")
        expectFailure(.invalidArgument, naming: "6 deep") { try VectorIndex(description, dimension: 4) }
        #expect(description == .randomRotation(then: description))
        #expect(description.capabilities == description.capabilities)
    }
}

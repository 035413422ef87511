import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Searching within a distance")
struct RangeSearchTests {
    @Test(
        "All that is nearer than the radius is found, and nothing at it",
        arguments: [Metric.squaredL2, .innerProduct]
    )
    func exactRange(metric: Metric) throws {
        let base = try TestVectors.integers(1000, dimension: 8, in: 0...7, seed: 1)
        let queries = try TestVectors.integers(40, dimension: 8, in: 0...7, seed: 2)
        let truth = BruteForce(base, metric: metric)
        let radii: [Float] =
            metric == .squaredL2 ? [0, 1, 30, 60, 1e6, .greatestFiniteMagnitude] : [-1, 0, 150, 392, 1e6]
        for description in [IndexDescription.flat, .ivfFlat(lists: 8)] {
            let index = try makeIndex(description, metric: metric, holding: base)
            for radius in radii {
                let found = try index.search(queries, within: radius, options: exhaustive)
                #expect(found.count == 40)
                for row in 0..<40 {
                    let expected = truth.search(Array(queries[row]), within: radius)
                    #expect(Array(found[row]) == expected)
                    #expect(try index.search(Array(queries[row]), within: radius, options: exhaustive) == expected)
                }
            }
        }
    }

    @Test("It finds what a search for all finds, cut at the radius", arguments: rangeBuilders, Metric.allCases)
    func agreesWithNearest(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(400)
        let queries = try vectors(30, seed: 2)
        let index = try makeIndex(description, metric: metric, holding: base)
        for row in 0..<30 {
            let query = Array(queries[row])
            let all = try index.search(query, k: 400, options: exhaustive)
            let radius = (all[50].distance + all[51].distance) / 2
            let found = try index.search(query, within: radius, options: exhaustive)
            expectWellFormed(found, k: 400, metric: metric)
            // Coded vectors are often equally far: more than one may be at the distance just cut.
            #expect(found.map(\.id) == all.filter { metric.isNearer($0.distance, than: radius) }.map(\.id))
            #expect(found.count >= 40)
        }
    }

    @Test("A squared distance is never negative, even of a vector to itself", arguments: rangeBuilders)
    func neverNegative(description: IndexDescription) throws {
        // A batch goes through matrix products, where rounding could carry a distance below zero.
        let base = try VectorMatrix(vectors(400).values.map { $0 + 100 }, dimension: dimension)
        let index = try makeIndex(description, holding: base)
        for list in try index.search(base, within: 1e-3, options: exhaustive) {
            #expect(list.allSatisfy { $0.distance >= 0 })
        }
        for list in try index.search(base, k: 5, options: exhaustive) {
            #expect(list.allSatisfy { $0.distance >= 0 })
        }
    }

    @Test("A filter holds here too", arguments: rangeBuilders, Metric.allCases)
    func filtered(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(400)
        let ids = (0..<400).map { Int64(4000 - 10 * $0) }
        let index = try makeIndex(description, metric: metric, holding: base, ids: ids)
        var options = exhaustive
        let radius: Float = metric == .squaredL2 ? 20 : -0.2
        let all = try index.search(base[0..<25], within: radius, options: options)
        options.filter = .range(1000..<2000) && !.ids([1500])
        let some = try index.search(base[0..<25], within: radius, options: options)
        for (all, some) in zip(all, some) {
            #expect(Array(some) == all.filter { (1000..<2000).contains($0.id) && $0.id != 1500 })
        }
        #expect(some.neighbors.count > 0)
    }

    @Test("Lists not visited are not searched")
    func probes() throws {
        let base = try vectors(1000)
        let index = try makeIndex(.ivfFlat(lists: 8), holding: base)
        let counts = try [1, 3, 8].map {
            try index.search(base, within: 100, options: SearchOptions(probes: $0)).neighbors.count
        }
        #expect(counts[0] < counts[1] && counts[1] < counts[2])
    }

    @Test(
        "HNSW and refined indexes say that they can't",
        arguments: everyBuilder.filter { !$0.capabilities.searchesWithinDistance }
    )
    func unsupported(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: vectors(300))
        expectFailure(.unsupported, naming: "\(description)", "within a distance") {
            try index.search([Float](repeating: 0, count: dimension), within: 1)
        }
    }
}

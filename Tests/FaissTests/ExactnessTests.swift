import Faiss
import TestSupport
import Testing
import Vectors

@Suite("What is exact")
struct ExactnessTests {
    @Test(
        "A flat index finds exactly what brute force finds",
        arguments: [Metric.squaredL2, .innerProduct],
        [1, 10, 250]
    )
    func flatEqualsBruteForce(metric: Metric, k: Int) throws {
        let base = try TestVectors.integers(3000, dimension: 32, in: -128...127, seed: 1)
        let queries = try TestVectors.integers(50, dimension: 32, in: -128...127, seed: 2)
        let truth = BruteForce(base, metric: metric).search(queries, k: k)
        let index = try makeIndex(.flat, metric: metric, holding: base)
        #expect(try index.search(queries, k: k) == truth)
        for row in 0..<5 {
            #expect(try index.search(Array(queries[row]), k: k) == Array(truth[row]))
        }
    }

    @Test("Equally near vectors come by id, up to the last place", arguments: [1, 10, 99])
    func tiesByID(k: Int) throws {
        // Few values in few dimensions: most distances occur many times.
        let base = try TestVectors.integers(2000, dimension: 6, in: 0...2, seed: 3)
        let queries = try TestVectors.integers(40, dimension: 6, in: 0...2, seed: 4)
        let truth = BruteForce(base, metric: .squaredL2).search(queries, k: k)
        let index = try makeIndex(.flat, holding: base)
        #expect(try index.search(queries, k: k) == truth)
        for row in 0..<queries.count {
            #expect(try index.search(Array(queries[row]), k: k) == Array(truth[row]))
        }
    }

    @Test(
        "Where many are equally near, the answer is a right one",
        arguments: Metric.allCases,
        [.flat, .ivfFlat(lists: 8)] as [IndexDescription]
    )
    func tiesAreWellFormed(metric: Metric, description: IndexDescription) throws {
        let base = try TestVectors.integers(1000, dimension: 6, in: 1...3, seed: 5)
        let queries = try TestVectors.integers(30, dimension: 6, in: 1...3, seed: 6)
        let ids = (0..<1000).map { Int64(($0 * 7919) % 1000) }
        let found = try makeIndex(description, metric: metric, holding: base, ids: ids)
            .search(queries, k: 10, options: exhaustive)
        let truth = BruteForce(base, ids: ids, metric: metric).search(queries, k: 10)
        expectSame(found, truth, tolerance: 1e-5)
        for list in found { expectWellFormed(list, k: 10, metric: metric) }
    }

    @Test("Real numbers agree with brute force up to rounding", arguments: Metric.allCases)
    func flatOnRealNumbers(metric: Metric) throws {
        let base = try vectors(2000)
        let queries = try vectors(100, seed: 2)
        let truth = BruteForce(base, metric: metric).search(queries, k: 10)
        expectSame(try makeIndex(.flat, metric: metric, holding: base).search(queries, k: 10), truth, tolerance: 1e-4)
    }

    @Test("IVF-flat that visits all lists equals flat", arguments: [Metric.squaredL2, .innerProduct], [1, 10, 250])
    func allProbesEqualFlat(metric: Metric, k: Int) throws {
        let base = try TestVectors.integers(3000, dimension: 32, in: -128...127, seed: 7)
        let queries = try TestVectors.integers(50, dimension: 32, in: -128...127, seed: 8)
        let flat = try makeIndex(.flat, metric: metric, holding: base)
        let lists = try makeIndex(.ivfFlat(lists: 20), metric: metric, holding: base)
        #expect(
            try lists.search(queries, k: k, options: SearchOptions(probes: 20)) == flat.search(queries, k: k)
        )
    }

    @Test("IVF-flat that visits all lists equals flat by cosine, up to rounding")
    func allProbesEqualFlatByCosine() throws {
        let base = try vectors(2000)
        let queries = try vectors(50, seed: 2)
        let flat = try makeIndex(.flat, metric: .cosine, holding: base).search(queries, k: 10)
        let lists = try makeIndex(.ivfFlat(lists: 20), metric: .cosine, holding: base)
        expectSame(try lists.search(queries, k: 10, options: SearchOptions(probes: 20)), flat, tolerance: 1e-5)
    }

    @Test("Cosine does not depend on length, and never leaves −1…1", arguments: everyBuilder)
    func cosineIgnoresLength(description: IndexDescription) throws {
        let base = try vectors(500)
        let index = try makeIndex(description, metric: .cosine, holding: base)
        let query = Array(base[17])
        let plain = try index.search(query, k: 20, options: exhaustive)
        // Powers of two scale without rounding.
        #expect(try index.search(query.map { $0 * 1024 }, k: 20, options: exhaustive) == plain)
        let opposite = try index.search(query.map { $0 * -1 }, k: 500, options: exhaustive)
        for hit in plain + opposite { #expect((-1...1).contains(hit.distance)) }
    }

    @Test("A query finds itself, at any scale of the numbers", arguments: [Float(1e-15), 1, 1e14], Metric.allCases)
    func anyScale(scale: Float, metric: Metric) throws {
        let base = try VectorMatrix(vectors(300).normalized().values.map { $0 * scale }, dimension: dimension)
        let index = try makeIndex(.flat, metric: metric, holding: base)
        for row in 0..<20 {
            #expect(try index.search(Array(base[row]), k: 1).map(\.id) == [Int64(row)])
        }
    }
}

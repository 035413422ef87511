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
            #expect(try index.search(queries[row], k: k) == Array(truth[row]))
        }
    }

    @Test(
        "Equally near vectors come by id, also where some of them find no place",
        arguments: [.flat, .ivfFlat(lists: 8)] as [IndexDescription],
        [Metric.squaredL2, .innerProduct]
    )
    func tiesByID(description: IndexDescription, metric: Metric) throws {
        // Few values in few dimensions: most distances occur many times.
        let base = try TestVectors.integers(2000, dimension: 6, in: 0...2, seed: 3)
        let queries = try TestVectors.integers(40, dimension: 6, in: 0...2, seed: 4)
        var random = SplitMix64(seed: 5)
        let own = (0..<2000 as Range<Int64>).map { $0 }
        for ids in [own, own.shuffled(using: &random)] {
            let index = try makeIndex(description, metric: metric, holding: base, ids: ids)
            for k in [1, 10, 99, 100, 250, 2000] {
                let truth = BruteForce(base, ids: ids, metric: metric).search(queries, k: k)
                #expect(try index.search(queries, k: k, options: exhaustive) == truth)
                for row in 0..<5 {
                    #expect(try index.search(queries[row], k: k, options: exhaustive) == Array(truth[row]))
                }
            }
            var options = exhaustive
            options.filter = .range(500..<1500)
            #expect(
                try index.search(queries, k: 10, options: options)
                    == BruteForce(base, ids: ids, metric: metric).search(
                        queries,
                        k: 10,
                        where: { (500..<1500).contains($0) }
                    )
            )
        }
    }

    @Test(
        "Few queries that threads share are answered as by one thread",
        arguments: [Metric.squaredL2, .innerProduct],
        [1, 10, 100]
    )
    func sharedRows(metric: Metric, k: Int) throws {
        // More than the 8 MB from which on rows are dealt out; ties abound.
        let base = try TestVectors.integers(34_000, dimension: 64, in: -2...2, seed: 1)
        let queries = try TestVectors.integers(3, dimension: 64, in: -2...2, seed: 2)
        let index = try makeIndex(.flat, metric: metric, holding: base)
        let truth = BruteForce(base, metric: metric).search(queries, k: k)
        for threads in [1, 2, 7] as [ThreadLimit] {
            let options = SearchOptions(threads: threads)
            #expect(try index.search(queries, k: k, options: options) == truth)
            #expect(try index.search(queries[0], k: k, options: options) == Array(truth[0]))
        }
    }

    @Test("A flat index decides by differences, not by |x|² + |y|² − 2 x · y, whose terms are a billion times larger")
    func farFromTheOrigin() throws {
        let base = try VectorMatrix(
            TestVectors.integers(100, dimension: 32, in: 0...2, seed: 1).values.map { $0 + 30_000 },
            dimension: 32
        )
        let index = try makeIndex(.flat, holding: base)
        #expect(try index.search(base, k: 10) == BruteForce(base, metric: .squaredL2).search(base, k: 10))
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

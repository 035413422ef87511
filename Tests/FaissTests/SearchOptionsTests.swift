import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Search options")
struct SearchOptionsTests {
    @Test("Numbers beyond what there is mean all of it", arguments: everyBuilder)
    func clamped(description: IndexDescription) throws {
        let base = try vectors(400)
        let index = try makeIndex(description, holding: base)
        let all = try index.search(base[0..<10], k: 400, options: exhaustive)
        let options = SearchOptions(probes: .max, ef: .max)
        #expect(try index.search(base[0..<10], k: .max / 1000, options: options) == all)
        #expect(try index.search(Array(base[0]), k: .max, options: options) == Array(all[0]))
        for list in all { #expect(list.count <= 400) }
    }

    @Test("Options belong to one search and leave the next alone")
    func perCall() throws {
        let base = try vectors(2000)
        let index = try makeIndex(.ivfFlat(lists: 32), holding: base)
        let usual = try index.search(base[0..<50], k: 10)
        let one = try index.search(base[0..<50], k: 10, options: SearchOptions(probes: 1))
        #expect(one != usual)
        #expect(try index.search(base[0..<50], k: 10) == usual)
    }

    @Test("How many threads search does not change the answer", arguments: everyBuilder, Metric.allCases)
    func threads(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(600)
        let index = try makeIndex(description, metric: metric, holding: base)
        var options = exhaustive
        options.threads = 1
        let alone = try index.search(base, k: 10, options: options)
        for threads in [2, 5, 64] as [ThreadLimit] {
            options.threads = threads
            expectSame(try index.search(base, k: 10, options: options), alone, tolerance: 1e-4)
        }
    }

    @Test("A batch answers as its queries one by one do", arguments: everyBuilder, Metric.allCases)
    func batchAndSingle(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: vectors(600))
        let queries = try vectors(100, seed: 2)
        var singles = NeighborLists()
        for row in 0..<queries.count {
            singles.append(try index.search(Array(queries[row]), k: 10, options: exhaustive))
        }
        expectSame(try index.search(queries, k: 10, options: exhaustive), singles, tolerance: 1e-4)
    }

    @Test("A batch larger than a block keeps the order of its queries")
    func manyBlocks() throws {
        let base = try TestVectors.integers(5000, dimension: 8, in: -1000...1000, seed: 3)
        let index = try makeIndex(.flat, holding: base)
        let found = try index.search(base, k: 1, options: SearchOptions(threads: 3))
        #expect(found.count == 5000)
        #expect(found.map { $0.first?.id } == (0..<5000).map { Int64($0) })
    }

    @Test("No query, no list", arguments: everyBuilder)
    func noQuery(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: vectors(300))
        let none = try VectorMatrix([], dimension: dimension)
        #expect(try index.search(none, k: 3).count == 0)
    }

    @Test("An index without vectors finds nothing", arguments: everyBuilder)
    func emptyIndex(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: base)
        #expect(try index.search(Array(base[0]), k: 3).isEmpty)
        #expect(try index.search(base, k: 3).map(\.count) == [Int](repeating: 0, count: 300))
    }
}

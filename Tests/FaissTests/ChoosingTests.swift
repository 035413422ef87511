import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Expected memory")
struct ExpectedBytesTests {
    @Test("Bytes told beforehand are those of the index built", arguments: everyBuilder, [Metric.squaredL2, .cosine])
    func everyKind(description: IndexDescription, metric: Metric) throws {
        for count in [700, 3000] {
            let index = try makeIndex(description, metric: metric, holding: vectors(count))
            let expected = try description.estimatedMemory(count: count, dimension: dimension, metric: metric)
            let share = Double(expected) / Double(index.memorySize)
            #expect(share > 0.95 && share < 1.05, "\(description): \(expected), in fact \(index.memorySize)")
        }
    }

    @Test("A number of lists that is left open is counted as it will be chosen")
    func automatic() throws {
        let index = try makeIndex(.ivfFlat(), holding: vectors(5000))
        let expected = try IndexDescription.ivfFlat().estimatedMemory(count: 5000, dimension: dimension)
        #expect(abs(Double(expected) / Double(index.memorySize) - 1) < 0.01)
    }

    @Test("What can't be built has no size")
    func refused() {
        expectFailure(.invalidArgument, naming: "count -1") {
            try IndexDescription.flat.estimatedMemory(count: -1, dimension: 4)
        }
        expectFailure(.invalidArgument) {
            try IndexDescription.ivfPQ(lists: 4, subquantizers: 3).estimatedMemory(count: 10, dimension: 4)
        }
        expectFailure(.invalidArgument, naming: "count \(Int.max)") {
            try IndexDescription.flat.estimatedMemory(count: .max, dimension: 4)
        }
    }
}

@Suite("Index advisor")
struct IndexAdvisorTests {
    @Test(
        "All advice fits the memory, can do what is needed, works for the dimension, and comes in order",
        arguments: [1, 7, 32, 50, 97, 128, 300, 768, 4099]
    )
    func wellFormed(dimension: Int) throws {
        for count in [1, 1000, 20_000, 100_000, 3_000_000, 200_000_000] {
            for share in [nil, 2.0, 1.0, 0.3, 0.1] as [Double?] {
                for (recall, removal, range) in [(0.9, false, false), (0.99, true, false), (1, false, true)] {
                    let advisor = IndexAdvisor(
                        count: count,
                        dimension: dimension,
                        memoryBudget: share.map { Int($0 * 4 * Double(count * dimension)) + 200_000 * dimension },
                        targetRecall: recall,
                        needsRemoval: removal,
                        needsSearchWithinDistance: range
                    )
                    guard let advice = try? advisor.recommendations() else { continue }
                    #expect(!advice.isEmpty)
                    for one in advice {
                        try one.index.validate(dimension: dimension)
                        #expect(one.estimatedMemory <= advisor.memoryBudget ?? .max)
                        #expect(one.index.capabilities.freesRemovedVectors || !removal)
                        #expect(one.index.capabilities.searchesWithinDistance || !range)
                        #expect(one.reachesTarget == (one.expectedRecall >= recall))
                        #expect(!one.reasons.isEmpty && one.reasons.allSatisfy { $0.hasSuffix(".") })
                    }
                    let firstMiss = advice.firstIndex { !$0.reachesTarget } ?? advice.count
                    #expect(advice[firstMiss...].allSatisfy { !$0.reachesTarget })
                }
            }
        }
    }

    @Test("The rules: exact for few, a graph where memory allows, lists where vectors go, codes where memory is short")
    func rules() throws {
        func first(_ advisor: IndexAdvisor) throws -> String { try "\(advisor.recommendations()[0].index)" }
        #expect(try first(IndexAdvisor(count: 5000, dimension: 128)) == "flat")
        #expect(try first(IndexAdvisor(count: 1_000_000, dimension: 128)).hasPrefix("hnsw"))
        let removal = IndexAdvisor(count: 1_000_000, dimension: 128, needsRemoval: true)
        #expect(try !first(removal).contains("hnsw") && first(removal).contains("ivf"))
        let range = IndexAdvisor(count: 1_000_000, dimension: 128, needsSearchWithinDistance: true)
        #expect(try first(range).contains("ivf"))
        #expect(try first(IndexAdvisor(count: 1_000_000, dimension: 128, targetRecall: 1)) == "flat")
        let short = IndexAdvisor(count: 1_000_000, dimension: 128, memoryBudget: 45_000_000, targetRecall: 0.6)
        #expect(try first(short).contains("PQ"))
    }

    @Test("Promised bytes are those of the index built, and its recall is reached")
    func kept() throws {
        let base = try TestVectors.siftLike(12_000, seed: 1)
        let queries = try TestVectors.siftLike(100, seed: 2)
        let truth = try makeIndex(.flat, holding: base).search(queries, k: 10)
        let budgets: [Int?] = [nil, 4_000_000, 2_400_000]
        for budget in budgets {
            let advisor = IndexAdvisor(count: 12_000, dimension: 128, memoryBudget: budget, targetRecall: 0.8)
            let advice = try advisor.recommendations()
            for one in advice.prefix(1) {
                let index = try makeIndex(one.index, holding: base)
                #expect(abs(Double(one.estimatedMemory) / Double(index.memorySize) - 1) < 0.1, "\(one.index)")
                let found = try index.search(queries, k: 10, options: one.options)
                #expect(recall(of: found, against: truth) >= min(0.8, one.expectedRecall) - 0.1, "\(one.index)")
            }
        }
    }

    @Test("What can't be asked is refused")
    func refused() {
        expectFailure(.invalidArgument, naming: "count 0") {
            try IndexAdvisor(count: 0, dimension: 4).recommendations()
        }
        expectFailure(.invalidArgument, naming: "dimension 0") {
            try IndexAdvisor(count: 1, dimension: 0).recommendations()
        }
        for recall in [0, -1, 1.01, .nan] {
            expectFailure(.invalidArgument, naming: "\(recall)") {
                try IndexAdvisor(count: 1, dimension: 4, targetRecall: recall).recommendations()
            }
        }
        expectFailure(.invalidArgument, naming: "1000 bytes", "smallest") {
            try IndexAdvisor(count: 100_000, dimension: 64, memoryBudget: 1000).recommendations()
        }
    }
}

@Suite("Index tuner")
struct IndexTunerTests {
    @Test(
        "More effort finds more; the front ascends; the fastest above a recall is on it",
        arguments: [
            .ivfFlat(lists: 32), .hnsw(neighbors: 8),
            .refined(.ivf(lists: 16, storing: .pqFastScan(subquantizers: 16))),
            .flat,
        ] as [IndexDescription]
    )
    func fronts(description: IndexDescription) async throws {
        let base = try TestVectors.uniform(4000, dimension: 32, seed: 1)
        let queries = try TestVectors.uniform(60, dimension: 32, seed: 2)
        let index = try makeIndex(description, holding: base)
        let record = ProgressRecord()
        let report = try await IndexTuner(repetitions: 1).tune(index, queries: queries, progress: record.handler)
        #expect(record.last?.fraction == 1)
        #expect(report.k == 10)
        #expect(report.measurements.allSatisfy { (0...1).contains($0.recall) && $0.secondsPerQuery > 0 })
        let front = report.paretoFront
        #expect(!front.isEmpty)
        for (one, next) in zip(front, front.dropFirst()) {
            #expect(one.recall < next.recall && one.secondsPerQuery <= next.secondsPerQuery)
        }
        let best = try #require(report.measurements.map(\.recall).max())
        #expect(best > 0.95)
        let fastest = try #require(report.fastest(recall: best))
        #expect(fastest.recall == best)
        #expect(report.fastest(recall: 1.1) == nil)
        // What was measured holds for a search with these options.
        let truth = try await makeFlat(base).search(queries, k: 10)
        for one in report.measurements {
            let found = try await index.search(queries, k: 10, options: one.options)
            #expect(abs(recall(of: found, against: truth) - one.recall) < 1e-9)
        }
    }

    private func makeFlat(_ base: VectorMatrix) throws -> VectorIndex { try makeIndex(.flat, holding: base) }

    @Test("Probes, ef and refinement are explored, but not those that are given")
    func explored() throws {
        let base = try vectors(2000)
        let queries = base[0..<20]
        let tuner = IndexTuner(k: 5, repetitions: 1)
        let lists = try makeIndex(.ivfFlat(lists: 20), holding: base)
        #expect(try tuner.tune(lists, queries: queries).measurements.map(\.options.probes).prefix(2) == [1, 2])
        let given = try tuner.tune(lists, queries: queries, options: SearchOptions(probes: 3, filter: .range(0..<1000)))
        #expect(given.measurements.map(\.options.probes) == [3])
        #expect(given.measurements[0].options.filter != nil)
        let graph = try makeIndex(.hnsw(neighbors: 4), holding: base)
        let candidates = try tuner.tune(graph, queries: queries).measurements.compactMap(\.options.ef)
        #expect(candidates.first == 8 && candidates == candidates.sorted())
        let refined = try makeIndex(.refined(.pq(subquantizers: 4, bitsPerCode: 4), by: 3), holding: base)
        let factors = Set(try tuner.tune(refined, queries: queries).measurements.compactMap(\.options.refinement))
        #expect(factors.isSuperset(of: [1, 2, 3, 4]))
    }

    @Test("An index of codes needs the truth from elsewhere; single queries are measured as well")
    func truth() throws {
        let base = try vectors(1000)
        let queries = base[0..<20]
        let index = try makeIndex(.ivfPQ(lists: 8, subquantizers: 8), holding: base)
        expectFailure(.unsupported, naming: "ivfPQ", "true neighbours") {
            try IndexTuner().tune(index, queries: queries)
        }
        let exact = try makeIndex(.flat, holding: base).search(queries, k: 10)
        let report = try IndexTuner(repetitions: 2, oneByOne: true).tune(index, queries: queries, truth: exact)
        #expect(report.measurements.count >= 3)
        expectFailure(.invalidArgument, naming: "19 true lists", "20 queries") {
            try IndexTuner().tune(
                index,
                queries: queries,
                truth: makeIndex(.flat, holding: base).search(base[0..<19], k: 3)
            )
        }
    }

    @Test("It stops when its task is cancelled, and refuses what can't be measured")
    func refused() async throws {
        let base = try vectors(500)
        let index = try makeIndex(.hnsw(), holding: base)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await IndexTuner().tune(index, queries: base).k
        }
        await #expect(throws: VectorError(.cancelled, "cancelled")) { try await task.value }
        try refusals(index, base)
    }

    private func refusals(_ index: VectorIndex, _ base: VectorMatrix) throws {
        expectFailure(.invalidArgument, naming: "k 0") { try IndexTuner(k: 0).tune(index, queries: base) }
        expectFailure(.invalidArgument, naming: "repetitions 0") {
            try IndexTuner(repetitions: 0).tune(index, queries: base)
        }
        let none = try VectorMatrix([], dimension: dimension)
        expectFailure(.invalidArgument, naming: "no queries") { try IndexTuner().tune(index, queries: none) }
        let empty = try VectorIndex(.flat, dimension: dimension)
        expectFailure(.invalidArgument, naming: "empty") { try IndexTuner().tune(empty, queries: base) }
        for refinement in [0.5, 1001, .nan] as [Float] {
            expectFailure(.invalidArgument, naming: "refinement") {
                try index.search(base, k: 1, options: SearchOptions(refinement: refinement))
            }
        }
    }
}

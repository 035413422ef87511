import Faiss
import TestSupport
import Testing
import Vectors

/// What approximate indexes find of the true ten nearest, on 5,000 vectors that are like SIFT descriptors.
@Suite("Recall")
struct RecallTests {
    /// Made once, as brute force through them takes a while.
    private struct Data {
        let base: VectorMatrix
        let queries: VectorMatrix
        let truth: [Metric: NeighborLists]

        init() throws {
            base = try TestVectors.siftLike(5000, seed: 1)
            queries = try TestVectors.siftLike(200, seed: 2)
            var truth: [Metric: NeighborLists] = [:]
            for metric in Metric.allCases {
                truth[metric] = try makeIndex(.flat, metric: metric, holding: base).search(queries, k: 10)
            }
            self.truth = truth
        }
    }

    private static let data = Result { try Data() }

    private func recallOfTen(
        _ description: IndexDescription,
        metric: Metric,
        options: [SearchOptions]
    ) throws -> [Double] {
        let data = try Self.data.get()
        // With one thread, as links depend on the order in which threads add them.
        let index = try makeIndex(description, metric: metric, holding: data.base, threads: 1)
        let truth = try #require(data.truth[metric])
        return try options.map { recall(of: try index.search(data.queries, k: 10, options: $0), against: truth) }
    }

    @Test("IVF-flat, IVFPQ, HNSW and SQ8 find the stated share with the default options", arguments: Metric.allCases)
    func statedRecall(metric: Metric) throws {
        func expect(_ description: IndexDescription, atLeast stated: Double) throws {
            let reached = try recallOfTen(description, metric: metric, options: [SearchOptions()])[0]
            #expect(reached >= stated, "\(description), \(metric)")
        }
        try expect(.ivfFlat(lists: 64), atLeast: 0.9)
        try expect(.ivfPQ(lists: 64, subquantizers: 32), atLeast: 0.7)
        try expect(.ivfPQ(lists: 64, subquantizers: 64, bitsPerCode: 4), atLeast: 0.6)
        try expect(.hnsw(), atLeast: 0.95)
        try expect(.scalarQuantized(), atLeast: 0.95)
    }

    @Test("Recall grows with the lists visited, to everything", arguments: Metric.allCases)
    func growsWithProbes(metric: Metric) throws {
        let recalls = try recallOfTen(
            .ivfFlat(lists: 128),
            metric: metric,
            options: [1, 4, 16, 128].map { SearchOptions(probes: $0) }
        )
        #expect(recalls == recalls.sorted())
        #expect(recalls[0] < 0.9)
        #expect(recalls[3] > 0.999)
    }

    @Test("Recall grows with the candidates that HNSW keeps", arguments: Metric.allCases)
    func growsWithCandidates(metric: Metric) throws {
        let recalls = try recallOfTen(
            .hnsw(neighbors: 8, efConstruction: 20),
            metric: metric,
            options: [10, 40, 160, 640].map { SearchOptions(ef: $0) }
        )
        #expect(recalls == recalls.sorted())
        #expect(recalls[0] < recalls[3])
    }

    @Test("More bytes a vector find more")
    func growsWithCodeSize() throws {
        let recalls = try [8, 32, 64].map {
            try recallOfTen(
                .ivfPQ(lists: 16, subquantizers: $0),
                metric: .squaredL2,
                options: [SearchOptions(probes: 16)]
            )[0]
        }
        #expect(recalls == recalls.sorted())
        #expect(recalls[0] < recalls[2])
    }

    @Test("HNSW still finds most after half of its vectors were removed")
    func recallAfterRemoval() throws {
        let data = try Self.data.get()
        let index = try makeIndex(.hnsw(), holding: data.base)
        try index.remove(ids: stride(from: 0, to: 5000, by: 2))
        let left = (0..<2500).map { 2 * $0 + 1 }
        let truth = try makeIndex(.flat, holding: data.base.gathering(left), ids: left.map { Int64($0) })
            .search(data.queries, k: 10)
        #expect(recall(of: try index.search(data.queries, k: 10), against: truth) >= 0.95)
    }
}

import Faiss
import Synchronization
import TestSupport
import Testing
import Vectors

@Suite("Copying and replacing")
struct CopyAndReplaceTests {
    @Test("A copy answers the same, and neither depends on the other", arguments: everyBuilder, Metric.allCases)
    func copy(description: IndexDescription, metric: Metric) throws {
        let queries = try vectors(30, seed: 9)
        let ids = (0..<300).map { Int64($0 * 7 % 300 + 5) }
        let index = try makeIndex(description, metric: metric, holding: vectors(300), ids: ids)
        try index.remove(ids: ids.prefix(20))
        let copy = try index.copy()
        let before = try index.search(queries, k: 20, options: exhaustive)
        #expect(copy.description == index.description && copy.ids == index.ids && copy.metric == metric)
        #expect(try copy.search(queries, k: 20, options: exhaustive) == before)
        #expect(try copy.reconstruct(copy.ids) == index.reconstruct(index.ids))
        try copy.remove(ids: copy.ids.prefix(100))
        #expect(try copy.add(queries) == 305..<335)
        #expect(try index.search(queries, k: 20, options: exhaustive) == before)
        try index.remove(ids: index.ids)
        #expect(copy.count == 210 && index.count == 0)
        #expect(try copy.search(queries, k: 20, options: exhaustive).count == 30)
    }

    @Test("Copies share their training, so that they can be merged", arguments: MergingTests.builders)
    func copiesMerge(description: IndexDescription) throws {
        let base = try vectors(300)
        let first = try VectorIndex(description, dimension: dimension)
        try first.train(on: base)
        let second = try first.copy()
        try first.add(base[0..<120])
        try second.add(base[120..<300], ids: (120..<300).map { $0 })
        try first.merge(second)
        let whole = try makeIndex(description, holding: base)
        #expect(
            try first.search(base[0..<20], k: 5, options: exhaustive)
                == whole.search(base[0..<20], k: 5, options: exhaustive)
        )
    }

    @Test("An untrained index has an untrained copy", arguments: trainedBuilders)
    func untrained(description: IndexDescription) throws {
        let copy = try VectorIndex(description, dimension: dimension, metric: .cosine).copy()
        #expect(!copy.isTrained && copy.metric == .cosine)
        try copy.train(on: vectors(300))
        #expect(try copy.add(vectors(5)) == 0..<5)
    }

    @Test("Replaced vectors are what was added under their ids at first", arguments: everyBuilder, Metric.allCases)
    func replace(description: IndexDescription, metric: Metric) async throws {
        let (base, fresh) = try (vectors(300), vectors(40, seed: 5))
        let index = try makeIndex(description, metric: metric, holding: base)
        let ids = (0..<40).map { Int64($0 * 7) }
        func replaceAll() throws { try index.replace(fresh, ids: ids) }
        try replaceAll()
        #expect(index.count == 300 && Set(index.ids) == Set(0..<300))
        // Ids go on where they were.
        #expect(try await index.add(base[0..<1]) == 300..<301)
        let wanted = try makeIndex(description, metric: metric, holding: base)
        try await wanted.replace(fresh[0..<39], ids: Array(ids.prefix(39)))
        try await wanted.replace(fresh[39], id: ids[39])
        let all = (0..<300).map { Int64($0) }
        let replaced = try await index.reconstruct(all)
        #expect(try await wanted.reconstruct(all) == replaced)
        // A vector finds itself under its id.
        if exactBuilders.contains(description) {
            for (row, id) in ids.enumerated() {
                let nearest = try await index.search(fresh[row], k: 1, options: exhaustive)
                #expect(metric == .innerProduct || nearest.first?.id == id)
            }
        }
    }

    @Test("A replacement that is refused changes nothing", arguments: everyBuilder)
    func refusals(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try makeIndex(description, holding: base)
        let before = try index.search(base, k: 5, options: exhaustive)
        expectFailure(.unknownID, naming: "300") { try index.replace(base[0..<2], ids: [1, 300]) }
        expectFailure(.duplicateID, naming: "7") { try index.replace(base[0..<2], ids: [7, 7]) }
        expectFailure(.invalidArgument, naming: "1 ids", "2 vectors") { try index.replace(base[0..<2], ids: [1]) }
        expectFailure(.dimensionMismatch) { try index.replace([1, 2], id: 1) }
        expectFailure(.notFinite, naming: "nan") {
            try index.replace([Float](repeating: .nan, count: dimension), id: 1)
        }
        try index.replace(base[0..<0], ids: [])
        #expect(try index.search(base, k: 5, options: exhaustive) == before)
        if description.needsTraining {
            let untrained = try VectorIndex(description, dimension: dimension)
            expectFailure(.notTrained) { try untrained.replace(base[0..<0], ids: []) }
        }
    }

    @Test("While vectors are replaced, a search finds each exactly once", arguments: exactBuilders)
    func searchesMeanwhile(description: IndexDescription) async throws {
        let base = try vectors(200)
        let index = try makeIndex(description, holding: base)
        let isDone = Mutex(false)
        async let searches: Void = {
            while !isDone.withLock({ $0 }) {
                let found = try await index.search(base[0], k: 200, options: exhaustive)
                #expect(Set(found.map(\.id)).count == 200)
            }
        }()
        for round in 0..<20 { try await index.replace(vectors(50, seed: UInt64(round)), ids: Array(50..<100)) }
        isDone.withLock { $0 = true }
        try await searches
    }
}

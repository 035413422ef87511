import Faiss
import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("A collection against a dictionary")
struct CollectionTests {
    @Test(
        "Any changes leave what a dictionary holds, before and after reopening",
        arguments: Metric.allCases,
        [
            CollectionIndex.automatic, .described(.flat), .described(.ivfFlat(lists: 8)),
            .described(.hnsw(neighbors: 8)),
            .described(.ivf(lists: 8, storing: .scalarQuantized())),
        ]
    )
    func randomChanges(metric: Metric, index: CollectionIndex) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let load = StorageLoad(seed: 17, dimension: 12, keys: 3000, batch: 400)
            var model = StorageModel(metric: metric)
            var number = 0
            for round in 0..<3 {
                let store = try await VectorStore.open(url, options: StoreOptions(durability: .fast))
                let collection =
                    round == 0
                    ? try await store.createCollection("rows", dimension: 12, metric: metric, index: index)
                    : try await store.collection("rows")
                for _ in 0..<40 {
                    let operation = load.operation(number)
                    try await operation.run(on: collection)
                    model.apply(operation)
                    number += 1
                }
                if round == 1 { try await collection.rebuildIndex() }
                // Cosines are rounded, the model's otherwise.
                let queries = metric == .cosine ? 0..<0 : number * 20..<number * 20 + 20
                let found = try await difference(collection, model, load: load, queries: queries)
                #expect(found == nil)
                for query in 0..<5 {
                    let matches = try await collection.search(load.query(query), k: 7).matches
                    let exact = try await collection.search(load.query(query), k: 7, options: QueryOptions(exact: true))
                    let expected = model.search(load.query(query), k: 7)
                    #expect(matches.count == expected.count)
                    #expect(difference(exact.matches, expected, tolerance: 1e-5) == nil)
                }
                #expect(try await store.verify() == [])
                await collection.waitForIndex()
                #expect(collection.statistics.indexProblem == nil)
                try await store.close()
            }
        }
    }

    @Test("An automatic index is built, is right often enough, keeps up, and is there after reopening")
    func automaticIndex() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let base = try TestVectors.siftLike(12_000, seed: 1)
            let queries = try TestVectors.siftLike(50, seed: 2)
            var store = try await VectorStore.open(url)
            var collection = try await store.createCollection("sift", dimension: 128, metric: .squaredL2)
            let rows = (0..<base.count).map { row in
                StoredVector(
                    key: VectorKey(row),
                    vector: Array(base[row]),
                    metadata: ["part": .integer(Int64(row % 100))]
                )
            }
            try await collection.upsert(Array(rows[..<9000]))
            #expect(collection.statistics.indexDescription == nil)
            try await collection.upsert(Array(rows[9000..<11_000]))
            await collection.waitForIndex()
            #expect(collection.statistics.indexDescription?.hasPrefix("ivf(") == true)
            try await collection.upsert(Array(rows[11_000...]))
            #expect(collection.statistics.recentCount == 1000)
            for reopened in [false, true] {
                if reopened {
                    try await store.close()
                    store = try await VectorStore.open(url)
                    collection = try await store.collection("sift")
                    #expect(collection.statistics.indexDescription?.hasPrefix("ivf(") == true)
                    #expect(collection.statistics.indexProblem == nil)
                }
                // None, one in ten (through the index), one in a hundred (few rows: exact).
                for (condition, strategy, least) in [
                    (nil, SearchDiagnostics.Strategy.index, 0.9),
                    (MetadataCondition.range("part", 0..<80), .index, 0.9), (.range("part", 0..<10), .exact, 1),
                    (.equals("part", 7), .exact, 1),
                ] {
                    let found = try await collection.search(queries, k: 10, where: condition)
                    #expect(found.allSatisfy { $0.diagnostics.strategy == strategy })
                    let truth = BruteForce(base, metric: .squaredL2).search(queries, k: 10) { id in
                        condition?.holds(for: rows[Int(id)].metadata) ?? true
                    }
                    var lists = NeighborLists()
                    for result in found {
                        lists.append(result.matches.map { Neighbor(id: $0.key.integer!, distance: $0.score) })
                    }
                    #expect(recall(of: lists, against: truth) >= least)
                }
            }
            try await store.close()
        }
    }

    @Test("An index is built without being asked for, once no more rows come in")
    func indexByItself() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("rows", dimension: 4, metric: .squaredL2)
            for batch in 0..<6 {
                try await collection.upsert(
                    (0..<2000).map { row in
                        StoredVector(key: VectorKey(batch * 2000 + row), vector: [Float(row), Float(batch), 1, 0])
                    }
                )
            }
            let end = ContinuousClock.now + .seconds(60)
            while collection.statistics.indexDescription == nil, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(collection.statistics.indexDescription != nil)
        }
    }

    @Test("An old state stays as it was while rows are replaced")
    func replacing() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await collection.upsert("x", [1, 0], metadata: ["version": 1])
            try await collection.upsert("x", [5, 0], metadata: ["version": 2])
            try await collection.upsert([
                StoredVector(key: "y", vector: [0, 1]),
                StoredVector(key: "y", vector: [0, 2], metadata: ["last": true]),
            ])
            #expect(collection.count == 2)
            #expect(try await collection.get("x")?.metadata == ["version": 2])
            #expect(try await collection.get("y") == StoredVector(key: "y", vector: [0, 2], metadata: ["last": true]))
            #expect(try await collection.get(["z", "x"]).map { $0?.key } == [nil, "x"])
            let found = try await collection.search([5, 0], k: 10)
            #expect(found.matches.map(\.key) == ["x", "y"])
            #expect(found.matches.map(\.score) == [0, 29])
            #expect(try await collection.delete(["x", "x", "nobody"]) == 1)
            #expect(try await collection.search([5, 0], k: 10).matches.map(\.key) == ["y"])
        }
    }

    @Test("A collection is opened or created in one call, and another shape is refused")
    func openOrCreate() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            // Of those that ask at once, one creates it.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let collection = try await store.openOrCreateCollection("a", dimension: 3)
                        try await collection.upsert("\(number)", [1, Float(number), 0])
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.collectionNames() == ["a"])
            #expect(try await store.openOrCreateCollection("a", dimension: 3).count == 8)
            await expectFailure(.collectionExists, naming: "'a'", "3", "4") {
                try await store.openOrCreateCollection("a", dimension: 4)
            }
            await expectFailure(.collectionExists, naming: "cosine", "squared L2") {
                try await store.openOrCreateCollection("a", dimension: 3, metric: .squaredL2)
            }
            await expectFailure(.invalidArgument, naming: "0", "65536") {
                try await store.openOrCreateCollection("b", dimension: 0)
            }
            let found = try await store.collection("a").search(ArraySlice<Float>([0, 1, 0]), k: 1)
            #expect(found.matches.first?.key == "7")
            try await store.close()
        }
    }

    @Test("Arguments out of their range are typed errors that name the value and the limit, and change nothing")
    func badArguments() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            await expectFailure(.invalidArgument, naming: "0", "65536") {
                try await store.createCollection("a", dimension: 0)
            }
            await expectFailure(.invalidArgument, naming: "255") { try await store.createCollection("", dimension: 3) }
            await expectFailure(.invalidArgument, naming: "divisible") {
                try await store.createCollection("a", dimension: 3, index: .described(.ivfPQ(subquantizers: 2)))
            }
            let collection = try await store.createCollection("a", dimension: 3)
            await expectFailure(.collectionExists, naming: "'a'") {
                try await store.createCollection("a", dimension: 3)
            }
            await expectFailure(.unknownCollection, naming: "'b'") { try await store.collection("b") }
            await expectFailure(.dimensionMismatch, naming: "2", "3") { try await collection.upsert("x", [1, 2]) }
            await expectFailure(.notFinite, naming: "nan") { try await collection.upsert("x", [1, .nan, 2]) }
            await expectFailure(.notFinite, naming: "1e+20", "1e+15") {
                try await collection.upsert("x", [1, 1e20, 2])
            }
            await expectFailure(.invalidArgument, naming: "zeros") { try await collection.upsert("x", [0, 0, 0]) }
            await expectFailure(.invalidArgument, naming: "0 bytes", "4096") {
                try await collection.upsert("", [1, 2, 3])
            }
            await expectFailure(.invalidArgument, naming: "4097 bytes") {
                try await collection.upsert(VectorKey(String(repeating: "k", count: 4097)), [1, 2, 3])
            }
            await expectFailure(.notFinite, naming: "'f'", "inf") {
                try await collection.upsert("x", [1, 2, 3], metadata: ["f": .double(.infinity)])
            }
            await expectFailure(.invalidArgument, naming: "257", "256") {
                let many = (0..<257).map { ("f\($0)", MetadataValue.null) }
                try await collection.upsert("x", [1, 2, 3], metadata: VectorMetadata(uniqueKeysWithValues: many))
            }
            await expectFailure(.invalidArgument, naming: "256 bytes") {
                try await collection.upsert("x", [1, 2, 3], metadata: [String(repeating: "n", count: 256): 1])
            }
            await expectFailure(.invalidArgument, naming: "\(16 << 20)") {
                let long = String(repeating: "x", count: 17 << 20)
                try await collection.upsert("x", [1, 2, 3], metadata: ["long": .string(long)])
            }
            // A batch with one bad row stores none of its rows.
            await expectFailure(.dimensionMismatch) {
                try await collection.upsert([
                    StoredVector(key: "good", vector: [1, 2, 3]), StoredVector(key: "bad", vector: [1]),
                ])
            }
            #expect(collection.count == 0)
            #expect(try await collection.search([1, 2, 3], k: 5).matches == [])
            await expectFailure(.invalidArgument, naming: "k 0") { try await collection.search([1, 2, 3], k: 0) }
            await expectFailure(.dimensionMismatch) { try await collection.search([1, 2], k: 1) }
            await expectFailure(.notFinite) { try await collection.search([1, 2, .infinity], k: 1) }
            await expectFailure(.invalidArgument, naming: "probes 0") {
                try await collection.search([1, 2, 3], k: 1, options: QueryOptions(probes: 0))
            }
            try await collection.upsert("x", [1, 2, 3])
            let all = try await collection.search([1, 2, 3], k: .max, options: QueryOptions(candidates: .max))
            #expect(all.matches.map(\.key) == ["x"])
        }
    }

    @Test("A collection knows at most 1,024 field names")
    func fieldNames() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 1, metric: .squaredL2)
            for batch in 0..<4 {
                let fields = (0..<256).map { ("f\(batch)-\($0)", MetadataValue.integer(1)) }
                try await collection.upsert(
                    VectorKey(batch),
                    [1],
                    metadata: VectorMetadata(uniqueKeysWithValues: fields)
                )
            }
            await expectFailure(.invalidArgument, naming: "1025", "1024") {
                try await collection.upsert("x", [1], metadata: ["another": 1])
            }
            #expect(try await collection.count(where: .exists("f3-255")) == 1)
        }
    }

    @Test("Cancelled work ends with a typed error")
    func cancelled() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(
                folder.appending(path: "store"),
                options: StoreOptions(durability: .fast)
            )
            let collection = try await store.createCollection("a", dimension: 16, metric: .squaredL2)
            let load = StorageLoad(seed: 3, dimension: 16, keys: 4000, batch: 2)
            try await collection.upsert(load.rows(0..<4000))
            let queries = try TestVectors.integers(2000, dimension: 16, in: 0...9, seed: 1)
            let task = Task { try await collection.search(queries, k: 5) }
            task.cancel()
            await expectFailure(.cancelled) { try await task.value }
            let writing = Task { try await collection.upsert(load.rows(0..<4000)) }
            writing.cancel()
            await expectFailure(.cancelled) { try await writing.value }
            #expect(collection.count == 4000)
        }
    }
}

#if Milvus
import Faiss
import Foundation
import Milvus
import NIOCore
import NIOPosix
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

/// `make test-milvus` starts servers and names their addresses.
private let address = ProcessInfo.processInfo.environment["SWIFT_FAISS_MILVUS"].flatMap { URL(string: $0) }

/// How many random conditions are tried: each takes milliseconds on the real server, and a twentieth of a second on the one
/// in Python.
private let conditionCount =
    ProcessInfo.processInfo.environment["SWIFT_FAISS_MILVUS_CONDITIONS"].flatMap { Int($0) } ?? 300

@Suite("A collection on a server", .serialized, .enabled(if: address != nil))
struct ServerTests {
    /// A store, and a collection of this name that is new.
    private func withCollection<Result>(
        _ name: String,
        dimension: Int,
        metric: Metric = .squaredL2,
        index: CollectionIndex = .described(.flat),
        options: MilvusOptions = MilvusOptions(),
        _ body: (MilvusStore, MilvusCollection) async throws -> Result
    ) async throws -> Result {
        let store = try await MilvusStore.connect(try #require(address), options: options)
        do {
            try await store.deleteCollection(name)
        } catch {
            #expect(error.code == .unknownCollection)
        }
        let collection = try await store.createCollection(name, dimension: dimension, metric: metric, index: index)
        let result = try await body(store, collection)
        try await store.deleteCollection(name)
        await store.close()
        return result
    }

    @Test("Any changes leave what a dictionary holds", arguments: [Metric.squaredL2, .innerProduct])
    func changes(metric: Metric) async throws {
        try await withCollection("changes", dimension: 12, metric: metric) { _, collection in
            let load = StorageLoad(seed: 17, dimension: 12, keys: 400, batch: 100)
            let failures = try await CollectionTrials.changes(collection, load: load, operations: 60, queries: 20)
            #expect(failures == [])
        }
    }

    @Test("Conditions mean what they mean in the embedded store, and metadata come back as they were")
    func conditions() async throws {
        try await withCollection("condi\u{301}tions-2", dimension: 2) { _, collection in
            let failures = try await CollectionTrials.conditions(
                collection,
                load: ConditionLoad(seed: 5),
                rows: 500,
                conditions: 0..<conditionCount
            )
            #expect(failures == [])
        }
    }

    @Test("Calls do what they say")
    func calls() async throws {
        try await withCollection("calls", dimension: 2) { _, collection in
            let failures = try await CollectionTrials.calls(collection)
            #expect(failures == [])
        }
    }

    @Test("What is wrong is refused before it is sent", arguments: Metric.allCases)
    func wrongInput(metric: Metric) async throws {
        try await withCollection("wrong", dimension: 2, metric: metric) { store, collection in
            let failures = try await CollectionTrials.wrongInput(collection)
            #expect(failures == [])
            await failure(.invalidArgument, "16385", "16384") { try await collection.search([1, 2], k: 16_385) }
            await failure(.invalidArgument, "65536") {
                try await collection.upsert(
                    "x",
                    [1, 2],
                    metadata: ["a": .string(String(repeating: "x", count: 70_000))]
                )
            }
            let many = MetadataCondition.in("a", (0..<5000).map { .integer($0) })
            await failure(.invalidArgument, "5000", "4096") { try await collection.count(where: many) }
            let alternating = (0..<40).reduce(MetadataCondition.exists("a")) { condition, number in
                number % 2 == 0 ? condition && .exists("b") : condition || .atLeast("c", number)
            }
            await failure(.invalidArgument, "41", "32") { try await collection.count(where: alternating) }
            await failure(.collectionExists, "wrong") { try await store.createCollection("wrong", dimension: 2) }
            await failure(.collectionExists, "3") {
                try await store.openOrCreateCollection("wrong", dimension: 3, metric: metric)
            }
            await failure(.unknownCollection, "nobody's") { try await store.collection("nobody's") }
            await failure(.unknownCollection, "nobody's") { try await store.deleteCollection("nobody's") }
            await failure(.invalidArgument, "32769") { try await store.createCollection("large", dimension: 32_769) }
            await failure(.invalidArgument, "ivfPQ") {
                try await store.createCollection("pq", dimension: 8, index: .described(.ivfPQ(subquantizers: 2)))
            }
            #expect(try await store.openOrCreateCollection("wrong", dimension: 2, metric: metric).dimension == 2)
            #expect(try await store.collectionNames().contains("wrong"))
        }
    }

    @Test("An iteration visits every row once, over pages, and rows of many sizes")
    func iteration() async throws {
        try await withCollection("iteration", dimension: 4) { _, collection in
            let rows = (0..<20_000).map { number in
                StoredVector(
                    key: VectorKey(number),
                    vector: [Float(number), 1, 2, 3],
                    metadata: number % 1000 == 0 ? ["text": .string(String(repeating: "long ", count: 10_000))] : [:]
                )
            }
            try await collection.upsert(rows)
            var seen: [VectorKey: StoredVector] = [:]
            var count = 0
            for try await row in collection.rows() {
                seen[row.key] = row
                count += 1
            }
            #expect(count == rows.count)
            #expect(rows.allSatisfy { seen[$0.key] == $0 })
            #expect(try await collection.get(rows.map(\.key)) == rows.map { $0 })
            #expect(try await collection.delete(rows.prefix(5000).map(\.key)) == 5000)
            #expect(try await collection.count(where: nil) == 15_000)
        }
    }

    @Test(
        "Narrow conditions are answered exactly, wide ones by the index, and never short",
        arguments: [
            CollectionIndex.described(.flat), .described(.ivfFlat(lists: 64)), .described(.hnsw(neighbors: 16)),
            .described(.ivf(lists: 64, storing: .scalarQuantized())), .automatic,
        ]
    )
    func searching(index: CollectionIndex) async throws {
        try await withCollection("searching", dimension: 128, index: index) { _, collection in
            let base = try TestVectors.siftLike(12_000, seed: 1)
            let queries = try TestVectors.siftLike(20, seed: 2)
            let rows = (0..<base.count).map { row in
                StoredVector(
                    key: VectorKey(row),
                    vector: Array(base[row]),
                    metadata: ["part": .integer(Int64(row % 100))]
                )
            }
            try await collection.upsert(rows)
            try await collection.waitForIndex()
            for (condition, isExact) in [
                (nil, index == .described(.flat)), (MetadataCondition.lessThan("part", 90), index == .described(.flat)),
                (.equals("part", 7), true), (.lessThan("part", 50), true),
            ] {
                let found = try await collection.search(queries, k: 10, where: condition)
                let truth = BruteForce(base, metric: .squaredL2).search(queries, k: 10) { id in
                    condition?.holds(for: rows[Int(id)].metadata) ?? true
                }
                var lists = NeighborLists()
                for result in found {
                    #expect(result.matches.count == 10)
                    #expect((result.diagnostics.strategy == .exact) == isExact)
                    lists.append(result.matches.map { Neighbor(id: $0.key.integer!, distance: $0.score) })
                }
                #expect(recall(of: lists, against: truth) >= (isExact ? 1 : 0.9), "\(index)")
                let single = try await collection.search(queries[0], k: 10, where: condition)
                #expect(single.matches.count == 10)
            }
            let exact = try await collection.search(queries, k: 10, where: nil, options: QueryOptions(exact: true))
            #expect(exact.allSatisfy { $0.diagnostics.strategy == .exact && $0.matches.count == 10 })
            #expect(try await collection.search(queries, k: 12_500).allSatisfy { $0.matches.count == 12_000 })
            // What was few a moment ago no longer is.
            let growing = rows.prefix(9000).map {
                StoredVector(key: $0.key, vector: $0.vector, metadata: ["part": .integer(7)])
            }
            try await collection.upsert(growing)
            let grown = try await collection.search(queries[0], k: 10, where: .equals("part", 7))
            #expect(grown.matches.count == 10 && grown.diagnostics.matching == 9030, "\(grown.diagnostics)")
        }
    }

    @Test("A read sees what was written before, as it was asked to")
    func consistency() async throws {
        try await withCollection("consistency", dimension: 2) { store, collection in
            for number in 0..<20 {
                try await collection.upsert("key", [1, Float(number)], metadata: ["number": .integer(Int64(number))])
                #expect(try await collection.get("key")?.metadata["number"] == .integer(Int64(number)))
                let other = try await store.collection("consistency")
                #expect(try await other.get("key")?.vector == [1, Float(number)])
            }
            // Another process.
            let second = try await MilvusStore.connect(try #require(address))
            try await collection.upsert("key", [7, 7])
            #expect(try await second.collection("consistency").get("key")?.vector == [7, 7])
            try await collection.upsert("key", [8, 8])
            #expect(try await second.collection("consistency").reading(.allWrites).get("key")?.vector == [8, 8])
            await second.close()
            #expect(collection.promises.readsOwnWrites && !collection.promises.writesAreAtomic)
            #expect(!collection.reading(.visible).promises.readsOwnWrites)
            await failure(.closed) { try await second.collectionNames() }
        }
    }

    @Test("Many calls at a time, and cancelled ones")
    func concurrency() async throws {
        try await withCollection(
            "concurrency",
            dimension: 8,
            options: MilvusOptions(batchSize: 100, concurrentCalls: 3)
        ) {
            _,
            collection in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        try await collection.upsert(
                            (0..<250).map {
                                StoredVector(key: "\(part)-\($0)", vector: Array(repeating: Float($0), count: 8))
                            }
                        )
                        _ = try await collection.search(Array(repeating: 1, count: 8), k: 3)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await collection.count(where: nil) == 2000)
            let task = Task {
                while true { _ = try await collection.search(Array(repeating: 1, count: 8), k: 3) }
            }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            let result = await task.result
            #expect(throws: VectorError.self) { try result.get() }
            #expect(try await collection.count(where: nil) == 2000)
        }
    }
}

@Suite("The command line on a server", .serialized, .enabled(if: address != nil))
struct ServerCommandTests {
    @Test("A store is pushed, pushed again after a change, searched there, and pulled back")
    func push() async throws {
        let server = try #require(address).absoluteString
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "here").path(percentEncoded: false)
            let back = folder.appending(path: "back").path(percentEncoded: false)
            let store = try await VectorStore.open(folder.appending(path: "here"))
            let collection = try await store.createCollection("push-test", dimension: 8, metric: .cosine)
            let load = ConditionLoad(seed: 9)
            let rows = (0..<700).map { number in
                StoredVector(
                    key: VectorKey("row \(number)"),
                    vector: (0..<8).map { Float((number * 7 + $0 * 13) % 29) - 13.5 },
                    metadata: load.metadata(number).merging(["part": .integer(Int64(number % 7))]) { $1 }
                )
            }
            try await collection.upsert(rows)
            try await store.close()
            func vectors(_ command: String, _ arguments: String...) throws -> VectorsProgram.Outcome {
                try VectorsProgram.outcome(["store", command] + arguments + ["--collection", "push-test", "--json"])
            }
            _ = try vectors("drop", server)
            let first = try vectors("push", path, "--to", server, "--index", "flat", "--batch", "300")
            #expect(first.status == 0, "\(first)")
            #expect(first.object["written"] as? Int == 700 && first.object["is_equal"] as? Bool == true, "\(first)")
            #expect(try vectors("delete", path, "row 3", "row 4").status == 0)
            #expect(try vectors("update", path, "row 5", "--metadata", "{\"new\": 1}").status == 0)
            let unequal = try vectors("push", path, "--to", server)
            #expect(unequal.status == 1 && unequal.errors.contains("--remove-others"), "\(unequal)")
            #expect(unequal.object["written"] as? Int == 1 && unequal.object["unchanged"] as? Int == 697, "\(unequal)")
            let second = try vectors("push", path, "--to", server, "--remove-others")
            #expect(second.status == 0 && second.object["removed"] as? Int == 2, "\(second)")
            for condition in ["part = 2", "exists new or part < 4"] {
                let here = try vectors("search", path, "--key", "row 9", "--where", condition)
                let there = try vectors("search", server, "--key", "row 9", "--where", condition)
                #expect(scores(here) == scores(there) && scores(here).count == 10, "\(here) \(there)")
            }
            #expect(try vectors("count", server, "--where", "exists new").object["count"] as? Int == 1)
            #expect(try vectors("get", server, "row 5").output.contains("\"new\":1"))
            let pulled = try vectors("push", server, "--to", back)
            #expect(pulled.object["written"] as? Int == 698 && pulled.status == 0, "\(pulled)")
            #expect(try vectors("count", back).object["count"] as? Int == 698)
            let folderOnly = try VectorsProgram.outcome(["store", "verify", server])
            #expect(folderOnly.status == 64 && folderOnly.errors.contains("folder"), "\(folderOnly)")
            #expect(try vectors("drop", server).status == 0)
            #expect(try vectors("count", server).status == 1)
        }
    }

    /// What a search scored, rounded: neighbours that are equally near may be in any order.
    private func scores(_ outcome: VectorsProgram.Outcome) -> [Int] {
        let matches = (outcome.object["matches"] as? [[[String: Any]]])?.first ?? []
        return matches.compactMap { ($0["score"] as? Double).map { Int(($0 * 1e5).rounded()) } }
    }
}

private let secureAddress = ProcessInfo.processInfo.environment["SWIFT_FAISS_MILVUS_SECURE"].flatMap { URL(string: $0) }
private let certificate = ProcessInfo.processInfo.environment["SWIFT_FAISS_MILVUS_CERTIFICATE"]

@Suite("A server behind TLS that wants a token", .enabled(if: secureAddress != nil && certificate != nil))
struct SecureServerTests {
    @Test("Is reached with its certificate and the token, and not without one of them")
    func secure() async throws {
        let url = try #require(secureAddress)
        let file = URL(filePath: try #require(certificate))
        let store = try await MilvusStore.connect(
            url,
            options: MilvusOptions(token: "root:secret", trustedCertificates: file)
        )
        #expect(!store.serverVersion.isEmpty)
        _ = try await store.collectionNames()
        await store.close()
        for token in [nil, "root:wrong"] {
            await failure(.notPermitted, "https://") {
                try await MilvusStore.connect(url, options: MilvusOptions(token: token, trustedCertificates: file))
            }
        }
        // The certificate is nobody's that the system trusts.
        await failure(.unavailable, "https://") {
            try await MilvusStore.connect(url, options: MilvusOptions(token: "root:secret", patience: .seconds(1)))
        }
        await failure(.inputOutput) {
            try await MilvusStore.connect(
                url,
                options: MilvusOptions(trustedCertificates: URL(filePath: "/nowhere.pem"))
            )
        }
    }
}

@Suite("A server that is not there")
struct AbsentServerTests {
    @Test("Is a typed error that names the address")
    func absent() async throws {
        await failure(.unavailable, "http://127.0.0.1:1") {
            try await MilvusStore.connect(
                try #require(URL(string: "http://127.0.0.1:1")),
                options: MilvusOptions(patience: .milliseconds(500))
            )
        }
    }

    @Test("One that never answers is waited for no longer than the deadline")
    func silent() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup).bind(
            host: "127.0.0.1",
            port: 0
        ).get()
        let port = try #require(server.localAddress?.port)
        await failure(.timedOut, "http://127.0.0.1:\(port)", "0.3 seconds") {
            try await MilvusStore.connect(
                try #require(URL(string: "http://127.0.0.1:\(port)")),
                options: MilvusOptions(deadline: .milliseconds(300))
            )
        }
        try await server.close()
    }

    @Test(
        "Addresses and options out of their limits are refused",
        arguments: [
            "ftp://host", "http://", "host:19530", "http://user@host", "http://host/path", "http://host:0",
            "http://host:70000",
        ]
    )
    func addresses(_ text: String) async throws {
        guard let url = URL(string: text) else { return }
        await failure(.invalidArgument) { try await MilvusStore.connect(url) }
        let good = try #require(URL(string: "http://127.0.0.1:1"))
        for options in [
            MilvusOptions(deadline: .zero), MilvusOptions(patience: .seconds(-1)), MilvusOptions(batchSize: 0),
            MilvusOptions(concurrentCalls: 0),
        ] {
            await failure(.invalidArgument) { try await MilvusStore.connect(good, options: options) }
        }
    }
}

/// Expects an error with this code, whose message has these parts.
private func failure<Result>(
    _ code: VectorError.Code,
    _ parts: String...,
    body: () async throws -> Result
) async {
    do {
        _ = try await body()
        Issue.record("no error, where \(code) was expected")
    } catch let error as VectorError {
        #expect(error.code == code, "\(error)")
        for part in parts { #expect(error.message.contains(part), "\(error)") }
    } catch {
        Issue.record("\(error)")
    }
}
#endif

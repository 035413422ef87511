import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("A store as a folder")
struct StoreTests {
    private let load = StorageLoad(seed: 40, dimension: 6, keys: 2000, batch: 30)

    /// A store with 2,000 rows in the collection "rows" and the model of it.
    private func filled(_ url: URL, index: CollectionIndex = .automatic) async throws -> (
        store: VectorStore, collection: VectorCollection, model: StorageModel
    ) {
        let store = try await VectorStore.open(url)
        let collection = try await store.createCollection("rows", dimension: 6, metric: .squaredL2, index: index)
        var model = StorageModel(metric: .squaredL2)
        try await collection.upsert(load.rows(0..<2000))
        model.apply(.upsert(load.rows(0..<2000)))
        return (store, collection, model)
    }

    @Test("What is not there, not a store, or of a later version is a typed error")
    func opening() async throws {
        try await withTemporaryFolder { folder in
            let missing = folder.appending(path: "missing")
            await expectFailure(.noStore, naming: "missing") {
                try await VectorStore.open(missing, options: StoreOptions(access: .readOnly))
            }
            await expectFailure(.noStore, naming: "missing") {
                try await VectorStore.open(missing, options: StoreOptions(access: .readWrite))
            }
            #expect(!FileManager.default.fileExists(atPath: missing.path))
            await expectFailure(.invalidArgument, naming: "https") {
                try await VectorStore.open(try #require(URL(string: "https://example.org/store")))
            }
            let text = folder.appending(path: "text")
            try FileManager.default.createDirectory(at: text, withIntermediateDirectories: true)
            try Data(repeating: 65, count: 9000).write(to: text.appending(path: "store.sqlite"))
            await expectFailure(.damaged) { try await VectorStore.open(text) }
        }
    }

    @Test("One writer at a time; readers beside it see what it commits")
    func locking() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var (store, collection, model) = try await filled(url)
            await expectFailure(.locked, naming: "process \(getpid())", "reading only") {
                try await VectorStore.open(url)
            }
            let reader = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            let readOnly = try await reader.collection("rows")
            #expect(try await difference(readOnly, model, load: load, queries: 0..<10) == nil)
            await expectFailure(.readOnly, naming: "reading only") {
                try await readOnly.upsert("x", [1, 2, 3, 4, 5, 6])
            }
            await expectFailure(.readOnly) { try await reader.createCollection("b", dimension: 2) }
            await expectFailure(.readOnly) { try await readOnly.rebuildIndex() }
            for number in 0..<5 {
                try await load.operation(number).run(on: collection)
                model.apply(load.operation(number))
                _ = try await readOnly.count(where: .exists("lang"))
                #expect(try await difference(readOnly, model, load: load, queries: number..<number + 3) == nil)
            }
            try await store.close()
            await expectFailure(.closed) { try await collection.search([1, 2, 3, 4, 5, 6], k: 1) }
            await expectFailure(.closed) { try await collection.upsert("x", [1, 2, 3, 4, 5, 6]) }
            await expectFailure(.closed) { try await store.collectionNames() }
            try await reader.close()
            store = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            collection = try await store.collection("rows")
            #expect(try await difference(collection, model, load: load, queries: 0..<10) == nil)
        }
    }

    @Test("Collections come, go, and keep apart")
    func collections() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let first = try await store.createCollection("first", dimension: 2, metric: .squaredL2)
            let second = try await store.createCollection("zweite ü", dimension: 3)
            try await first.upsert("x", [1, 2])
            try await second.upsert("x", [1, 2, 3])
            #expect(try await store.collectionNames() == ["first", "zweite ü"])
            try await store.deleteCollection("first")
            #expect(try await store.collectionNames() == ["zweite ü"])
            await expectFailure(.unknownCollection, naming: "first") { try await first.upsert("y", [1, 2]) }
            await expectFailure(.unknownCollection, naming: "first") { try await store.collection("first") }
            await expectFailure(.unknownCollection) { try await store.deleteCollection("first") }
            let again = try await store.createCollection("first", dimension: 2)
            #expect(again.count == 0)
            try await store.close()
            let reopened = try await VectorStore.open(url)
            #expect(try await reopened.collection("zweite ü").get("x")?.vector == [1, 2, 3])
            #expect(try await reopened.collection("first").count == 0)
        }
    }

    @Test("A snapshot is a store of its own, of one state")
    func snapshot() async throws {
        try await withTemporaryFolder { folder in
            let (store, collection, model) = try await filled(
                folder.appending(path: "store"),
                index: .described(.ivfFlat(lists: 4))
            )
            try await collection.rebuildIndex()
            let copy = folder.appending(path: "copy")
            try await store.snapshot(to: copy)
            await expectFailure(.invalidArgument, naming: "exists") { try await store.snapshot(to: copy) }
            try await collection.delete(where: .exists("lang"))
            #expect(collection.count == 0)
            let restored = try await VectorStore.open(copy)
            let rows = try await restored.collection("rows")
            #expect(rows.statistics.indexDescription == "ivfFlat(lists: 4)")
            #expect(try await difference(rows, model, load: load, queries: 0..<10) == nil)
            #expect(try await restored.verify() == [])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["copy", "store"])
        }
    }

    @Test("Compacting gives space back and changes no answer")
    func compacting() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var (store, collection, model) = try await filled(url, index: .described(.hnsw(neighbors: 4)))
            for number in 0..<60 {
                try await load.operation(number).run(on: collection)
                model.apply(load.operation(number))
            }
            let keys = (0..<500).map { VectorKey($0) }
            try await collection.delete(keys)
            model.apply(.delete(keys))
            try await store.compact()
            #expect(collection.statistics.deletedCount == 0)
            #expect(collection.statistics.recentCount == 0)
            let size = store.databaseFileSize
            #expect(try await difference(collection, model, load: load, queries: 0..<20) == nil)
            try await store.compact()
            #expect(store.databaseFileSize <= size)
            try await store.close()
            store = try await VectorStore.open(url)
            collection = try await store.collection("rows")
            #expect(collection.statistics.indexProblem == nil)
            #expect(collection.statistics.recentCount == 0)
            #expect(try await difference(collection, model, load: load, queries: 0..<20) == nil)
        }
    }

    @Test("A lost write-ahead log is told, and accepted only when asked to")
    func lostLog() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let (store, collection, model) = try await filled(url)
            try await store.compact()
            try await collection.upsert("late", [1, 2, 3, 4, 5, 6])
            let copy = folder.appending(path: "copy")
            try FileManager.default.copyItem(at: url, to: copy)
            try await store.close()
            try FileManager.default.removeItem(at: copy.appending(path: "store.sqlite-wal"))
            try FileManager.default.removeItem(at: copy.appending(path: "store.sqlite-shm"))
            await expectFailure(.damaged, naming: "lost", "acceptsLostWrites") { try await VectorStore.open(copy) }
            await expectFailure(.damaged) {
                try await VectorStore.open(copy, options: StoreOptions(access: .readOnly))
            }
            let accepted = try await VectorStore.open(copy, options: StoreOptions(acceptsLostWrites: true))
            let rows = try await accepted.collection("rows")
            #expect(try await difference(rows, model, load: load, queries: 0..<5) == nil)
            try await rows.upsert("late", [1, 2, 3, 4, 5, 6])
            try await accepted.close()
            #expect(try await VectorStore.open(copy).collection("rows").count == model.rows.count + 1)
        }
    }

    @Test("Damaged files give right answers or typed errors", arguments: DamageTrial.Target.allCases)
    func damage(target: DamageTrial.Target) async throws {
        try await withTemporaryFolder { folder in
            let trial = try await DamageTrial(folder: folder, isOnDisk: target == .rowFile)
            for seed in 0..<40 { _ = try await trial.run(target, seed: UInt64(seed)) }
        }
    }

    @Test(
        "A full disk is a typed error, and what was stored before stays",
        .enabled(if: SmallDisk.isPossible, "mounting a file system is not allowed here")
    )
    func fullDisk() async throws {
        try await SmallDisk.withMounted(kilobytes: 1500) { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("rows", dimension: 6, metric: .squaredL2)
            var model = StorageModel(metric: .squaredL2)
            var failures = 0
            for start in stride(from: 0, to: 20_000, by: 500) {
                let rows = StorageLoad(seed: 2, dimension: 6, keys: 20_000, batch: 2).rows(start..<start + 500)
                do throws(VectorError) {
                    try await collection.upsert(rows)
                    model.apply(.upsert(rows))
                } catch {
                    #expect(error.code == .inputOutput, "\(error)")
                    failures += 1
                }
            }
            #expect(failures > 0 && collection.count > 0)
            #expect(try await difference(collection, model, load: load, queries: 0..<5) == nil)
            try await store.close()
            let reopened = try await VectorStore.open(folder.appending(path: "store"))
            let rows = try await reopened.collection("rows")
            #expect(try await difference(rows, model, load: load, queries: 0..<5) == nil)
            try await reopened.close()
        }
    }

    @Test("A file that is no database is named")
    func noDatabase() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "store.sqlite")
            try Data(repeating: 7, count: 5000).write(to: file)
            for access in [StoreOptions.Access.readWrite, .readWriteCreating, .readOnly] {
                await expectFailure(.damaged, naming: file.path(percentEncoded: false)) {
                    try await VectorStore.open(folder, options: StoreOptions(access: access))
                }
            }
        }
    }

    @Test("The first version's files open")
    func versionOne() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/version-1")
            try FileManager.default.copyItem(at: fixture, to: url)
            let store = try await VectorStore.open(url)
            #expect(try await store.collectionNames() == ["rows", "kinds"])
            let rows = try await store.collection("rows")
            #expect(rows.index == .described(.ivfFlat(lists: 2)) && rows.metric == .squaredL2)
            #expect(rows.statistics.indexProblem == nil)
            #expect(rows.statistics.indexDescription == "ivfFlat(lists: 2)")
            var model = StorageModel(metric: .squaredL2)
            for operation in VersionOne.operations { model.apply(operation) }
            #expect(try await difference(rows, model, load: VersionOne.load, queries: 0..<50) == nil)
            let kinds = try await store.collection("kinds")
            #expect(kinds.metric == .cosine && kinds.index == .automatic)
            #expect(try await kinds.get("all") == VersionOne.kinds)
            #expect(try await store.verify() == [])
        }
    }

    @Test("Writes the fixture of a version", .enabled(if: getenv("WRITE_STORE_FIXTURE") != nil))
    func writeFixture() async throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        try FileManager.default.createDirectory(at: fixtures, withIntermediateDirectories: true)
        let url = fixtures.appending(path: "version-1")
        let store = try await VectorStore.open(url)
        let rows = try await store.createCollection(
            "rows",
            dimension: 2,
            metric: .squaredL2,
            index: .described(.ivfFlat(lists: 2))
        )
        for (number, operation) in VersionOne.operations.enumerated() {
            if number == 1 { try await rows.rebuildIndex() }
            try await operation.run(on: rows)
        }
        try await store.createCollection("kinds", dimension: 3).upsert([VersionOne.kinds])
        try await store.close()
        for name in ["lock", "store.sqlite-wal", "store.sqlite-shm"] {
            try? FileManager.default.removeItem(at: url.appending(path: name))
        }
    }
}

/// What the fixture of the format's first version holds.
private enum VersionOne {
    static let load = StorageLoad(seed: 1, dimension: 2, keys: 1000, batch: 3)
    static let operations = [.upsert(load.rows(0..<1000))] + (0..<20).map(load.operation)
    static let kinds = StoredVector(
        key: "all",
        vector: [0.1, -2, 3e-5],
        metadata: [
            "string": "text, ünï", "integer": -9_007_199_254_740_993, "double": 0.1, "bool": true, "null": nil,
            "date": .date(Date(timeIntervalSinceReferenceDate: 12_345.678)), "strings": ["a", "", "b"],
        ]
    )
}

import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("Iterating over the rows of a collection")
struct StoredRowsTests {
    private struct Stop: Error, Equatable { var count: Int }

    private func rows(_ range: Range<Int>) -> [StoredVector] {
        range.map { StoredVector(key: VectorKey($0), vector: [Float($0), 1], metadata: ["n": .integer(Int64($0))]) }
    }

    private func withRows(_ count: Int, _ body: (VectorStore, VectorCollection) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(
                folder.appending(path: "store"),
                options: StoreOptions(durability: .fast)
            )
            let collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await collection.upsert(rows(0..<count))
            try await body(store, collection)
            try await store.close()
        }
    }

    /// The error of an iteration has the store's type.
    private func keys(
        _ collection: VectorCollection,
        where condition: MetadataCondition? = nil
    ) async throws(VectorError) -> [VectorKey] {
        var keys: [VectorKey] = []
        for try await row in collection.rows(where: condition) { keys.append(row.key) }
        return keys
    }

    @Test(
        "Rows come in the order of their writing, whatever their number and size",
        arguments: [0, 1, 1023, 1024, 5000]
    )
    func order(count: Int) async throws {
        try await withRows(count) { _, collection in
            #expect(try await keys(collection) == (0..<count).map { VectorKey($0) })
            let some = try await keys(collection, where: .greaterThan("n", 1500) && .atMost("n", 3000))
            #expect(some == (1501..<3001).filter { $0 < count }.map { VectorKey($0) })
            #expect(try await keys(collection, where: .exists("nothing")) == [])
            // Each as large as a batch.
            let text = MetadataValue.string(String(repeating: "x", count: 5 << 20))
            try await collection.upsert(
                (0..<3).map { StoredVector(key: "large \($0)", vector: [0, 0], metadata: ["text": text]) }
            )
            try await collection.upsert("0", [7, 8])
            var found: [StoredVector] = []
            for try await row in collection.rows() { found.append(row) }
            let staying = (0..<count).dropFirst().map { VectorKey($0) }
            #expect(found.map(\.key) == staying + ["large 0", "large 1", "large 2", "0"])
            #expect(found.last == StoredVector(key: "0", vector: [7, 8]))
            #expect(found.dropLast().last?.metadata == ["text": text])
        }
    }

    @Test("An iteration shows the state at its beginning, and each iteration its own")
    func consistency() async throws {
        try await withRows(3000) { _, collection in
            let all = collection.rows()
            var seen: [VectorKey] = []
            for try await row in all {
                if seen.isEmpty {
                    try await collection.upsert(rows(2000..<4000).map { StoredVector(key: $0.key, vector: [0, 0]) })
                    try await collection.delete((0..<1000).map { VectorKey($0) })
                }
                #expect(row.vector == [Float(seen.count), 1])
                seen.append(row.key)
            }
            #expect(seen == (0..<3000).map { VectorKey($0) })
            #expect(try await keys(collection) == (1000..<4000).map { VectorKey($0) })
            var again = 0
            for try await _ in all { again += 1 }
            #expect(again == 3000)
        }
    }

    /// On an actor, as in an app.
    @MainActor
    private func stop(_ collection: VectorCollection, after limit: Int) async throws {
        var count = 0
        for try await _ in collection.rows() {
            count += 1
            if count == limit { throw Stop(count: count) }
        }
    }

    @Test("A caller's own error ends an iteration and keeps its type")
    func ownErrors() async throws {
        try await withRows(2000) { _, collection in
            await #expect(throws: Stop(count: 1500)) { try await stop(collection, after: 1500) }
            try await stop(collection, after: 2001)
        }
    }

    @Test("An iteration that ends early leaves no file open, and the log can be emptied")
    func earlyEnd() async throws {
        try await withRows(5000) { store, collection in
            func openFiles() throws -> Int {
                guard FileManager.default.fileExists(atPath: "/proc/self/fd") else { return 0 }
                let path = store.url.path
                return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { number in
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)")
                    return target?.hasPrefix(path) == true
                }
            }
            func firstRow() async throws -> StoredVector? {
                for try await row in collection.rows() { return row }
                return nil
            }
            _ = try await firstRow()
            let before = try openFiles()
            for _ in 0..<50 { #expect(try await firstRow()?.key == "0") }
            // SQLite keeps some to open again, and the last connections may be closed a moment later.
            #expect(try openFiles() <= before + 10)
            try await store.compact()
            let log = try FileManager.default.attributesOfItem(atPath: store.url.path + "/store.sqlite-wal")
            #expect(log[.size] as? Int == 0)
        }
    }

    @Test("A cancelled task, a closed store and a bad condition are typed errors, and then the end")
    func failures() async throws {
        try await withRows(3000) { store, collection in
            let task = Task {
                var count = 0
                for try await _ in collection.rows() {
                    count += 1
                    if count == 10 { withUnsafeCurrentTask { $0?.cancel() } }
                    #expect(count <= 10)
                }
            }
            await expectFailure(.cancelled) { try await task.value }
            await expectFailure(.notFinite) { try await keys(collection, where: .atLeast("n", Double.nan)) }
            var iterator = collection.rows().makeAsyncIterator()
            #expect(try await iterator.next()?.key == "0")
            try await store.close()
            await expectFailure(.closed) { while try await iterator.next() != nil {} }
            #expect(try await iterator.next() == nil)
            await expectFailure(.closed) { try await keys(collection) }
        }
    }
}

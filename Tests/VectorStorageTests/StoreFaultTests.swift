import Foundation
import StorageTestSupport
import Synchronization
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("Faults that users of a store met")
struct StoreFaultTests {
    private func rows(_ range: Range<Int>, dimension: Int = 16) throws -> [StoredVector] {
        let vectors = try TestVectors.uniform(range.count, dimension: dimension, seed: 7)
        return range.enumerated().map { StoredVector(key: VectorKey($1), vector: Array(vectors[$0])) }
    }

    private func indexFiles(_ url: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).filter {
            $0.hasSuffix(".vindex") || $0.hasSuffix(".vlists")
        }
    }

    @Test(
        "Compacting leaves what a new store of the rows would have: no index of rows that are gone",
        arguments: [0, 4000, 12_000]
    )
    func compacting(staying: Int) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let collection = try await store.createCollection("a", dimension: 16, metric: .squaredL2)
            try await collection.upsert(rows(0..<20_000))
            await collection.waitForIndex()
            #expect(collection.statistics.indexMemorySize > 0)
            try await collection.delete((staying..<20_000).map { VectorKey($0) })
            try await store.compact()

            let fresh = try await VectorStore.open(folder.appending(path: "fresh"))
            let other = try await fresh.createCollection("a", dimension: 16, metric: .squaredL2)
            try await other.upsert(Array(rows(0..<20_000)[..<staying]))
            await other.waitForIndex()
            try await fresh.compact()
            #expect(try indexFiles(url).count == indexFiles(fresh.url).count)
            for (first, second) in [
                (collection.statistics.indexMemorySize, other.statistics.indexMemorySize),
                (collection.statistics.tableMemorySize, other.statistics.tableMemorySize),
                (collection.statistics.indexFileSize ?? 0, other.statistics.indexFileSize ?? 0),
                (store.databaseFileSize, fresh.databaseFileSize),
            ] { #expect(abs(first - second) <= max(second / 20, 8192)) }
            #expect((collection.statistics.indexDescription == nil) == (staying < 10_000))
            try await store.close()
            let again = try await VectorStore.open(url)
            #expect(try await again.collection("a").count == staying)
            #expect(try await again.verify() == [])
        }
    }

    @Test("An index of rows of which nearly all are gone goes by itself")
    func shrinking() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 16, metric: .squaredL2)
            try await collection.upsert(rows(0..<12_000))
            await collection.waitForIndex()
            try await collection.delete((100..<12_000).map { VectorKey($0) })
            await collection.waitForIndex()
            #expect(collection.statistics.indexMemorySize == 0 && collection.statistics.deletedCount == 0)
            #expect(try indexFiles(store.url) == [])
            #expect(try await collection.search(Array(repeating: 0, count: 16), k: 200).matches.count == 100)
        }
    }

    @Test("A snapshot has the index files that it names, however often they are replaced meanwhile")
    func snapshots() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(
                folder.appending(path: "store"),
                options: StoreOptions(durability: .fast)
            )
            let index = CollectionIndex.described(.ivfFlat(lists: 4))
            let collection = try await store.createCollection("a", dimension: 4, metric: .squaredL2, index: index)
            try await collection.upsert(rows(0..<2000, dimension: 4))
            let isDone = Mutex(false)
            let replacing = Task {
                var number = 0
                while !isDone.withLock({ $0 }) {
                    try await collection.upsert(VectorKey(number % 2000), [Float(number), 1, 2, 3])
                    try await collection.rebuildIndex()
                    number += 1
                }
                return number
            }
            try await collection.rebuildIndex()
            for number in 0..<40 {
                let copy = folder.appending(path: "copy-\(number)")
                try await store.snapshot(to: copy)
                let opened = try await VectorStore.open(copy, options: StoreOptions(access: .readOnly))
                #expect(try await opened.verify() == [])
                #expect(try await opened.collection("a").statistics.indexDescription == "ivfFlat(lists: 4)")
                try await opened.close()
                try FileManager.default.removeItem(at: copy)
            }
            isDone.withLock { $0 = true }
            #expect(try await replacing.value > 0)
            #expect(try indexFiles(store.url).count == 1)
        }
    }

    @Test("What a killed snapshot left is removed by the next one beside it, and nothing else is")
    func forgottenSnapshots() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            for name in [".swift-faiss-1.tmp", "mine.tmp"] {
                let left = folder.appending(path: name)
                try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
                for file in ["lock", "store.sqlite"] { try Data("1".utf8).write(to: left.appending(path: file)) }
            }
            // A snapshot that another store is making: its lock is held.
            let busy = try await VectorStore.open(folder.appending(path: ".swift-faiss-2.tmp"))
            try await store.snapshot(to: folder.appending(path: "copy"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == [".swift-faiss-2.tmp", "copy", "mine.tmp", "store"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/copy") == ["store.sqlite"])
            try await busy.close()
        }
    }

    @Test(
        "A write is an error once the store's folder is deleted, moved or replaced",
        arguments: ["deleted", "moved", "replaced"]
    )
    func lostFolder(how: String) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await collection.upsert("x", [1, 2])
            switch how {
            case "deleted": try FileManager.default.removeItem(at: url)
            case "moved": try FileManager.default.moveItem(at: url, to: folder.appending(path: "elsewhere"))
            default:
                try await store.snapshot(to: folder.appending(path: "copy"))
                try FileManager.default.removeItem(at: url)
                try FileManager.default.moveItem(at: folder.appending(path: "copy"), to: url)
            }
            for _ in 0..<2 {
                await expectFailure(.inputOutput, naming: "store.sqlite", "deleted, moved or replaced") {
                    try await collection.upsert("y", [1, 2])
                }
            }
            await expectFailure(.inputOutput) { try await collection.delete(["x"]) }
            await expectFailure(.inputOutput) { try await store.createCollection("b", dimension: 2) }
            #expect(collection.count == 1)
        }
    }

    @Test("Metadata change without the vector, merged or replaced, all or none")
    func updating() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var store = try await VectorStore.open(url)
            var collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await collection.upsert([
                StoredVector(key: "x", vector: [1, 2], metadata: ["a": 1, "b": "two"]),
                StoredVector(key: "y", vector: [3, 4]),
            ])
            try await collection.update("x", metadata: ["b": 2, "c": true])
            #expect(try await collection.get("x")?.metadata == ["a": 1, "b": 2, "c": true])
            try await collection.update([("x", ["d": 1]), ("y", ["d": 2]), ("x", ["e": nil])], removing: ["a", "no"])
            #expect(try await collection.get("x")?.metadata == ["b": 2, "c": true, "d": 1, "e": nil])
            #expect(try await collection.count(where: .exists("d")) == 2)
            try await collection.update("x", metadata: ["z": 0.5], replacing: true)
            await expectFailure(.unknownKey, naming: "'ghost'") {
                try await collection.update([("y", ["d": 3]), ("ghost", ["d": 3])])
            }
            await expectFailure(.notFinite, naming: "'d'") {
                try await collection.update("y", metadata: ["d": .double(.nan)])
            }
            #expect(try await store.verify() == [])
            try await store.close()
            store = try await VectorStore.open(url)
            collection = try await store.collection("a")
            #expect(try await collection.get("x") == StoredVector(key: "x", vector: [1, 2], metadata: ["z": 0.5]))
            #expect(try await collection.get("y") == StoredVector(key: "y", vector: [3, 4], metadata: ["d": 2]))
            #expect(collection.count == 2)
        }
    }

    @Test("A collection gets another name, and values of it go on")
    func renaming() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let store = try await VectorStore.open(url)
            let collection = try await store.createCollection("a", dimension: 2, metric: .squaredL2)
            try await store.createCollection("b", dimension: 2)
            try await collection.upsert("x", [1, 2])
            let reader = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            _ = try await reader.collection("a")
            await expectFailure(.collectionExists, naming: "'b'") { try await store.renameCollection("a", to: "b") }
            await expectFailure(.unknownCollection, naming: "'z'") { try await store.renameCollection("z", to: "y") }
            await expectFailure(.invalidArgument, naming: "255") { try await store.renameCollection("a", to: "") }
            try await store.renameCollection("a", to: "c")
            try await collection.upsert("y", [3, 4])
            #expect(collection.name == "c")
            #expect(try await store.collectionNames() == ["c", "b"])
            #expect(try await store.collection("c").count == 2)
            await expectFailure(.unknownCollection) { try await store.collection("a") }
            await expectFailure(.unknownCollection) { try await reader.collection("a") }
            #expect(try await reader.collection("c").get("y")?.vector == [3, 4])
            try await store.createCollection("a", dimension: 3)
            #expect(try await store.verify() == [])
            try await store.close()
            #expect(try await VectorStore.open(url).collection("c").count == 2)
        }
    }

    @Test("Fields of rows that are gone don't count towards the limit of 1,024")
    func forgottenFields() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 1, metric: .squaredL2)
            func fields(_ batch: Int) -> VectorMetadata {
                VectorMetadata(uniqueKeysWithValues: (0..<256).map { ("f\(batch)-\($0)", .integer(1)) })
            }
            for batch in 0..<4 { try await collection.upsert(VectorKey(batch), [1], metadata: fields(batch)) }
            await expectFailure(.invalidArgument, naming: "1025") {
                try await collection.upsert("x", [1], metadata: ["y": 1])
            }
            // A row that is replaced by the change itself is gone, too.
            try await collection.upsert("0", [1], metadata: fields(4))
            try await collection.delete(["1"])
            try await collection.upsert("1", [1], metadata: fields(5))
            #expect(try await collection.fieldCounts().count == 1024)
            #expect(try await collection.count(where: .exists("f0-0")) == 0)
            #expect(try await collection.count(where: .exists("f5-255")) == 1)
            #expect(try await collection.count(where: !.exists("f1-0")) == 4)
            #expect(try await store.verify() == [])
        }
    }

    @Test("No message of Foundation's or SQLite's comes through")
    func messages() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "file")
            try Data("x".utf8).write(to: file)
            let link = folder.appending(path: "link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: URL(filePath: "/nowhere/at/all"))
            for url in [file, link, file.appending(path: "below"), URL(filePath: "/proc/nothing")] {
                do throws(VectorError) {
                    _ = try await VectorStore.open(url)
                    Issue.record("\(url) became a store")
                } catch {
                    #expect(error.code == .inputOutput, "\(error)")
                    #expect(error.message.hasPrefix("can't make the folder '/"), "\(error)")
                    #expect(!error.message.contains("NSCocoa") && !error.message.contains("Domain"), "\(error)")
                }
            }
            let store = try await VectorStore.open(folder.appending(path: "store"))
            await expectFailure(.inputOutput, naming: "/proc/nothing") {
                try await store.snapshot(to: URL(filePath: "/proc/nothing/copy"))
            }
        }
    }
}

import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

/// Collections whose rows are on the disk, as they are larger than their memory may be or have just been opened.
@Suite("Rows on the disk")
struct RowFileTests {
    /// Less than 12,000 rows take.
    private static let budget = 1 << 20
    private let load = StorageLoad(seed: 21, dimension: 8, keys: 12_000, batch: 300)

    private func files(_ url: URL, _ ending: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(ending) }
    }

    /// A collection of 12,000 rows with a row file.
    private func filled(_ url: URL, options: StoreOptions) async throws -> (VectorStore, VectorCollection, StorageModel)
    {
        let store = try await VectorStore.open(url, options: options)
        let collection = try await store.createCollection(
            "rows",
            dimension: 8,
            metric: .squaredL2,
            fullText: StorageLoad.fullText
        )
        var model = StorageModel(metric: .squaredL2)
        for first in stride(from: 0, to: 12_000, by: 3000) {
            let rows = load.rows(first..<first + 3000)
            try await collection.upsert(rows)
            model.apply(.upsert(rows))
        }
        await collection.waitForIndex()
        return (store, collection, model)
    }

    @Test("A collection larger than its memory answers as one in memory does, whatever is changed")
    func largerThanMemory() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let options = StoreOptions(durability: .fast, memoryBudget: Self.budget)
            var (store, collection, model) = try await filled(url, options: options)
            #expect(collection.statistics.rowsOnDiskCount > 8000)
            for round in 0..<6 {
                for number in round * 100..<(round + 1) * 100 {
                    try await load.operation(number).run(on: collection)
                    model.apply(load.operation(number))
                }
                let found = try await difference(collection, model, load: load, queries: round * 10..<round * 10 + 10)
                #expect(found == nil)
                try await collection.update(
                    VectorKey(round),
                    metadata: ["round": .integer(Int64(round))],
                    replacing: true
                )
                if var row = model.rows[VectorKey(round)]?.row {
                    row.metadata = ["round": .integer(Int64(round))]
                    model.apply(.upsert([row]))
                }
                if round % 2 == 1 {
                    await collection.waitForIndex()
                    try await store.close()
                    store = try await VectorStore.open(url, options: options)
                    collection = try await store.collection("rows")
                    #expect(collection.statistics.rowsOnDiskCount > 0)
                }
            }
            #expect(collection.statistics.indexProblem == nil)
            #expect(try await store.verify() == [])
            try await store.compact()
            #expect(try await difference(collection, model, load: load, queries: 100..<110) == nil)
            #expect(try files(url, ".vrows").count == 1)
            try await store.close()
        }
    }

    @Test("Groups, counts of values, words and batches are the same on the disk and in memory")
    func everyCall() async throws {
        try await withTemporaryFolder { folder in
            let (store, _, _) = try await filled(folder.appending(path: "store"), options: StoreOptions())
            try await store.close()
            var answers: [[String]] = []
            for budget in [nil, Self.budget] {
                let store = try await VectorStore.open(
                    folder.appending(path: "store"),
                    options: StoreOptions(memoryBudget: budget)
                )
                let collection = try await store.collection("rows")
                if budget == nil { await collection.waitForIndex() }
                #expect((collection.statistics.rowsOnDiskCount == 0) == (budget == nil))
                var answer: [String] = []
                let exact = QueryOptions(exact: true)
                let groups = try await collection.search(
                    load.query(1),
                    k: 5,
                    groupedBy: "tags",
                    perGroup: 3,
                    options: exact
                )
                answer += groups.map { "\($0.value) \($0.matches.map(\.key))" }
                answer += try await collection.valueCounts(of: "lang").map { "\($0.value) \($0.count)" }
                answer += try await collection.valueCounts(of: "year", where: .equals("lang", "de")).map {
                    "\($0.value) \($0.count)"
                }
                answer += try await collection.fieldCounts().map { "\($0.key) \($0.value)" }.sorted()
                answer += try await collection.search(text: "tag7 fr", k: 20).matches.map { "\($0.key) \($0.score)" }
                answer += try await collection.get([5, 11_999, 99_999]).map { row in
                    "\(row?.vector ?? []) \(row?.metadata.sorted { $0.key < $1.key } ?? [])"
                }
                let batch = try VectorMatrix(rows: (0..<40).map { load.query($0) })
                for result in try await collection.search(batch, k: 3, where: nil, options: exact) {
                    answer.append("\(result.matches.map(\.key))")
                }
                answers.append(answer)
                try await store.close()
            }
            #expect(answers[0] == answers[1])
        }
    }

    @Test("Opening reads few rows; a second process sees what is written; deleted rows stay deleted")
    func opening() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            var (store, collection, model) = try await filled(url, options: StoreOptions(memoryBudget: Self.budget))
            let reader = try await VectorStore.open(
                url,
                options: StoreOptions(access: .readOnly, memoryBudget: Self.budget)
            )
            let read = try await reader.collection("rows")
            #expect(read.statistics.rowsOnDiskCount > 8000)
            for number in 1000..<1050 {
                try await load.operation(number).run(on: collection)
                model.apply(load.operation(number))
                if number % 10 == 0 {
                    #expect(try await difference(read, model, load: load, queries: number..<number + 2) == nil)
                }
            }
            let keys = (0..<2000).map { VectorKey($0) }
            try await collection.delete(keys)
            model.apply(.delete(keys))
            try await store.close()
            store = try await VectorStore.open(url, options: StoreOptions(memoryBudget: Self.budget))
            collection = try await store.collection("rows")
            #expect(try await collection.get(Array(keys[..<10])) == Array(repeating: nil, count: 10))
            #expect(try await difference(collection, model, load: load, queries: 0..<10) == nil)
            try await reader.close()
            try await store.close()
        }
    }

    @Test("Damage of a row file or of the rows behind it is a typed error or does no harm", arguments: 0..<3)
    func damage(part: Int) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let (store, _, model) = try await filled(url, options: StoreOptions())
            try await store.close()
            for number in 0..<20 {
                var random = SplitMix64(seed: UInt64(100 * part + number))
                let copy = folder.appending(path: "copy")
                try? FileManager.default.removeItem(at: copy)
                try FileManager.default.copyItem(at: url, to: copy)
                let damage = FileDamage.allCases[number % FileDamage.allCases.count]
                let name = try part == 0 ? "store.sqlite" : files(copy, part == 1 ? ".vlists" : ".vrows")[0]
                try damage.apply(to: copy.appending(path: name), using: &random)
                do throws(VectorError) {
                    let store = try await VectorStore.open(copy, options: StoreOptions(memoryBudget: Self.budget))
                    let collection = try await store.collection("rows")
                    try await store.close()
                    let again = try await VectorStore.open(copy, options: StoreOptions(memoryBudget: Self.budget))
                    _ = collection
                    let found = try await again.collection("rows")
                    let problem = await wrong(found, model, queries: 4 * number..<4 * number + 4)
                    #expect(problem == nil, "\(damage) of \(name)")
                    _ = try await again.verify()
                    try await again.close()
                } catch {
                    #expect(error.code != .inputOutput, "\(error)")
                }
            }
        }
    }

    /// How answers differ from the oracle's; an error is none.
    private func wrong(_ collection: VectorCollection, _ model: StorageModel, queries: Range<Int>) async -> String? {
        do {
            return try await difference(collection, model, load: load, queries: queries)
        } catch is VectorError {
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("A row file that is cut short while it is open is an error, and so is a database whose row is damaged")
    func cutShort() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let (store, _, model) = try await filled(url, options: StoreOptions())
            try await store.close()
            let open = try await VectorStore.open(url, options: StoreOptions(memoryBudget: Self.budget))
            let collection = try await open.collection("rows")
            let file = try FileHandle(forWritingTo: url.appending(path: files(url, ".vrows")[0]))
            try file.truncate(atOffset: 100)
            try file.close()
            await #expect(throws: VectorError.self) { try await collection.count(where: .equals("lang", "de")) }
            await #expect(throws: VectorError.self) { try await collection.get("5") }
            try await open.close()
            // The next one reads all rows.
            let reading = try await VectorStore.open(url, options: StoreOptions(access: .readOnly))
            let whole = try await reading.collection("rows")
            #expect(whole.statistics.indexProblem?.contains("row file") == true)
            #expect(try await difference(whole, model, load: load, queries: 0..<5) == nil)
            try await reading.close()
            // One that may write writes the file anew, as soon as it likes.
            let again = try await VectorStore.open(url, options: StoreOptions(memoryBudget: Self.budget))
            let mended = try await again.collection("rows")
            await mended.waitForIndex()
            #expect(mended.statistics.indexProblem == nil)
            try await again.close()
        }
    }

    @Test("A damaged row is found when it is read: by a search that meets it, or in the background")
    func damagedRow() async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let (store, _, model) = try await filled(url, options: StoreOptions())
            try await store.close()
            let row = try #require(model.rows[100]?.row)
            let bytes = row.vector.withUnsafeBytes { Data($0) }
            var database = try Data(contentsOf: url.appending(path: "store.sqlite"))
            let place = try #require(database.range(of: bytes)?.lowerBound)
            database[place] ^= 1
            try database.write(to: url.appending(path: "store.sqlite"))

            let onDisk = try await VectorStore.open(url, options: StoreOptions(memoryBudget: Self.budget))
            let found = try await onDisk.collection("rows")
            #expect(try await found.get(99) == model.rows[99]?.row)
            for call in 0..<2 {
                do throws(VectorError) {
                    if call == 0 { _ = try await found.get(100) } else { _ = try await found.search(row.vector, k: 1) }
                    Issue.record("the row was answered")
                } catch {
                    #expect(error.code == .damaged)
                }
            }
            #expect(try await onDisk.verify().count == 1)
            try await onDisk.close()

            let inMemory = try await VectorStore.open(url)
            let collection = try await inMemory.collection("rows")
            await collection.waitForIndex()
            do throws(VectorError) {
                _ = try await collection.count(where: nil)
                Issue.record("the collection can be used")
            } catch {
                #expect(error.code == .damaged)
            }
            try await inMemory.close()
        }
    }

    @Test(
        "An index file that is damaged while it is open does no harm, and is made anew, whatever search meets it",
        arguments: ["neighbours", "groups", "words"]
    )
    func damagedLists(search: String) async throws {
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            let options = StoreOptions(memoryBudget: Self.budget)
            let (store, _, model) = try await filled(url, options: options)
            try await store.close()
            let again = try await VectorStore.open(url, options: options)
            let collection = try await again.collection("rows")
            let name = try files(url, ".vlists")[0]
            let file = try FileHandle(forUpdating: url.appending(path: name))
            let size = try file.seekToEnd()
            try file.seek(toOffset: size / 2)
            try file.write(contentsOf: [UInt8](repeating: 0x55, count: Int(size / 2)))
            try file.close()
            switch search {
            case "groups":
                for number in 0..<20 { _ = try await collection.search(load.query(number), k: 3, groupedBy: "tags") }
            case "words":
                for number in 0..<20 { _ = try await collection.search(load.query(number), text: "tag7", k: 3) }
            default: #expect(try await difference(collection, model, load: load, queries: 0..<20) == nil)
            }
            for _ in 0..<3000 where try files(url, ".vlists") == [name] { try await Task.sleep(for: .milliseconds(10)) }
            // Waiting would have it made, too.
            #expect(try files(url, ".vlists") != [name])
            await collection.waitForIndex()
            #expect(collection.statistics.indexDescription != nil)
            #expect(collection.statistics.indexProblem == nil)
            #expect(try files(url, ".vlists") != [name])
            #expect(try await again.verify() == [])
            try await again.close()
        }
    }

    @Test("A snapshot takes the row file along, and a store of the first version is converted when it is asked to")
    func snapshots() async throws {
        try await withTemporaryFolder { folder in
            let (store, _, model) = try await filled(folder.appending(path: "store"), options: StoreOptions())
            let copy = folder.appending(path: "copy")
            try await store.snapshot(to: copy)
            try await store.close()
            #expect(try files(copy, ".vrows").count == 1)
            let copied = try await VectorStore.open(copy, options: StoreOptions(memoryBudget: Self.budget))
            let collection = try await copied.collection("rows")
            #expect(collection.statistics.rowsOnDiskCount > 8000)
            #expect(try await difference(collection, model, load: load, queries: 0..<5) == nil)
            try await copied.close()

            let old = folder.appending(path: "old")
            let fixture = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/version-1")
            try FileManager.default.copyItem(at: fixture, to: old)
            func version() throws -> UInt8 { try Data(contentsOf: old.appending(path: "store.sqlite"))[63] }
            #expect(try version() == 1)
            // Words came with the second version.
            var converted = try await VectorStore.open(old)
            try await converted.collection("kinds").setFullTextIndex(FullTextIndex())
            try await converted.close()
            #expect(try version() == 2)
            converted = try await VectorStore.open(old)
            try await converted.convert()
            try await converted.convert()
            try await converted.close()
            #expect(try version() == 3)
            #expect(try await VectorStore.open(old).verify() == [])
        }
    }

    @Test("A budget below the least is refused")
    func leastBudget() async throws {
        try await withTemporaryFolder { folder in
            do throws(VectorError) {
                _ = try await VectorStore.open(folder, options: StoreOptions(memoryBudget: 1000))
                Issue.record("it was opened")
            } catch {
                #expect(error.code == .invalidArgument && error.message.contains("1000"))
            }
        }
    }
}

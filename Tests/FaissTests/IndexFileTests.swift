import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Our index file")
struct IndexFileTests {
    enum IDs: CaseIterable { case own, ascending, shuffled, withRemoved }

    private func index(_ description: IndexDescription, _ metric: Metric, _ ids: IDs) throws -> VectorIndex {
        let base = try vectors(400)
        switch ids {
        case .own: return try makeIndex(description, metric: metric, holding: base)
        case .ascending:
            return try makeIndex(description, metric: metric, holding: base, ids: (0..<400).map { 3 * $0 + 5 })
        case .shuffled:
            var random = SplitMix64(seed: 6)
            let ids = (0..<400 as Range<Int64>).map { $0 * 1_000_000_007 }.shuffled(using: &random)
            return try makeIndex(description, metric: metric, holding: base, ids: ids)
        case .withRemoved:
            let index = try makeIndex(description, metric: metric, holding: base)
            try index.remove(ids: stride(from: 0, to: 400, by: 3))
            return index
        }
    }

    @Test("An index comes back as it was", arguments: everyBuilder, Metric.allCases)
    func roundTrip(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            let queries = try vectors(30, seed: 2)
            for ids in IDs.allCases {
                let original = try index(description, metric, ids)
                try original.write(to: file)
                let again = try VectorIndex(contentsOf: file)
                #expect(again.description == original.description)
                #expect(again.indexDescription == original.indexDescription)
                #expect(again.metric == metric && again.dimension == dimension && again.count == original.count)
                #expect(again.ids.sorted() == original.ids.sorted())
                #expect(
                    try again.search(queries, k: 20, options: exhaustive)
                        == original.search(queries, k: 20, options: exhaustive)
                )
                let stored = original.ids
                #expect(try again.reconstruct(stored) == original.reconstruct(stored))
                // It goes on as the original would.
                #expect(try again.add(queries) == original.add(queries))
                #expect(try again.remove(ids: stored.prefix(50)) == 50)
                #expect(again.count == original.count - 50)
            }
        }
    }

    @Test("The file depends on nothing but the index", arguments: everyBuilder)
    func sameBytes(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let files = [folder.appending(path: "a.vindex"), folder.appending(path: "b.vindex")]
            try index(description, .cosine, .shuffled).write(to: files[0])
            try VectorIndex(contentsOf: files[0]).write(to: files[1])
            #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
        }
    }

    @Test("An empty index is kept too", arguments: everyBuilder)
    func empty(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            let base = try vectors(300)
            let original = try VectorIndex(description, dimension: dimension, metric: .innerProduct)
            try original.train(on: base)
            try original.write(to: file)
            let again = try VectorIndex(contentsOf: file)
            #expect(again.count == 0 && again.isTrained)
            #expect(try again.search(base, k: 3).allSatisfy(\.isEmpty))
            #expect(try again.add(base) == 0..<300)
        }
    }

    @Test("A file of the first version opens for ever", arguments: VersionOneFiles.all)
    func versionOne(fixture: VersionOneFiles.Fixture) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try #require(Data(base64Encoded: fixture.base64)).write(to: file)
            let index = try VectorIndex(contentsOf: file)
            #expect(index.indexDescription == fixture.description)
            #expect(index.metric == fixture.metric)
            #expect(index.ids.sorted() == fixture.ids)
            #expect(try index.search([3, 1, 2, 0], k: 2, options: exhaustive).map(\.id) == fixture.nearest)
            #expect(try index.add(VectorMatrix([1, 2, 3, 4], dimension: 4)) == fixture.nextID..<fixture.nextID + 1)
        }
    }

    @Test("A file of a later version is refused by its number")
    func laterVersion() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try index(.flat, .squaredL2, .own).write(to: file)
            var bytes = try Data(contentsOf: file)
            bytes[8] = 2
            try bytes.write(to: file)
            expectFailure(.invalidFormat, naming: "version 2", "version 1") { try VectorIndex(contentsOf: file) }
        }
    }

    @Test("What is no index file is refused by name")
    func otherFiles() throws {
        try withTemporaryFolder { folder in
            let contents: [(String, Data, String)] = [
                ("empty", Data(), "0 bytes"),
                ("short", Data(repeating: 1, count: 63), "63 bytes"),
                ("text", Data(String(repeating: "king queen\n", count: 100).utf8), "not an index file"),
                ("zeros", Data(repeating: 0, count: 5000), "not an index file"),
            ]
            for (name, data, part) in contents {
                let file = folder.appending(path: name)
                try data.write(to: file)
                expectFailure(.invalidFormat, naming: file.path, part) { try VectorIndex(contentsOf: file) }
                expectFailure(.invalidFormat, naming: file.path) { try VectorIndex(faissFile: file) }
            }
            let missing = folder.appending(path: "missing")
            expectFailure(.inputOutput, naming: missing.path, "No such file") { try VectorIndex(contentsOf: missing) }
            expectFailure(.inputOutput, naming: missing.path, "No such file") { try VectorIndex(faissFile: missing) }
            expectFailure(.inputOutput, naming: "regular file") { try VectorIndex(contentsOf: folder) }
            expectFailure(.inputOutput, naming: "regular file") { try VectorIndex(faissFile: folder) }
            let remote = try #require(URL(string: "https://example.org/i.vindex"))
            expectFailure(.invalidArgument, naming: "example.org") { try VectorIndex(contentsOf: remote) }
            expectFailure(.invalidArgument, naming: "example.org") {
                try index(.flat, .squaredL2, .own).write(to: remote)
            }
        }
    }

    @Test("A write that fails leaves the old file and nothing else", arguments: everyBuilder)
    func failedWrite(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            let good = try index(description, .squaredL2, .own)
            try good.write(to: file)
            let before = try Data(contentsOf: file)
            // Not trained: refused before the file is touched.
            let untrained = try VectorIndex(.ivfFlat(lists: 4), dimension: dimension)
            expectFailure(.notTrained, naming: "train") { try untrained.write(to: file) }
            expectFailure(.notTrained, naming: "train") { try untrained.writeFaissFile(to: file) }
            expectFailure(.inputOutput, naming: "it is a folder") { try good.write(to: folder) }
            expectFailure(.inputOutput, naming: "it is a folder") { try good.writeFaissFile(to: folder) }
            let nowhere = folder.appending(path: "no/such/folder/i.vindex")
            expectFailure(.inputOutput, naming: "No such file") { try good.write(to: nowhere) }
            #expect(try Data(contentsOf: file) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["i.vindex"])
        }
    }

    @Test("A full disk is a typed error", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() throws {
        let full = URL(filePath: "/dev/full")
        for description in everyBuilder {
            let index = try index(description, .squaredL2, .own)
            expectFailure(.inputOutput, naming: "/dev/full", "No space left") { try index.write(to: full) }
            expectFailure(.inputOutput, naming: "/dev/full", "No space left") { try index.writeFaissFile(to: full) }
            #expect(index.count == 400)
        }
        let type = try FileManager.default.attributesOfItem(atPath: "/dev/full")[.type] as? FileAttributeType
        #expect(type == .typeCharacterSpecial)
    }
}

import Faiss
import Foundation
import Synchronization
import TestSupport
import Testing
import Vectors

/// The builders whose lists can stay in a file.
private let fileBuilders: [IndexDescription] = [.ivfFlat(lists: 8), .ivf(lists: 8, storing: .scalarQuantized())]
private let metrics: [Metric] = [.squaredL2, .innerProduct, .cosine]

/// Inverted lists that stay in a file.
@Suite("Lists in a file")
struct ListFileTests {
    /// Every second id from 0, of as many vectors.
    private func ids(_ range: Range<Int>) -> [Int64] { range.map { 2 * Int64($0) } }

    private func index(
        _ description: IndexDescription,
        _ metric: Metric = .squaredL2,
        holding count: Int = 500
    ) throws -> VectorIndex {
        let base = try vectors(count)
        return try makeIndex(description, metric: metric, holding: base, ids: ids(0..<count))
    }

    /// The index with its lists in a file of the folder.
    private func opened(_ index: VectorIndex, in folder: URL, as name: String = "lists") throws -> VectorIndex {
        let file = folder.appending(path: name)
        try index.writeLists(to: file)
        return try VectorIndex(listsOf: file)
    }

    /// Expects the same answers, bit for bit, whatever is asked.
    private func expectSameAnswers(
        _ one: VectorIndex,
        _ other: VectorIndex,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(one.count == other.count, sourceLocation: sourceLocation)
        let queries = try vectors(40, seed: 2)
        let filters: [IDFilter?] = [nil, .range(100..<400), .ids([4, 6, 8, 600, 602, 604, 5])]
        for filter in filters {
            for (k, probes) in [(1, 1), (10, 3), (10, 8), (2000, 8)] {
                let options = SearchOptions(probes: probes, filter: filter)
                let lists = try one.search(queries, k: k, options: options)
                #expect(try other.search(queries, k: k, options: options) == lists, sourceLocation: sourceLocation)
                for row in 0..<5 {
                    let single = try one.search(queries[row], k: k, options: options)
                    #expect(
                        try other.search(queries[row], k: k, options: options) == single,
                        sourceLocation: sourceLocation
                    )
                }
            }
            let radius: Float = one.metric == .squaredL2 ? 10 : 0.5
            let options = SearchOptions(probes: 4, filter: filter)
            let within = try one.search(queries, within: radius, options: options)
            #expect(
                try other.search(queries, within: radius, options: options) == within,
                sourceLocation: sourceLocation
            )
        }
    }

    @Test("Answers are those of the index in memory", arguments: fileBuilders, metrics)
    func sameAnswers(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let original = try index(description, metric)
            let filed = try opened(original, in: folder)
            #expect(filed.count == 500 && filed.isTrained && filed.dimension == dimension)
            #expect(filed.metric == metric && filed.indexDescription == description)
            #expect(filed.ids.isEmpty && !filed.contains(0))
            try expectSameAnswers(original, filed)
        }
    }

    @Test("What is added later is found beside the file, and a new file holds both", arguments: fileBuilders, metrics)
    func additions(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let original = try index(description, metric)
            let filed = try opened(original, in: folder)
            let more = try vectors(300, seed: 3)
            for index in [original, filed] {
                try index.add(more[0..<200], ids: ids(500..<700))
                #expect(try index.add(more[200..<300]) == 1399..<1499)
            }
            try expectSameAnswers(original, filed)
            #expect(filed.ids == ids(500..<700) + Array(1399..<1499))
            #expect(filed.contains(1000) && !filed.contains(998))

            let again = try opened(filed, in: folder, as: "again")
            try expectSameAnswers(original, again)
            #expect(again.ids.isEmpty)
            for index in [original, again] { #expect(try index.add(more[0..<1]) == 1499..<1500) }

            // Over the file that it reads.
            let inPlace = try opened(again, in: folder, as: "again")
            try expectSameAnswers(original, inPlace)
            try expectSameAnswers(original, again)
        }
    }

    @Test("The file is the same whether lists were in memory or in a file", arguments: fileBuilders)
    func sameBytes(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let files = ["a", "b"].map { folder.appending(path: $0) }
            try index(description).writeLists(to: files[0])
            try VectorIndex(listsOf: files[0]).writeLists(to: files[1])
            #expect(try Data(contentsOf: files[0]) == Data(contentsOf: files[1]))
        }
    }

    @Test("Lists may be empty, and so may the index", arguments: fileBuilders, metrics)
    func empty(description: IndexDescription, metric: Metric) throws {
        try withTemporaryFolder { folder in
            let base = try vectors(300)
            let original = try VectorIndex(description, dimension: dimension, metric: metric)
            try original.train(on: base)
            let filed = try opened(original, in: folder)
            #expect(filed.count == 0 && filed.isTrained)
            #expect(try filed.search(base, k: 3).allSatisfy(\.isEmpty))
            for index in [original, filed] { #expect(try index.add(base[0..<2]) == 0..<2) }
            try expectSameAnswers(original, filed)
            let two = try opened(filed, in: folder)
            try expectSameAnswers(original, two)
            for index in [original, two] { try index.add(base[2..<300]) }
            try expectSameAnswers(original, two)
        }
    }

    @Test("What needs all ids or vectors is refused, what was added can be changed", arguments: fileBuilders)
    func refusals(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let original = try index(description)
            let filed = try opened(original, in: folder)
            let more = try vectors(10, seed: 3)
            try filed.add(more, ids: ids(500..<510))
            let other = folder.appending(path: "other")
            expectFailure(.unsupported, naming: "500 vectors", "writeLists") { try filed.write(to: other) }
            expectFailure(.unsupported, naming: "500 vectors") { try filed.writeFaissFile(to: other) }
            expectFailure(.unsupported, naming: "500 vectors") { try filed.copy() }
            expectFailure(.unsupported, naming: "500 vectors") { try original.merge(filed) }
            expectFailure(.unsupported, naming: "id 998") { try filed.remove(ids: [1000, 998]) }
            expectFailure(.unsupported, naming: "id 5") { try filed.reconstruct(5) }
            expectFailure(.unsupported, naming: "id 4") { try filed.replace(more, ids: ids(2..<12)) }
            expectFailure(.unsupported, naming: "id 997") { try filed.add(more[0..<1], ids: [997]) }
            expectFailure(.unsupported) { try filed.train(on: more) }
            expectFailure(.duplicateID, naming: "1000") { try filed.add(more[0..<1], ids: [1000]) }
            expectFailure(.unknownID, naming: "1001") { try filed.reconstruct(1001) }
            #expect(filed.count == 510)

            try original.add(more, ids: ids(500..<510))
            for index in [original, filed] {
                #expect(try index.remove(ids: [1004, 1006, 5000]) == 2)
                try index.replace(more[0..<2], ids: [1018, 1000])
                try index.add(more[5..<8], ids: [3000, 1019, 1006])
            }
            #expect(try filed.reconstruct(1018) == original.reconstruct(1018))
            #expect(filed.ids == [1000, 1002, 1006, 1008, 1010, 1012, 1014, 1016, 1018, 1019, 3000])
            try expectSameAnswers(original, filed)
            try expectSameAnswers(original, opened(filed, in: folder))
        }
    }

    @Test("A cancelled addition leaves nothing behind")
    func cancelled() async throws {
        try await withTemporaryFolder { folder in
            let original = try index(.ivfFlat(lists: 8))
            let filed = try opened(original, in: folder)
            let many = try vectors(40_000, seed: 3)
            // After the first batch, on the thread of the task.
            let add: @Sendable () throws -> Void = {
                try filed.add(many) { _ in withUnsafeCurrentTask { $0?.cancel() } }
            }
            let result = await Task { try add() }.result
            expectFailure(.cancelled) { try result.get() }
            #expect(filed.ids.isEmpty)
            try expectSameAnswers(original, filed)
        }
    }

    @Test(
        "Only lists of plain rows can stay in a file",
        arguments: everyBuilder + [.ivf(lists: 8, storing: .scalarQuantized())]
    )
    func otherKinds(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "lists")
            let index = try makeIndex(description, holding: vectors(300))
            #expect(description.canKeepListsInFile == fileBuilders.contains(description))
            if description.canKeepListsInFile {
                try index.writeLists(to: file)
            } else {
                expectFailure(.unsupported, naming: "\(index.indexDescription)") { try index.writeLists(to: file) }
            }
        }
        let untrained = try VectorIndex(.ivfFlat(lists: 8), dimension: dimension)
        expectFailure(.notTrained) { try untrained.writeLists(to: URL(filePath: "/nowhere")) }
    }

    @Test("Little is in memory")
    func memory() throws {
        try withTemporaryFolder { folder in
            let original = try index(.ivfFlat(lists: 8), holding: 5000)
            let filed = try opened(original, in: folder)
            let fixed = 8 * dimension * 4 + 8 * 16
            #expect(filed.memorySize == fixed)
            try filed.add(vectors(10, seed: 3))
            #expect(filed.memorySize == fixed + 10 * (4 * dimension + 8))
        }
    }

    // MARK: Damage

    /// Opens and searches: either an error that names the file, or the right answers.
    private func expectHarmless(_ file: URL, _ what: String, truth: NeighborLists, queries: VectorMatrix) throws -> Bool
    {
        do throws(VectorError) {
            let found = try VectorIndex(listsOf: file).search(queries, k: 10, options: SearchOptions(probes: 8))
            #expect(found == truth, "\(what): wrong answers")
            return true
        } catch {
            #expect(error.code == .invalidFormat, "\(what): \(error.message)")
            #expect(error.message.contains(file.path), "\(what): \(error.message)")
            return false
        }
    }

    @Test("Every flipped byte, truncation and exchanged piece is a typed error", arguments: fileBuilders)
    func damage(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "lists")
            let original = try index(description)
            try original.writeLists(to: file)
            let whole = try Array(Data(contentsOf: file))
            let queries = try vectors(5, seed: 2)
            let truth = try original.search(queries, k: 10, options: SearchOptions(probes: 8))
            var random = SplitMix64(seed: 1)
            func check(_ bytes: [UInt8], _ what: String) throws {
                try Data(bytes).write(to: file)
                let isRight = try expectHarmless(file, what, truth: truth, queries: queries)
                // All lists are visited, so that all damage must be seen.
                #expect(isRight == (bytes == whole), "\(what) was not noticed")
            }
            try check(whole, "the file")
            let head = 64 + 8 * dimension * 4 + 200
            for round in 0..<400 {
                let range = [0..<64, 0..<head, 0..<whole.count][round % 3]
                let place = Int.random(in: range, using: &random)
                var bytes = whole
                bytes[place] ^= UInt8.random(in: 1...255, using: &random)
                try check(bytes, "byte \(place)")
            }
            for _ in 0..<100 {
                let length = Int.random(in: 0..<whole.count, using: &random)
                try check(Array(whole[..<length]), "the end at \(length)")
            }
            for _ in 0..<100 {
                var bytes = whole
                let length = Int.random(in: 1...512, using: &random)
                let from = Int.random(in: 0..<whole.count - length, using: &random)
                let to = Int.random(in: 0..<whole.count - length, using: &random)
                bytes.replaceSubrange(to..<to + length, with: whole[from..<from + length])
                try check(bytes, "\(length) bytes at \(to)")
            }
            try check(whole + [0], "a byte more")
        }
    }

    @Test("A file that is cut or damaged after it was opened makes searches throw", arguments: fileBuilders)
    func damageAfterOpening(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "lists")
            let original = try index(description)
            try original.writeLists(to: file)
            let whole = try Data(contentsOf: file)
            let filed = try VectorIndex(listsOf: file)
            try filed.add(vectors(10, seed: 3))
            try original.add(vectors(10, seed: 3))
            let queries = try vectors(20, seed: 2)
            let options = SearchOptions(probes: 2)
            let truth = try original.search(queries, k: 10, options: options)
            let handle = try FileHandle(forUpdating: file)
            var random = SplitMix64(seed: 5)
            var failures = 0
            for round in 0..<300 {
                if round.isMultiple(of: 2) {
                    try handle.truncate(atOffset: UInt64.random(in: 0..<UInt64(whole.count), using: &random))
                } else {
                    try handle.seek(toOffset: UInt64.random(in: 0..<UInt64(whole.count), using: &random))
                    try handle.write(contentsOf: [UInt8.random(in: 0...255, using: &random)])
                }
                for row in 0..<queries.count {
                    do throws(VectorError) {
                        #expect(try filed.search(queries[row], k: 10, options: options) == Array(truth[row]))
                    } catch {
                        failures += 1
                        #expect(error.code == .invalidFormat && error.message.contains(file.path), "\(error.message)")
                    }
                }
                do throws(VectorError) {
                    try filed.writeLists(to: folder.appending(path: "other"))
                } catch {
                    #expect(error.code == .invalidFormat && error.message.contains(file.path), "\(error.message)")
                }
                try handle.truncate(atOffset: 0)
                try handle.seek(toOffset: 0)
                try handle.write(contentsOf: whole)
            }
            #expect(failures > 100)
            // No failure has left anything behind.
            #expect(try filed.search(queries, k: 10, options: options) == truth)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count <= 2)
        }
    }

    @Test("Other files are refused")
    func otherFiles() throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            expectFailure(.inputOutput, naming: file.path) { try VectorIndex(listsOf: file) }
            try index(.ivfFlat(lists: 8)).write(to: file)
            expectFailure(.invalidFormat, naming: file.path) { try VectorIndex(listsOf: file) }
            try index(.ivfFlat(lists: 8)).writeLists(to: file)
            expectFailure(.invalidFormat, naming: file.path) { try VectorIndex(contentsOf: file) }
            var bytes = try Data(contentsOf: file)
            bytes[8] = 2
            try bytes.write(to: file)
            expectFailure(.invalidFormat, naming: "version 2", "version 1") { try VectorIndex(listsOf: file) }
        }
    }

    // MARK: Threads

    @Test("Eight searchers beside additions and a writer", arguments: fileBuilders)
    func threads(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let original = try index(description, .cosine)
            let filed = try opened(original, in: folder)
            let queries = try vectors(40, seed: 2)
            let options = SearchOptions(probes: 4, filter: .range(0..<999), threads: 2)
            let truth = try original.search(queries, k: 10, options: options)
            let failures = Mutex<[String]>([])
            onThreads(9) { worker in
                do {
                    for round in 0..<20 {
                        if worker == 8 {
                            try filed.add(vectors(20, seed: UInt64(round)))
                            try filed.writeLists(to: folder.appending(path: "other"))
                        } else if round.isMultiple(of: 2) {
                            let found = try filed.search(queries, k: 10, options: options)
                            #expect(found == truth)
                        } else {
                            let row = (worker + round) % 40
                            let found = try filed.search(queries[row], k: 10, options: options)
                            #expect(found == Array(truth[row]))
                        }
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
            #expect(failures.withLock { $0 } == [])
            #expect(filed.count == 900)
            let other = try VectorIndex(listsOf: folder.appending(path: "other"))
            #expect(other.count == 900)
            #expect(try other.search(queries, k: 10, options: options) == truth)
        }
    }
}

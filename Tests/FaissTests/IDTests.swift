import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Ids")
struct IDTests {
    @Test("An index numbers its vectors 0, 1, 2, …", arguments: everyBuilder)
    func ownIDs(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: base)
        #expect(try index.add(base[0..<100]) == 0..<100)
        #expect(try index.add(base[100..<100]) == 100..<100)
        #expect(try index.add(base[100..<300]) == 100..<300)
        #expect(index.ids == Array(0..<300))
        #expect(index.contains(0) && index.contains(299))
        #expect(!index.contains(300) && !index.contains(-1))
    }

    @Test("Given ids come back, in any order and to the largest there is", arguments: everyBuilder, Metric.allCases)
    func givenIDs(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(300)
        var random = SplitMix64(seed: 9)
        var ids = (0..<298).map { _ in Int64.random(in: 1..<Int64.max, using: &random) } + [0, .max]
        for order in ["shuffled", "ascending"] {
            if order == "ascending" { ids.sort() }
            let index = try makeIndex(description, metric: metric, holding: base, ids: ids)
            #expect(index.count == 300)
            #expect(Set(index.ids) == Set(ids))
            let found = try index.search(base, k: 300, options: exhaustive)
            for list in found {
                expectWellFormed(list, k: 300, metric: metric)
                #expect(Set(ids).isSuperset(of: list.map(\.id)))
            }
            // By inner product a longer vector may be nearer than the query itself.
            if metric != .innerProduct, exactBuilders.contains(description) {
                #expect(found.map { $0.first?.id } == ids)
            }
            for (row, id) in ids.enumerated().prefix(20) {
                #expect(index.contains(id), "\(order) \(row)")
            }
        }
    }

    @Test("Own ids go on above the largest given one", arguments: everyBuilder)
    func ownAfterGiven(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try makeIndex(description, holding: base, ids: (0..<300).map { 1000 - $0 * 2 })
        #expect(try index.add(base[0..<2]) == 1001..<1003)
        try index.add(base[0..<1], ids: [5])
        #expect(try index.add(base[0..<1]) == 1003..<1004)
    }

    @Test("An id is never given out again, neither after removal nor after reading back", arguments: everyBuilder)
    func neverReused(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            let base = try vectors(300)
            var index = try makeIndex(description, holding: base)
            try index.remove(ids: 250..<300)
            #expect(try index.add(base[0..<1]) == 300..<301)
            try index.remove(ids: [300])
            try index.write(to: file)
            index = try VectorIndex(contentsOf: file)
            #expect(try index.add(base[0..<1]) == 301..<302)
            try index.remove(ids: index.ids)
            try index.write(to: file)
            index = try VectorIndex(contentsOf: file)
            #expect(index.count == 0)
            #expect(try index.add(base[0..<1]) == 302..<303)
            #expect(index.ids == [302])
        }
    }

    @Test("After the largest id there is no next one, not even after reading back", arguments: everyBuilder)
    func noneLeft(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            let base = try vectors(300)
            var index = try makeIndex(description, holding: base)
            try index.add(base[0..<1], ids: [.max])
            try index.remove(ids: [.max])
            expectFailure(.invalidArgument, naming: "no 1 ids are left") { try index.add(base[0..<1]) }
            try index.write(to: file)
            index = try VectorIndex(contentsOf: file)
            expectFailure(.invalidArgument, naming: "no 1 ids are left") { try index.add(base[0..<1]) }
            try index.add(base[0..<1], ids: [999])
            #expect(index.count == 301)
        }
    }

    @Test("Vectors are added one at a time too, from any collection of floats", arguments: Metric.allCases)
    func oneByOne(metric: Metric) async throws {
        let base = try vectors(20)
        let index = try VectorIndex(.flat, dimension: dimension, metric: metric)
        for row in 0..<10 { #expect(try addOne(base[row], to: index) == Int64(row)) }
        #expect(try await index.add(base[10]) == 10)
        try await index.add(base[11].map { $0 }, id: 100)
        #expect(index.ids == Array(0...10) + [100])
        let whole = try makeIndex(.flat, metric: metric, holding: base[0..<12], ids: Array(0...10) + [100])
        for row in 0..<12 {
            #expect(try await index.search(base[row], k: 12) == whole.search(base, k: 12)[row].map { $0 })
        }
        await #expect(throws: VectorError.self) { try await index.add([1, 2]) }
        await #expect(throws: VectorError.self) { try await index.add([], id: 1) }
        await #expect(throws: VectorError.self) { try await index.add(base[0], id: 100) }
        #expect(index.count == 12)
    }

    /// In an async function the async overload would be taken.
    private func addOne(_ vector: some Collection<Float>, to index: VectorIndex) throws -> Int64 {
        try index.add(vector)
    }

    @Test("A removed id may be given again by its owner", arguments: everyBuilder)
    func givenAgain(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try makeIndex(description, holding: base)
        try index.remove(ids: [7])
        try index.add(base[200..<201], ids: [7])
        #expect(index.count == 300)
        let hits = try index.search(Array(base[200]), k: 2, options: exhaustive).map(\.id)
        #expect(hits.contains(7))
    }
}

import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Removing and reconstructing")
struct RemovalTests {
    @Test("Removed vectors are gone, the others stay as they were", arguments: everyBuilder, Metric.allCases)
    func removedAreGone(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(400)
        let index = try makeIndex(description, metric: metric, holding: base)
        let before = try index.search(base, k: 400, options: exhaustive)
        let removed = Set((0..<400 as Range<Int64>).filter { $0 % 3 == 0 })
        #expect(try index.remove(ids: removed) == removed.count)
        #expect(index.count == 400 - removed.count)
        #expect(removed.allSatisfy { !index.contains($0) })
        let after = try index.search(base, k: 400, options: exhaustive)
        for (before, after) in zip(before, after) {
            expectWellFormed(after, k: index.count, metric: metric)
            // Greedy search through a graph may reach others; what it reaches must be alive all the same.
            if case let left = before.filter({ !removed.contains($0.id) }), description.capabilities.freesRemovedVectors
            {
                #expect(left.map(\.id) == after.map(\.id))
            }
            #expect(removed.isDisjoint(with: after.map(\.id)))
        }
    }

    @Test("Unknown ids are passed over and double ones count once", arguments: everyBuilder)
    func unknownIDs(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: vectors(300))
        #expect(try index.remove(ids: []) == 0)
        #expect(try index.remove(ids: [300, -1, .max, .min]) == 0)
        #expect(try index.remove(ids: [5, 5, 299, 1000, 5]) == 2)
        #expect(try index.remove(ids: [5, 299]) == 0)
        #expect(index.count == 298)
    }

    @Test("An index can be emptied and filled again", arguments: everyBuilder, Metric.allCases)
    func emptyAndRefill(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(300)
        let index = try makeIndex(description, metric: metric, holding: base)
        #expect(try index.remove(ids: 0..<300) == 300)
        #expect(index.count == 0 && index.ids.isEmpty)
        #expect(try index.search(base, k: 5).allSatisfy(\.isEmpty))
        #expect(try index.search(Array(base[0]), k: 5).isEmpty)
        #expect(try index.add(base) == 300..<600)
        let found = try index.search(base, k: 3, options: exhaustive)
        for list in found {
            expectWellFormed(list, k: 3, metric: metric)
            #expect(list.count == 3)
            #expect(list.allSatisfy { (300..<600).contains($0.id) })
        }
    }

    @Test("Removing nothing from an index that holds nothing is fine", arguments: everyBuilder)
    func removeFromEmpty(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        #expect(try index.remove(ids: [1, 2]) == 0)
    }

    @Test("What is stored exactly comes back exactly", arguments: exactBuilders)
    func exactReconstruction(description: IndexDescription) throws {
        let base = try vectors(300)
        let ids = (0..<300).map { Int64((300 - $0) * 11) }
        let index = try makeIndex(description, holding: base, ids: ids)
        try index.remove(ids: ids.prefix(100))
        try index.add(base[0..<50], ids: Array(ids.prefix(50)))
        #expect(try index.reconstruct(Array(ids[100...])) == base[100..<300])
        #expect(try index.reconstruct(Array(ids[0..<50])) == base[0..<50])
        #expect(try index.reconstruct([ids[120], ids[3], ids[120]]) == base.gathering([120, 3, 120]))
        #expect(try index.reconstruct(ids[120]) == Array(base[120]))
        #expect(try index.reconstruct([]).count == 0)
        for id in [ids[60], -1, 7, .max] {
            expectFailure(.unknownID, naming: "\(id)") { try index.reconstruct(id) }
            expectFailure(.unknownID, naming: "\(id)") { try index.reconstruct([ids[120], id]) }
        }
    }

    @Test("By cosine, what comes back has length 1", arguments: exactBuilders)
    func normalizedReconstruction(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try makeIndex(description, metric: .cosine, holding: base)
        #expect(try index.reconstruct(Array(0..<300)) == base.normalized())
    }

    @Test("A byte a component is off by a 255th of the range at most")
    func byteReconstruction() throws {
        let base = try TestVectors.uniform(500, dimension: dimension, in: -1...1, seed: 4)
        let index = try makeIndex(.scalarQuantized(), holding: base)
        let decoded = try index.reconstruct(Array(0..<500))
        for (one, other) in zip(decoded.values, base.values) { #expect(abs(one - other) <= 2.0 / 255) }
    }

    @Test("More bytes a vector come back nearer")
    func codedReconstruction() throws {
        let base = try vectors(2000)
        var errors: [Float] = []
        for subquantizers in [4, 16, 32] {
            let index = try makeIndex(.ivfPQ(lists: 8, subquantizers: subquantizers), holding: base)
            let decoded = try index.reconstruct(Array(0..<2000))
            errors.append(zip(decoded.values, base.values).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) })
        }
        let energy = base.values.reduce(0) { $0 + $1 * $1 }
        #expect(errors == errors.sorted(by: >))
        #expect(errors[0] < energy / 4)
        #expect(errors[2] < energy / 100)
    }

    @Test("Any sequence of calls leaves what a dictionary would hold", arguments: exactBuilders, [1, 2, 3] as [UInt64])
    func randomCalls(description: IndexDescription, seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let pool = try vectors(400, seed: seed)
            var random = SplitMix64(seed: seed)
            var index = try VectorIndex(description, dimension: dimension)
            try index.train(on: pool)
            var expected: [Int64: Int] = [:]
            for step in 0..<60 {
                let rows = (0..<Int.random(in: 1...30, using: &random)).map { _ in
                    Int.random(in: 0..<400, using: &random)
                }
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1:
                    let ids = try index.add(pool.gathering(rows))
                    for (id, row) in zip(ids, rows) { expected[id] = row }
                case 2:
                    let candidates = Set(rows.map { _ in Int64.random(in: 0...5000, using: &random) })
                    let ids = candidates.filter { expected[$0] == nil }.shuffled(using: &random)
                    try index.add(pool.gathering(rows.prefix(ids.count)), ids: ids)
                    for (id, row) in zip(ids, rows) { expected[id] = row }
                case 3:
                    let ids = expected.keys.sorted().shuffled(using: &random).prefix(rows.count)
                    #expect(try index.remove(ids: ids) == ids.count)
                    for id in ids { expected[id] = nil }
                default:
                    let file = folder.appending(path: "\(step).vindex")
                    try index.write(to: file)
                    index = try VectorIndex(contentsOf: file)
                }
                #expect(index.count == expected.count)
            }
            let ids = expected.keys.sorted()
            #expect(index.ids.sorted() == ids)
            let rows = ids.map { expected[$0]! }
            #expect(try index.reconstruct(ids) == pool.gathering(rows))
            let truth = BruteForce(pool.gathering(rows), ids: ids, metric: .squaredL2).search(pool[0..<20], k: 10)
            let found = try index.search(pool[0..<20], k: 10, options: exhaustive)
            // The pool's vectors are in the index several times, at distances that are equal.
            for (one, other) in zip(found, truth) {
                #expect(zip(one, other).allSatisfy { abs($0.distance - $1.distance) < 1e-4 })
                for hit in one { #expect(expected[hit.id] != nil) }
            }
        }
    }
}

import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

@Suite("Merging")
struct MergingTests {
    static let builders = everyBuilder.filter { !"\($0)".contains("hnsw") }

    /// Trained indexes without vectors that share their training.
    private func twins(_ description: IndexDescription, metric: Metric, count: Int) throws -> [VectorIndex] {
        let trained = try VectorIndex(description, dimension: dimension, metric: metric)
        try trained.train(on: vectors(400, seed: 3))
        return try withTemporaryFolder { folder in
            let file = folder.appending(path: "i.vindex")
            try trained.write(to: file)
            return try (0..<count).map { _ in try VectorIndex(contentsOf: file) }
        }
    }

    private let queries = try? vectors(40, seed: 9)

    private func answers(_ index: VectorIndex) throws -> NeighborLists {
        try index.search(#require(queries), k: 25, options: exhaustive)
    }

    @Test("A merged index is the one built at once", arguments: builders, Metric.allCases)
    func sameAsAtOnce(description: IndexDescription, metric: Metric) throws {
        let base = try vectors(300)
        // Not a multiple of the 32 vectors of a block, so that the second part starts within one.
        let parts = [0..<131, 131..<131, 131..<300]
        for ids in [(0..<300).map { $0 }, (0..<300).map { ($0 * 7) % 300 + 5 }] as [[Int64]] {
            let indexes = try twins(description, metric: metric, count: 4)
            let whole = indexes[3]
            for (index, part) in zip(indexes, parts) { try index.add(base[part], ids: Array(ids[part])) }
            try whole.add(base, ids: ids)
            let before = try indexes[2].count > 0 ? answers(indexes[2]) : nil
            for other in indexes[1...2] { try indexes[0].merge(other) }

            let merged = indexes[0]
            #expect(merged.count == 300)
            #expect(merged.ids.sorted() == ids.sorted())
            #expect(try answers(merged) == answers(whole))
            #expect(try merged.reconstruct(ids) == whole.reconstruct(ids))
            #expect(merged.memorySize == whole.memorySize)
            // The other is what it was, and neither depends on the other.
            #expect(indexes[2].ids.sorted() == ids[parts[2]].sorted())
            #expect(try answers(indexes[2]) == before)
            for index in [merged, whole] {
                #expect(try index.remove(ids: ids.prefix(150)) == 150)
                try index.add(base[0..<10], ids: (1000..<1010).map { $0 })
            }
            #expect(try answers(merged) == answers(whole))
            try withTemporaryFolder { folder in
                let file = folder.appending(path: "i.vindex")
                try merged.write(to: file)
                #expect(try answers(VectorIndex(contentsOf: file)) == answers(merged))
            }
            #expect(try merged.add(base[0..<1]).lowerBound == 1010)
        }
    }

    @Test("What differs is named, and nothing is taken in")
    func refusals() throws {
        let base = try vectors(300)
        func index(_ description: IndexDescription, metric: Metric = .squaredL2, seed: UInt64 = 3) throws -> VectorIndex
        {
            let index = try VectorIndex(description, dimension: dimension, metric: metric)
            try index.train(on: vectors(400, seed: seed))
            try index.add(base[0..<50])
            return index
        }
        func expectRefused(
            _ code: VectorError.Code,
            naming parts: String...,
            merging other: VectorIndex,
            into index: VectorIndex
        ) throws {
            let before = try (answers(index), index.ids)
            do throws(VectorError) {
                try index.merge(other)
                Issue.record("\(other) was merged into \(index)")
            } catch {
                #expect(error.code == code, "\(error.message)")
                for part in parts { #expect(error.message.contains(part), "\(error.message)") }
            }
            #expect(try answers(index) == before.0)
            #expect(index.ids == before.1)
        }
        let lists = try index(.ivfFlat(lists: 8))
        try expectRefused(
            .invalidArgument,
            naming: "ivfPQ",
            "ivfFlat",
            merging: index(.ivfPQ(lists: 8, subquantizers: 8)),
            into: lists
        )
        try expectRefused(
            .invalidArgument,
            naming: "squared L2",
            "inner product",
            merging: index(.ivfFlat(lists: 8), metric: .innerProduct),
            into: lists
        )
        try expectRefused(
            .dimensionMismatch,
            naming: "16",
            "32",
            merging: VectorIndex(.ivfFlat(lists: 8), dimension: 16),
            into: lists
        )
        try expectRefused(.notTrained, merging: VectorIndex(.ivfFlat(lists: 8), dimension: dimension), into: lists)
        for (description, part) in [
            (.ivfFlat(lists: 8), "centroids"), (.pq(subquantizers: 8), "codebook"),
            (.pqFastScan(subquantizers: 8), "codebook"), (.scalarQuantized(), "ranges"),
            (.pca(to: 16, then: .flat), "matrix"), (.randomRotation(then: .scalarQuantized()), "ranges"),
            (.refined(.ivf(lists: 8, storing: .scalarQuantized())), "centroids"),
        ] as [(IndexDescription, String)] {
            try expectRefused(
                .invalidArgument,
                naming: "trained",
                part,
                merging: index(description, seed: 4),
                into: index(description)
            )
        }
        let flat = try index(.flat)
        try expectRefused(.duplicateID, naming: "id 0", merging: index(.flat), into: flat)
        try expectRefused(.duplicateID, naming: "id 0", merging: flat, into: flat)
        let other = try VectorIndex(.flat, dimension: dimension)
        try other.add(base[0..<2], ids: [70, 49])
        try expectRefused(.duplicateID, naming: "49", merging: other, into: flat)
        for description in [.hnsw(neighbors: 8), .refined(.hnsw(neighbors: 8))] as [IndexDescription] {
            try expectRefused(.unsupported, naming: "hnsw", merging: index(description), into: index(description))
        }
    }

    @Test("Two indexes are merged into each other at the same time, beside searches")
    func eachOther() async throws {
        let base = try vectors(200)
        for round in 0..<20 {
            let indexes = try (0..<2).map { _ in try VectorIndex(.flat, dimension: dimension) }
            try await indexes[0].add(base[0..<100])
            try await indexes[1].add(base[100..<200], ids: (100..<200).map { $0 })
            let succeeded = await withTaskGroup(of: Int.self) { group in
                for (into, other) in [(0, 1), (1, 0)] {
                    group.addTask {
                        do throws(VectorError) {
                            try await indexes[into].merge(indexes[other])
                            return 1
                        } catch {
                            #expect(error.code == .duplicateID)
                            return 0
                        }
                    }
                    group.addTask {
                        _ = try? await indexes[into].search(base[0..<50], k: 5)
                        return 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(succeeded >= 1, "round \(round)")
            #expect(indexes.contains { $0.count == 200 })
        }
    }
}

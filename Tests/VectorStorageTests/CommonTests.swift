import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage
import Vectors

/// What holds for every `StoredCollection`, here for the one in this process; `MilvusTests` has the others.
@Suite("A collection in this process, by the protocol of all collections")
struct CommonTests {
    private func withCollection(
        dimension: Int,
        metric: Metric = .squaredL2,
        _ body: (VectorCollection) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(
                folder.appending(path: "s"),
                options: StoreOptions(durability: .fast)
            )
            try await body(try await store.createCollection("rows", dimension: dimension, metric: metric))
            try await store.close()
        }
    }

    @Test("Any changes leave what a dictionary holds", arguments: [Metric.squaredL2, .innerProduct])
    func changes(metric: Metric) async throws {
        try await withCollection(dimension: 12, metric: metric) { collection in
            let load = StorageLoad(seed: 17, dimension: 12, keys: 400, batch: 100)
            let failures = try await CollectionTrials.changes(collection, load: load, operations: 60, queries: 20)
            #expect(failures == [])
        }
    }

    @Test("Metadata come back as they were, and conditions choose the rows that they hold for")
    func conditions() async throws {
        try await withCollection(dimension: 2) { collection in
            let load = ConditionLoad(seed: 5)
            let failures = try await CollectionTrials.conditions(
                collection,
                load: load,
                rows: 500,
                conditions: 0..<10_000
            )
            #expect(failures == [])
        }
    }

    @Test("Calls do what they say")
    func calls() async throws {
        try await withCollection(dimension: 2) { collection in
            let failures = try await CollectionTrials.calls(collection)
            #expect(failures == [])
        }
    }

    @Test("What is wrong is refused", arguments: Metric.allCases)
    func wrongInput(metric: Metric) async throws {
        try await withCollection(dimension: 2, metric: metric) { collection in
            let failures = try await CollectionTrials.wrongInput(collection)
            #expect(failures == [])
        }
    }

    @Test("A copy writes what differs, removes what it is told to, and has the same digest afterwards")
    func copying() async throws {
        try await withCollection(dimension: 3) { source in
            try await withCollection(dimension: 3) { target in
                let load = ConditionLoad(seed: 2)
                let rows = (0..<1000).map { number in
                    StoredVector(
                        key: VectorKey(number),
                        vector: [Float(number), -0.0, 1],
                        metadata: load.metadata(number)
                    )
                }
                try await source.upsert(rows)
                // As a copy leaves it that was cut short, with a row that is old and one that is not there.
                try await target.upsert(Array(rows[..<300]))
                try await target.upsert([
                    StoredVector(key: "7", vector: [0, 0, 1]), StoredVector(key: "x", vector: [1, 1, 1]),
                ])
                var seen: [Int] = []
                var copy = try await source.copy(to: target, batchSize: 400) { seen.append($0) }
                #expect((copy.written, copy.unchanged, copy.removed) == (701, 299, 0))
                #expect(seen == [400, 800, 1000])
                #expect(try await target.digest() != copy.source)
                copy = try await source.copy(to: target, removingOthers: true)
                #expect((copy.written, copy.unchanged, copy.removed) == (0, 1000, 1))
                #expect(try await target.digest() == copy.source)
                #expect(try await source.digest() == copy.source)
                try await target.update("5", metadata: ["another": 1])
                #expect(try await target.digest() != copy.source)
            }
            try await withCollection(dimension: 4) { other in
                await expectFailure(.dimensionMismatch, naming: "3", "4") { try await source.copy(to: other) }
            }
            try await withCollection(dimension: 3, metric: .innerProduct) { other in
                await expectFailure(.invalidArgument, naming: "inner") { try await source.copy(to: other) }
            }
            await expectFailure(.invalidArgument, naming: "0") { try await source.copy(to: source, batchSize: 0) }
        }
    }

    @Test("A plan grows with the rows, is what was measured at their number, and refuses numbers out of its limits")
    func plan() async throws {
        let measured = CapacityPlan.Measurement(
            count: 100_000,
            dimension: 128,
            diskSize: 80_000_000,
            memorySize: 90_000_000,
            openingSeconds: 0.25,
            searchSeconds: 0.0005,
            buildingSeconds: 2
        )
        let same = try CapacityPlan(measured, count: 100_000, nodeMemory: 64 << 30)
        #expect(same.diskSize == measured.diskSize && same.memorySize == measured.memorySize)
        #expect(same.searchSeconds == measured.searchSeconds && same.clusterNodeCount == 1)
        #expect(same.buildingSeconds == measured.buildingSeconds)
        let large = try CapacityPlan(measured, count: 1_600_000_000, nodeMemory: 64 << 30)
        #expect(large.memorySize == 16_000 * measured.memorySize)
        #expect(
            large.searchSeconds > 1000 * measured.searchSeconds && large.searchSeconds < 16_000 * measured.searchSeconds
        )
        #expect(large.buildingSeconds > 16_000 * 2 && large.buildingSeconds < 16_000 * 16_000 * 2)
        #expect(large.clusterNodeCount > 20)
        await expectFailure(.invalidArgument, naming: "0") {
            try CapacityPlan(measured, count: 0, nodeMemory: 64 << 30)
        }
        await expectFailure(.invalidArgument, naming: "1023") { try CapacityPlan(measured, count: 1, nodeMemory: 1023) }
        var few = measured
        few.count = 999
        await expectFailure(.invalidArgument, naming: "999") { try CapacityPlan(few, count: 1, nodeMemory: 64 << 30) }
    }
}

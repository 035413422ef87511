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
}

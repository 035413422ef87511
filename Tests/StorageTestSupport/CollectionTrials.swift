import Foundation
import TestSupport
package import VectorStorage
import Vectors

/// What every collection must do, wherever its rows are. Each trial begins with an empty collection and says what was
/// wrong; none throws where all is right.
package enum CollectionTrials {
    /// Random changes, after which a collection holds, counts, finds and iterates what a dictionary does.
    ///
    /// - Parameter collection: of ``StorageLoad``'s dimension, L2 or inner product.
    package static func changes(
        _ collection: some StoredCollection,
        load: StorageLoad,
        operations: Int,
        queries: Int
    ) async throws -> [String] {
        var model = StorageModel(metric: collection.metric)
        for number in 0..<operations {
            let operation = load.operation(number)
            try await operation.run(on: collection)
            model.apply(operation)
        }
        var failures: [String] = []
        if let difference = try await difference(collection, model, load: load, queries: 0..<queries) {
            failures.append(difference)
        }
        let batch = try VectorMatrix(rows: (0..<5).map { load.query($0) })
        let results = try await collection.search(batch, k: 7)
        for (number, result) in results.enumerated() {
            let expected = model.search(load.query(number), k: 7)
            if let difference = difference(result.matches, expected, in: model, query: load.query(number)) {
                failures.append("query \(number) of a batch: \(difference)")
            }
        }
        return failures
    }

    /// Rows with every kind of metadata come back as they were, and conditions choose those that they hold for.
    ///
    /// - Parameter collection: of dimension 2.
    package static func conditions(
        _ collection: some StoredCollection,
        load: ConditionLoad,
        rows count: Int,
        conditions: Range<Int>
    ) async throws -> [String] {
        let rows = (0..<count).map { number in
            StoredVector(
                key: VectorKey(number),
                vector: [Float(number % 17) - 8, 1],
                metadata: load.metadata(number)
            )
        }
        try await collection.upsert(rows)
        var failures: [String] = []
        for (row, found) in zip(rows, try await collection.get(rows.map(\.key))) where row != found {
            failures.append("\(row) came back as \(String(describing: found))")
        }
        for number in conditions {
            let condition = load.condition(number)
            let expected = Set(rows.filter { condition.holds(for: $0.metadata) }.map(\.key))
            let counted = try await collection.count(where: condition)
            if counted != expected.count {
                failures.append("condition \(number), \(condition): \(counted) rows, not \(expected.count)")
            }
            // A look at the rows themselves costs more.
            guard number % 10 == 0 else { continue }
            let found = try await collection.search([0, 1], k: count, where: condition).matches.map(\.key)
            if Set(found) != expected || found.count != expected.count {
                failures.append("condition \(number), \(condition): a search finds other rows")
            }
        }
        return failures
    }

    /// Keys of every kind, replacing, getting, updating, deleting.
    ///
    /// - Parameter collection: of dimension 2, L2.
    package static func calls(_ collection: some StoredCollection) async throws -> [String] {
        var failures: [String] = []
        func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) { if !isTrue { failures.append(what()) } }
        let keys: [VectorKey] = [
            "a", "b", "\"", "\\", "\\\"", "\n", "\r\n", "\t", "\u{1}", "\u{0}", "a\u{7f}b", "ключ", "😀", "%", "'", "é",
            "e\u{301}", " ", "key in [\"a\"]", VectorKey(String(repeating: "k", count: VectorKey.maximumLength)),
        ]
        try await collection.upsert(
            keys.enumerated().map {
                StoredVector(key: $1, vector: [Float($0), 0], metadata: ["n": .integer(Int64($0))])
            }
        )
        expect(try await collection.count(where: nil) == keys.count, "not every key has a row")
        let rows = try await collection.get(keys + ["nobody"])
        expect(rows.map { $0?.key } == keys.map { $0 } + [nil], "keys come back as \(rows.map { $0?.key })")
        var visited: [VectorKey] = []
        for try await row in collection.rows() { visited.append(row.key) }
        expect(visited.count == keys.count && Set(visited) == Set(keys), "an iteration visits \(visited)")

        try await collection.upsert([
            StoredVector(key: "a", vector: [1, 1], metadata: ["old": 1]),
            StoredVector(key: "a", vector: [2, 2], metadata: ["new": 2]),
        ])
        expect(
            try await collection.get("a") == StoredVector(key: "a", vector: [2, 2], metadata: ["new": 2]),
            "of two rows of a key the last does not count"
        )
        try await collection.update("a", metadata: ["x": nil, "y": ["z"]])
        expect(try await collection.get("a")?.metadata == ["new": 2, "x": .null, "y": ["z"]], "update does not merge")
        try await collection.update("a", metadata: ["only": 1.5], replacing: true)
        expect(try await collection.get("a")?.metadata == ["only": 1.5], "update does not replace")
        do {
            try await collection.update("nobody", metadata: ["a": 1])
            failures.append("a key without a row was updated")
        } catch {
            expect(error.code == .unknownKey, "updating a key without a row: \(error)")
        }
        expect(try await collection.delete(["b", "b", "nobody", "\n"]) == 2, "a wrong number of rows was deleted")
        expect(
            try await collection.delete(where: .atLeast("n", 15)) == 5,
            "a wrong number of rows was deleted by condition"
        )
        expect(try await collection.count(where: nil) == keys.count - 7, "deleted rows are still there")
        expect(try await collection.delete([]) == 0, "deleting nothing deletes")
        try await collection.upsert([])
        expect(try await collection.get([]).isEmpty, "getting nothing gives something")
        return failures
    }

    /// What must be refused, with the code of the error.
    ///
    /// - Parameter collection: of dimension 2.
    package static func wrongInput(_ collection: some StoredCollection) async throws -> [String] {
        var failures: [String] = []
        func refuse(
            _ code: VectorError.Code,
            _ what: String,
            _ body: () async throws(VectorError) -> Void
        ) async {
            do throws(VectorError) {
                try await body()
                failures.append("\(what) is not refused")
            } catch {
                if error.code != code { failures.append("\(what): \(error.code), not \(code): \(error)") }
            }
        }
        func store(_ row: StoredVector) async throws(VectorError) {
            // With a good row before it: none of both may be stored.
            try await collection.upsert([StoredVector(key: "good", vector: [1, 2]), row])
        }
        await refuse(.dimensionMismatch, "a long vector") { () async throws(VectorError) in
            try await store(StoredVector(key: "x", vector: [1, 2, 3]))
        }
        for number in [Float.nan, .infinity, -.infinity, 1e38] {
            await refuse(.notFinite, "\(number)") { () async throws(VectorError) in
                try await store(StoredVector(key: "x", vector: [1, number]))
            }
            await refuse(.notFinite, "a query with \(number)") { () async throws(VectorError) in
                _ = try await collection.search([1, number], k: 1)
            }
        }
        if collection.metric == .cosine {
            await refuse(.invalidArgument, "a zero vector") { () async throws(VectorError) in
                try await store(StoredVector(key: "x", vector: [0, 0]))
            }
        }
        for key in ["", String(repeating: "é", count: 2049)] {
            await refuse(.invalidArgument, "a key of \(key.utf8.count) bytes") { () async throws(VectorError) in
                try await store(StoredVector(key: VectorKey(key), vector: [1, 2]))
            }
        }
        for metadata: VectorMetadata in [
            ["": 1], [String(repeating: "n", count: 256): 1],
            Dictionary(uniqueKeysWithValues: (0..<257).map { ("f\($0)", 1) }),
        ] {
            await refuse(.invalidArgument, "metadata out of their limits") { () async throws(VectorError) in
                try await store(StoredVector(key: "x", vector: [1, 2], metadata: metadata))
            }
        }
        await refuse(.notFinite, "a field that is NaN") { () async throws(VectorError) in
            try await store(StoredVector(key: "x", vector: [1, 2], metadata: ["a": .double(.nan)]))
        }
        await refuse(.dimensionMismatch, "a long query") { () async throws(VectorError) in
            _ = try await collection.search([1, 2, 3], k: 1)
        }
        for k in [0, -1, Int.min] {
            await refuse(.invalidArgument, "k \(k)") { () async throws(VectorError) in
                _ = try await collection.search([1, 2], k: k)
            }
        }
        await refuse(.invalidArgument, "probes 0") { () async throws(VectorError) in
            _ = try await collection.search([1, 2], k: 1, where: nil, options: QueryOptions(probes: 0))
        }
        await refuse(.notFinite, "a bound that is NaN") { () async throws(VectorError) in
            _ = try await collection.count(where: .atLeast("a", Double.nan))
        }
        let long = (0..<3000).reduce(MetadataCondition.exists("a")) { condition, _ in condition && .exists("a") }
        await refuse(.invalidArgument, "a condition of 6001 parts") { () async throws(VectorError) in
            _ = try await collection.count(where: long)
        }
        if try await collection.count(where: nil) != 0 { failures.append("rows of a refused batch are stored") }
        let empty = try await collection.search([1, 2], k: 5)
        if !empty.matches.isEmpty { failures.append("an empty collection has answers") }
        let none = try await collection.search(try VectorMatrix([], dimension: 2), k: 5)
        if !none.isEmpty { failures.append("no queries have answers") }
        return failures
    }
}

import Foundation
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("Groups of rows that share a value")
struct GroupTests {
    /// Pieces of documents, some of many pieces and some of one.
    private func rows(_ count: Int, seed: UInt64) throws -> [StoredVector] {
        let vectors = try TestVectors.gaussianMixture(count, dimension: 16, clouds: 20, spread: 0.2, seed: seed)
        var random = SplitMix64(seed: seed)
        return (0..<count).map { number in
            let size = Double.random(in: 0..<1, using: &random)
            let document = Int(size * size * 60)
            var metadata: VectorMetadata = ["number": .integer(Int64(number))]
            if document % 7 != 0 {
                metadata["document"] = document % 2 == 0 ? .string("d\(document)") : .integer(Int64(document))
            }
            // The same number as the integer.
            if document == 3, number % 2 == 0 { metadata["document"] = .double(3) }
            if document == 14 { metadata["document"] = .null }
            metadata["tags"] = .strings(["t\(document % 5)", "u\(number % 3)", "t\(document % 5)"])
            return StoredVector(key: VectorKey(number), vector: Array(vectors[number]), metadata: metadata)
        }
    }

    private func name(_ value: MetadataValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .double(let number): "\(Int(number))"
        default: nil
        }
    }

    @Test("The k nearest groups with their nearest rows, as by brute force", arguments: [1, 3, 1000], [1, 5, 100])
    func groups(perGroup: Int, k: Int) async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 16, metric: .squaredL2)
            try await collection.upsert(rows(3000, seed: 1))
            try await collection.delete((0..<3000).filter { $0 % 11 == 0 }.map { VectorKey($0) })
            let queries = try TestVectors.gaussianMixture(5, dimension: 16, clouds: 20, spread: 0.2, seed: 2)
            for query in queries.map({ Array($0) }) {
                for condition in [nil, MetadataCondition.atLeast("number", 1500)] {
                    let all = try await collection.search(query, k: 3000, where: condition).matches
                    var expected: [(name: String, matches: [VectorMatch])] = []
                    for match in all {
                        guard let name = match.metadata["document"].flatMap(name) else { continue }
                        if let place = expected.firstIndex(where: { $0.name == name }) {
                            if expected[place].matches.count < perGroup { expected[place].matches.append(match) }
                        } else {
                            expected.append((name, [match]))
                        }
                    }
                    let found = try await collection.search(
                        query,
                        k: k,
                        groupedBy: "document",
                        perGroup: perGroup,
                        where: condition
                    )
                    #expect(found.map { name($0.value) } == expected.prefix(k).map(\.name))
                    for (found, expected) in zip(found, expected) { #expect(found.matches == expected.matches) }
                }
            }
            #expect(try await collection.search(Array(queries[0]), k: 3, groupedBy: "missing").isEmpty)
            await expectFailure(.invalidArgument, naming: "0", "1...") {
                try await collection.search(Array(queries[0]), k: 3, groupedBy: "document", perGroup: 0)
            }
            await expectFailure(.invalidArgument, naming: "k 0") {
                try await collection.search(Array(queries[0]), k: 0, groupedBy: "document")
            }
            let tagged = try await collection.search(Array(queries[0]), k: 100, groupedBy: "tags", perGroup: 2)
            #expect(
                Set(tagged.map(\.value))
                    == Set((["t0", "t1", "t2", "t3", "t4", "u0", "u1", "u2"] as [String]).map { .string($0) })
            )
            for group in tagged {
                guard case .string(let tag) = group.value else { continue }
                let nearest = try await collection.search(Array(queries[0]), k: 2, where: .contains("tags", tag))
                    .matches
                #expect(group.matches == nearest)
            }
            try await store.close()
        }
    }

    @Test("Values are counted, the most frequent first")
    func counts() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 16, metric: .squaredL2)
            let rows = try rows(2000, seed: 4)
            try await collection.upsert(rows)
            try await collection.delete(["5", "6"])
            let staying = rows.filter { $0.key != "5" && $0.key != "6" }
            for condition in [nil, MetadataCondition.atMost("number", 300)] {
                let matching = staying.filter { condition?.holds(for: $0.metadata) ?? true }
                for field in ["document", "tags"] {
                    var expected: [String: Int] = [:]
                    for row in matching {
                        switch row.metadata[field] {
                        case .strings(let tags)?: for tag in Set(tags) { expected[tag, default: 0] += 1 }
                        case let value?: if let name = name(value) { expected[name, default: 0] += 1 }
                        case nil: break
                        }
                    }
                    let found = try await collection.valueCounts(of: field, where: condition)
                    #expect(
                        Dictionary(uniqueKeysWithValues: found.map { (name($0.value) ?? "", $0.count) }) == expected
                    )
                    #expect(found.map(\.count) == found.map(\.count).sorted(by: >))
                    #expect(
                        try await collection.valueCounts(of: field, where: condition, limit: 2)
                            == Array(found.prefix(2))
                    )
                }
            }
            #expect(try await collection.valueCounts(of: "missing").isEmpty)
            await expectFailure(.invalidArgument, naming: "0") {
                try await collection.valueCounts(of: "tags", limit: 0)
            }
            try await store.close()
        }
    }
}

import Foundation
import StorageTestSupport
import TestSupport
import Testing
import VectorStorage

@Suite("Metadata and conditions")
struct MetadataTests {
    private struct Book: Codable, Equatable {
        enum Language: String, Codable { case english, polish }
        var title: String
        var year: Int
        var weight: Double
        var rating: Float?
        var isNew: Bool
        var printed: Date
        var tags: [String]
        var identifier: UUID
        var page: URL
        var language: Language
        var missing: String?
        var count: UInt8
    }

    @Test("A Codable value becomes metadata and comes back")
    func codable() throws {
        let book = Book(
            title: "Solaris",
            year: 1961,
            weight: 0.5,
            rating: 4.5,
            isNew: false,
            printed: Date(timeIntervalSinceReferenceDate: -1.25e9),
            tags: ["sea", "space"],
            identifier: UUID(),
            page: try #require(URL(string: "https://example.org/solaris")),
            language: .polish,
            missing: nil,
            count: 200
        )
        let metadata = try VectorMetadata(encoding: book)
        #expect(metadata["year"] == 1961)
        #expect(metadata["printed"] == .date(book.printed))
        #expect(metadata["tags"] == ["sea", "space"])
        #expect(metadata["language"] == "polish")
        #expect(metadata["missing"] == nil)
        #expect(metadata.count == 11)
        #expect(try metadata.decoded(as: Book.self) == book)
    }

    @Test("What metadata can't hold, or don't hold, is a typed error that names the field")
    func mismatches() async throws {
        struct Nested: Codable {
            struct Inner: Codable { var x = 1 }
            var inner = Inner()
        }
        struct Numbers: Codable { var numbers = [1, 2] }
        struct Large: Codable { var large = UInt64.max }
        struct Small: Codable { var count: Int8 }
        await expectFailure(.metadataMismatch, naming: "inner") { try VectorMetadata(encoding: Nested()) }
        await expectFailure(.metadataMismatch, naming: "numbers") { try VectorMetadata(encoding: Numbers()) }
        await expectFailure(.metadataMismatch, naming: "large", "18446744073709551615") {
            try VectorMetadata(encoding: Large())
        }
        await expectFailure(.metadataMismatch) { try VectorMetadata(encoding: "text") }
        await expectFailure(.metadataMismatch) { try VectorMetadata(encoding: ["a", "b"]) }
        await expectFailure(.metadataMismatch, naming: "count") { try VectorMetadata().decoded(as: Small.self) }
        await expectFailure(.metadataMismatch, naming: "count", "a string", "Int8") {
            try (["count": "three"] as VectorMetadata).decoded(as: Small.self)
        }
        await expectFailure(.metadataMismatch, naming: "count") {
            try (["count": 300] as VectorMetadata).decoded(as: Small.self)
        }
        await expectFailure(.metadataMismatch, naming: "inner") {
            try (["inner": 1] as VectorMetadata).decoded(as: Nested.self)
        }
    }

    @Test("JSON and back")
    func json() throws {
        let metadata: VectorMetadata = [
            "s": "text", "i": .integer(.max), "d": 0.5, "b": false, "n": nil, "l": ["a", "b"],
            "t": .date(Date(timeIntervalSince1970: 1.5e9)),
        ]
        let data = try JSONEncoder().encode(metadata)
        #expect(try JSONDecoder().decode(VectorMetadata.self, from: data) == metadata)
    }

    @Test(
        "Columns select the rows that the condition holds for, for all kinds and bounds, also in a snapshot of columns"
    )
    func columns() async throws {
        let numbers: [MetadataValue] = [
            0, 1, -1, 2, 0.0, -0.0, 0.5, 1.5, 2.0, .integer(.max), .integer(.min), .integer(.max - 1),
            .double(0x1p63), .double(-0x1p63), .double(0x1p53), .integer(1 << 53), .integer(1 << 53 + 1),
            .double(1e300),
        ]
        let others: [MetadataValue] = [
            "", "a", "A", "e\u{301}", "é", .null, true, false, [], ["a"], ["a", "b"], ["b", "a"],
            .date(Date(timeIntervalSinceReferenceDate: 0)), .date(Date(timeIntervalSinceReferenceDate: 1)),
            .date(Date(timeIntervalSinceReferenceDate: -0.5)),
        ]
        let values = numbers + others
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(
                folder.appending(path: "store"),
                options: StoreOptions(durability: .fast)
            )
            let collection = try await store.createCollection("rows", dimension: 1, metric: .squaredL2)
            var rows: [StoredVector] = []
            // Enough for several chunks, with the second field in the last ones only.
            for number in 0..<2500 {
                var metadata: VectorMetadata = [:]
                if number % (values.count + 1) < values.count { metadata["a"] = values[number % (values.count + 1)] }
                if number > 2100 { metadata["b"] = .integer(Int64(number % 7)) }
                rows.append(StoredVector(key: VectorKey(number), vector: [Float(number)], metadata: metadata))
            }
            try await collection.upsert(rows)
            var conditions: [MetadataCondition] = values.map { .equals("a", $0) }
            conditions += values.map { !.equals("a", $0) && .exists("a") }
            conditions += [
                .in("a", []), .in("a", values), .in("a", [1, "a", ["b", "a"]]), .exists("a"), !.exists("b"),
                .exists("c"),
                .contains("a", "a"), .contains("a", "c"), .contains("b", "a"), !(.exists("b") || .equals("a", "a")),
                .range("a", Date(timeIntervalSinceReferenceDate: 0)...),
                .range("a", ..<Date(timeIntervalSinceReferenceDate: 0)), .range("b", 2..<5) && .range("b", ...3),
                .range("a", -Double.infinity...Double.infinity), .range("a", Int.min...Int.max),
                .range("a", Int.min..<Int.max), .range("a", Int.max...), .range("a", ..<Int.min),
                .range("a", ...Int.min),
            ]
            for bound in numbers {
                switch bound {
                case .integer(let bound):
                    conditions += [.range("a", bound...), .range("a", ...bound), .range("a", ..<bound)]
                    conditions += [.greaterThan("a", bound)]
                case .double(let bound):
                    conditions += [.range("a", bound...), .range("a", ...bound), .range("a", ..<bound)]
                    conditions += [.greaterThan("a", bound)]
                default: break
                }
            }
            conditions += [.range("a", 0.0..<0.5), .range("a", 0..<2), .range("a", 0.5...2.0)]
            for condition in conditions {
                let expected = Set(rows.filter { condition.holds(for: $0.metadata) }.map(\.key))
                #expect(try await collection.count(where: condition) == expected.count, "\(condition)")
                let found = try await collection.search([0], k: 3000, where: condition).matches.map(\.key)
                #expect(Set(found) == expected, "\(condition)")
            }
            await expectFailure(.notFinite) {
                try await collection.count(where: .range("a", PartialRangeFrom(Double.nan)))
            }
            let long = (0..<3000).reduce(MetadataCondition.exists("a")) { condition, _ in condition && .exists("a") }
            await expectFailure(.invalidArgument, naming: "6001", "4096") { try await collection.count(where: long) }
        }
    }

    @Test("Bounds are exact, also at the ends of 64 bits and beside doubles", arguments: [false, true])
    func bounds(isDate: Bool) {
        let integers: [Int64] = [
            .min, .min + 1, -1 << 53 - 1, -1 << 53, -1, 0, 1, 2, 1 << 53 - 1, 1 << 53, 1 << 53 + 1, .max - 1024,
            .max - 1023,
            .max - 512, .max - 511, .max - 1, .max,
        ]
        let whole = integers.map { Double($0) }
        let doubles =
            whole + whole.map(\.nextUp) + whole.map(\.nextDown)
            + [0.5, -0.5, -0.0, 1e300, -1e300, .infinity, -.infinity, .leastNonzeroMagnitude]
        /// Of two numbers, whether the first is less, as much, or more, to the last digit.
        func order(_ first: MetadataValue, _ second: MetadataValue) -> Int {
            func sign<Number: Comparable>(_ first: Number, _ second: Number) -> Int {
                first < second ? -1 : first == second ? 0 : 1
            }
            switch (first, second) {
            case (.integer(let first), .integer(let second)): return sign(first, second)
            case (.double(let first), .double(let second)): return sign(first, second)
            case (.date(let first), .date(let second)): return sign(first, second)
            case (.integer(let integer), .double(let double)):
                if double >= 0x1p63 { return -1 }
                if double < -0x1p63 { return 1 }
                let truncated = Int64(double)
                return integer == truncated ? sign(Double(truncated), double) : sign(integer, truncated)
            default: return -order(second, first)
            }
        }
        func check(_ value: MetadataValue, _ bound: some MetadataBound) {
            let order = order(value, bound.bound)
            let row = ["a": value]
            #expect(MetadataCondition.greaterThan("a", bound).holds(for: row) == (order > 0), "\(value) > \(bound)")
            #expect(MetadataCondition.atLeast("a", bound).holds(for: row) == (order >= 0), "\(value) >= \(bound)")
            #expect(MetadataCondition.lessThan("a", bound).holds(for: row) == (order < 0), "\(value) < \(bound)")
            #expect(MetadataCondition.atMost("a", bound).holds(for: row) == (order <= 0), "\(value) <= \(bound)")
        }
        let dates = doubles.map { Date(timeIntervalSinceReferenceDate: $0) }
        if isDate {
            for value in dates { for bound in dates { check(.date(value), bound) } }
            for bound in dates {
                #expect(!MetadataCondition.atLeast("a", bound).holds(for: ["a": .double(.infinity)]))
                #expect(!MetadataCondition.atMost("a", bound).holds(for: ["a": .integer(.min)]))
            }
            return
        }
        for value in integers.map(MetadataValue.integer) + doubles.map(MetadataValue.double) {
            for bound in integers { check(value, bound) }
            for bound in doubles { check(value, bound) }
            #expect(!MetadataCondition.atLeast("a", Date.distantPast).holds(for: ["a": value]))
        }
        for value in ["a", nil, true, ["a"]] as [MetadataValue] {
            #expect(!MetadataCondition.range("a", Int.min...Int.max).holds(for: ["a": value]))
        }
    }

    @Test("Keys are text, numbers and UUIDs")
    func keys() {
        let uuid = UUID()
        #expect(VectorKey(42) == "42" && VectorKey(42) == 42)
        #expect(VectorKey(42).integer == 42 && VectorKey("x").integer == nil)
        #expect(VectorKey(uuid).uuid == uuid && VectorKey("x").uuid == nil)
        #expect(VectorKey("a") < VectorKey("b"))
    }
}

import Foundation
import TestSupport
import Testing
import VectorStorage
import Vectors

@Suite("Conditions as text")
struct ConditionParsingTests {
    private static let moment = Date(timeIntervalSince1970: 1_795_869_000)

    private func expect(_ text: String, _ expected: MetadataCondition) throws {
        #expect(try MetadataCondition(parsing: text) == expected, "\(text)")
    }

    @Test("Text becomes the condition that it says")
    func grammar() throws {
        try expect("year=1961", .equals("year", 1961))
        try expect("year == 1961", .equals("year", 1961))
        try expect(" year\t=\n1961 ", .equals("year", 1961))
        try expect("year != 1961", !.equals("year", 1961))
        try expect("year <> 1961", !.equals("year", 1961))
        try expect("year>=-5", .range("year", (-5)...))
        try expect("year<=1.5e3", .range("year", ...1.5e3))
        try expect("year < 7", .range("year", ..<7))
        try expect("year > 7", .greaterThan("year", 7))
        try expect("year >= 7.5", .atLeast("year", 7.5))
        try expect("year < 7", .lessThan("year", 7))
        try expect("year <= 7", .atMost("year", 7))
        try expect("a<-1", .range("a", ..<(-1)))
        try expect("lang = en", .equals("lang", "en"))
        try expect("lang = 'in'", .equals("lang", "in"))
        try expect("\"a b\" = \"c \\\"d\\\" \\u00e9\\n\"", .equals("a b", "c \"d\" é\n"))
        try expect("a='\\''", .equals("a", "'"))
        try expect("a = true or b = FALSE", .equals("a", true) || .equals("b", false))
        try expect("a = null", .equals("a", nil))
        try expect("a=1 and b=2 or c=3", .equals("a", 1) && .equals("b", 2) || .equals("c", 3))
        try expect("a=1 && (b=2 || c=3)", .equals("a", 1) && (.equals("b", 2) || .equals("c", 3)))
        try expect("not a=1 and b=2", !.equals("a", 1) && .equals("b", 2))
        try expect("NOT (a=1 AND b=2)", !(.equals("a", 1) && .equals("b", 2)))
        try expect("a=1&&!exists b", .equals("a", 1) && !.exists("b"))
        try expect("!(a=1)", !.equals("a", 1))
        try expect("a in (1, x, 'y z')", .in("a", [1, "x", "y z"]))
        try expect("a in ()", .in("a", []))
        try expect("a not in(1)", !.in("a", [1]))
        try expect("tags contains sea", .contains("tags", "sea"))
        try expect("tags not contains \"a b\"", !.contains("tags", "a b"))
        try expect("exists a.b-c", .exists("a.b-c"))
        try expect("'and' = 'or'", .equals("and", "or"))
        try expect("tags = [a, 'b c']", .equals("tags", ["a", "b c"]))
        try expect("größe = 日本", .equals("größe", "日本"))
        try expect("day = 2026-11-28", .equals("day", .date(Self.date("2026-11-28T00:00:00Z"))))
        try expect("at >= 2026-11-28T12:30:00Z", .range("at", Self.moment...))
        try expect("at < 2026-11-28T14:30+02:00", .range("at", ..<Self.moment))
        try expect("at <= 2026-11-28T12:30", .range("at", ...Self.moment))
        try expect("at > 2026-11-28T12:30", .greaterThan("at", Self.moment))
        try expect("id = 9223372036854775807", .equals("id", .integer(.max)))
        try expect("id >= -9223372036854775808", .range("id", Int64.min...))
    }

    private static func date(_ text: String) -> Date { (try? Date(text, strategy: .iso8601)) ?? .distantPast }

    @Test(
        "What does not parse is refused with its column",
        arguments: [
            ("", "column 1: the name of a field"), ("year", "column 5: a comparison"), ("year =", "column 7: a value"),
            ("year=>5", "column 5: '=>'"), ("year === 5", "column 6: '==='"),
            ("year = 1961 5", "column 13: 'and' or 'or'"),
            (
                "year = 18446744073709551615",
                "column 8: 18446744073709551615 is out of range: integers have 64 signed bits"
            ),
            ("year = 1e999", "column 8: 1e999 is out of range"), ("year = 19b", "column 8: '19b' is neither a number"),
            ("year = 007", "column 8: '007'"), ("year = +7", "column 8: '+7'"),
            ("day = 2026-02-30", "column 7: '2026-02-30'"),
            ("year >= en", "column 9: a string has no order"), ("year < null", "column 8: null has no order"),
            ("(a = 1", "column 7: ')' was expected"), ("a = 1)", "column 6: 'and' or 'or' was expected"),
            ("a = 1 and", "column 10: the name"), ("a = 'x", "column 5: the string has no closing '"),
            ("a = \"\\x\"", "column 6: no escape"), ("a in 1", "column 6: '('"), ("a in (1", "column 8: ')'"),
            ("lang = or", "column 8: a value was expected, not 'or', which needs quotes"),
            ("a not 1", "column 7: 'in' or"),
            ("exists", "column 7: the name"), ("a = 'it''", "column 9: the string has no closing"),
            ("a = “x”", "column 5: '“'"), ("größe ≥ 3", "column 7: '≥'"),
            ("a = 1; b", "column 6: ';' has no meaning"), ("a & b", "column 3: '&' is no operator"),
            (String(repeating: "(", count: 300) + "a=1", "nests deeper"),
            ("a=1" + String(repeating: " or a=1", count: 5000), "4096"),
        ]
    )
    func mistakes(text: String, message: String) async {
        let code: VectorError.Code = message == "4096" ? .invalidArgument : .invalidFormat
        await expectFailure(code, naming: message) { try MetadataCondition(parsing: text) }
    }

    @Test("Integers keep all their 64 bits in conditions, beside doubles too")
    func integers() async throws {
        try await withTemporaryFolder { folder in
            let store = try await VectorStore.open(folder.appending(path: "store"))
            let collection = try await store.createCollection("a", dimension: 1, metric: .squaredL2)
            let numbers: [MetadataValue] = [
                .integer(9_007_199_254_740_992), .integer(1_700_000_000_000_000_001),
                .integer(1_700_000_000_000_000_002), .integer(1_700_000_000_000_000_003), .double(0x1p53),
                .integer(.max), .double(0x1p63),
            ]
            try await collection.upsert(
                numbers.enumerated().map { StoredVector(key: VectorKey($0), vector: [1], metadata: ["n": $1]) }
            )
            for (text, count) in [
                ("n>9007199254740993", 5), ("n >= 9007199254740993", 5), ("n > 9007199254740992", 5),
                ("n>=1700000000000000003", 3), ("n = 1700000000000000003", 1), ("n < 1700000000000000003", 4),
                ("n <= 9007199254740991", 0), ("n <= 9007199254740992", 2), ("n > 9223372036854775806", 2),
                ("n > 9223372036854775807", 1), ("n in (1700000000000000001, 1700000000000000004)", 1),
                ("n > 9223372036854775807.0", 0), ("n >= 9223372036854775808.0", 1),
            ] {
                let condition = try MetadataCondition(parsing: text)
                #expect(try await collection.count(where: condition) == count, "\(text)")
                #expect(numbers.count { condition.holds(for: ["n": $0]) } == count, "\(text)")
            }
            #expect(try await collection.delete(where: MetadataCondition(parsing: "n>=1700000000000000003")) == 3)
        }
    }

    @Test("A line of JSON is read to the last digit, and written so that it reads the same")
    func lines() throws {
        let text =
            #"{"key":"a","metadata":{"b":true,"d":1.0,"e":1e+20,"i":-9223372036854775808,"l":["x",""],"n":null,"#
            + #""s":"q\" \\ \u0001 é","t":{"date":-1.5}},"score":0.25,"vector":[1,-2.5,1e-07]}"#
        let line = try RowLine(parsing: text.utf8)
        #expect(line.metadata?["d"] == .double(1) && line.metadata?["i"] == .integer(.min))
        #expect(line.metadata?["t"] == .date(Date(timeIntervalSince1970: -1.5)))
        #expect(line.vector == [1, -2.5, 1e-7] && line.score == 0.25 && line.key == "a")
        #expect(line.text == text)
        for seconds in [12_345.678, -0.1, 1e-3, 812_345_678.123456, 0, -978_307_200, 1e15, 1e300] {
            let date: VectorMetadata = ["t": .date(Date(timeIntervalSinceReferenceDate: seconds))]
            let written = RowLine(VectorMatch(key: "a", score: 0, metadata: date)).text
            #expect(try RowLine(parsing: written.utf8).metadata == date, "\(written)")
        }
        let dated = try RowLine(
            parsing: #" { "metadata" : {"t": {"date": "2026-11-28T12:30:00Z"}}, "vector": null } "#.utf8
        )
        #expect(dated.metadata == ["t": .date(Self.moment)] && dated.vector == nil && dated.key == nil)
    }

    @Test(
        "A line of JSON that is not a row is refused with its column",
        arguments: [
            (#"{"key": "a", "metdata": {}}"#, "column 14: 'metdata' is none of key, vector, metadata, score"),
            (
                #"{"metadata": {"n": 18446744073709551615}}"#,
                "column 20: 18446744073709551615 is out of range: integers have 64"
            ),
            (#"{"metadata": {"n": 9223372036854775808}}"#, "64 signed bits"),
            (#"{"metadata": {"n": 1, "n": 2}}"#, "'n' occurs twice"),
            (#"{"metadata": {"n": {"x": 1}}}"#, "column 21: 'x'"),
            (#"{"metadata": {"n": [1]}}"#, "a string in double quotes"),
            (#"{"metadata": {"n": 01}}"#, "'01'"), (#"{"metadata": {"n": NaN}}"#, "column 20"),
            (#"{"vector": [1e39]}"#, "32-bit"),
            (#"{"vector": [1,]}"#, "column 15"), (#"{"key": 1}"#, "column 9"), (#"{"key": "a"} x"#, "column 14"),
            (#"{"key": "a""#, "the end"), ("[]", "an object"), ("", "column 1"), (#"{"key": "\ud800"}"#, "escape"),
        ]
    )
    func badLines(text: String, message: String) async {
        await expectFailure(.invalidFormat, naming: message) { try RowLine(parsing: text.utf8) }
    }

    @Test("Foundation's JSON never turns a whole number into a double that has lost digits")
    func codable() throws {
        func decode(_ text: String) throws -> MetadataValue {
            try JSONDecoder().decode([MetadataValue].self, from: Data("[\(text)]".utf8))[0]
        }
        #expect(try decode("9223372036854775807") == .integer(.max))
        #expect(try decode("1e19") == .double(1e19))
        #expect(throws: DecodingError.self) { try decode("18446744073709551615") }
    }

    @Test("Keys are told apart by their bytes, in memory, in the database and in answers")
    func keys() async throws {
        let keys: [VectorKey] = ["\u{E9}", "e\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "\u{0}", "\u{0}\u{0}"]
        #expect(Set(keys).count == keys.count)
        #expect(keys.sorted().map(\.text.utf8.first!) == keys.map(\.text.utf8.first!).sorted())
        try await withTemporaryFolder { folder in
            let url = folder.appending(path: "store")
            for round in 0..<2 {
                let store = try await VectorStore.open(url)
                if round == 0 {
                    let new = try await store.createCollection("a", dimension: 1, metric: .squaredL2)
                    try await new.upsert(
                        keys.enumerated().map { StoredVector(key: $1, vector: [Float($0)]) }
                    )
                }
                let collection = try await store.collection("a")
                #expect(collection.count == keys.count)
                for (number, key) in keys.enumerated() {
                    #expect(try await collection.get(key)?.vector == [Float(number)])
                    let nearest = try await collection.search([Float(number)], k: 1).matches[0].key
                    #expect(Array(nearest.text.utf8) == Array(key.text.utf8))
                }
                #expect(try await store.verify() == [])
                if round == 1 {
                    #expect(try await collection.delete([keys[0]]) == 1)
                    #expect(try await collection.get(keys[1]) != nil)
                }
                try await store.close()
            }
        }
    }
}

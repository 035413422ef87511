import Foundation
import TestSupport
import Testing
import Vectors

@Suite("vectors store")
struct StoreCommandLineTests {
    private func run(_ folder: URL, _ arguments: String..., input: String = "") throws -> VectorsProgram.Outcome {
        let store = folder.appending(path: "store").path
        return try VectorsProgram.outcome(["store", arguments[0], store] + arguments.dropFirst(), input: input)
    }

    /// A store with rows of one dimension that have these metadata.
    private func fill(_ folder: URL, _ metadata: [String]) throws {
        #expect(try run(folder, "create", "--dimension", "1", "--metric", "l2").status == 0)
        let lines = metadata.enumerated().map { #"{"key": "r\#($0)", "vector": [\#($0)], "metadata": \#($1)}"# + "\n" }
        #expect(try run(folder, "put", input: lines.joined()).status == 0)
    }

    @Test("Integers beyond 2⁵³ are compared, printed and put exactly")
    func integers() throws {
        try withTemporaryFolder { folder in
            try fill(
                folder,
                [#"{"n": 9007199254740992}"#] + (1...3).map { #"{"ts": 170000000000000000\#($0)}"# }
            )
            #expect(try run(folder, "delete", "--where", "n>9007199254740993").output == "deleted 0 rows\n")
            #expect(try run(folder, "get", "r2").output.contains(#""ts":1700000000000000002"#))
            #expect(try run(folder, "get", "r2", "--json").output.contains(#""ts":1700000000000000002"#))
            #expect(try run(folder, "delete", "--where", "ts>=1700000000000000003").output == "deleted 1 rows\n")
            let large = #"{"key": "x", "vector": [1], "metadata": {"n": 18446744073709551615}}"#
            let put = try run(folder, "put", input: large)
            #expect(put.status == 1 && put.errors.contains("line 1, column") && put.errors.contains("64 signed bits"))
            let compared = try run(folder, "count", "--where", "n = 18446744073709551615")
            #expect(compared.status == 64 && compared.errors.contains("64 signed bits"))
        }
    }

    @Test("Texts are stored and found by the model that the collection was created with")
    func texts() throws {
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "SentenceEmbeddingsTests/Fixtures")
        let model = fixtures.appending(path: "bert").path
        try withTemporaryFolder { folder in
            let lines = folder.appending(path: "notes.jsonl")
            try Data(
                #"""
                {"key": "boat", "metadata": {"body": "a boat on the lake", "n": 1}}
                {"metadata": {"body": "reset the router"}}
                """#.utf8
            ).write(to: lines)
            #expect(try run(folder, "create", "--model", model).status == 0)
            let stored = try run(folder, "import", lines.path, "--text-field", "body", "--model", model, "--json")
            #expect(stored.object["stored"] as? Int == 2 && stored.object["count"] as? Int == 2)
            let found = try run(folder, "search", "--text", "a boat on the lake", "-k", "1", "--model", model)
            #expect(found.output.hasPrefix(#"{"key":"boat","metadata":{"n":1,"text":"a boat on the lake"},"score":"#))
            #expect(try run(folder, "get", "1").output.contains("reset the router"))

            for wrong in [
                ["search", "--text", "a"], ["search", "--key", "boat", "--model", model],
                ["import", lines.path, "--text-field", "body"], ["import", lines.path, "--model", model],
                ["create", "--dimension", "3", "--model", model],
            ] {
                let store = folder.appending(path: "store").path
                let outcome = try VectorsProgram.outcome(["store", wrong[0], store] + wrong.dropFirst())
                #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(wrong)")
            }
            let other = fixtures.appending(path: "distilbert").path
            let refused = try run(folder, "search", "--text", "a", "--model", other)
            #expect(refused.status == 1 && refused.errors.contains("bert (") && refused.errors.contains("distilbert ("))
            let changed = try run(folder, "reembed", "--model", other, "--json")
            #expect(changed.object["count"] as? Int == 2 && changed.object["model"] as? String == "distilbert")
            let again = try run(folder, "search", "--text", "a boat on the lake", "-k", "1", "--model", other)
            #expect(again.output.hasPrefix(#"{"key":"boat","#))
            #expect(try run(folder, "search", "--text", "a", "--model", model).status == 1)
            #expect(try run(folder, "reembed", "--model", model).output.contains("2 texts have vectors of 'bert'"))
            let missing = try run(folder, "import", lines.path, "--text-field", "nobody", "--model", model)
            #expect(missing.status == 1 && missing.errors.contains("line 1") && missing.errors.contains("'nobody'"))
        }
    }

    @Test("Rows are found by their words, alone or with a neighbour's vector, once a collection has a full-text index")
    func fullText() throws {
        try withTemporaryFolder { folder in
            try fill(folder, ["a boat", "two boats on a lake", "a car"].map { #"{"text": "\#($0)"}"# })
            let none = try run(folder, "search", "--words", "boat")
            #expect(none.status == 1 && none.errors.contains("'default' has no full-text index"))
            #expect(try run(folder, "words", "--full-text", "text").output == "the words of text are found now\n")
            #expect(try run(folder, "search", "--words", "boat").output.contains(#""key":"r0""#))
            let english = try run(folder, "words", "--full-text", "text", "--tokenizer", "english", "--json")
            #expect(english.object["tokenizer"] as? String == "english")
            let found = try run(folder, "search", "--words", "boat lake \"", "--json")
            #expect(found.object["strategy"] as? String == "words")
            let keys = (found.object["matches"] as? [[[String: Any]]])?.first?.map { $0["key"] as? String }
            #expect(keys == ["r1", "r0"])
            let both = try run(
                folder,
                "search",
                "--words",
                "boat",
                "--key",
                "r2",
                "-k",
                "1",
                "--where",
                "text != \"a car\""
            )
            #expect(both.output.hasPrefix(#"{"key":"r0","metadata":{"text":"a boat"},"score":0.0325"#))
            #expect(try run(folder, "words").output == "no words are found any more\n")
            for wrong in [
                ["search", "--words", "a", "--queries", "a.npy"], ["words", "--tokenizer", "english"],
                ["words", "--full-text", "text", "--tokenizer", "latin"], ["create", "--tokenizer", "words"],
            ] {
                let store = folder.appending(path: "store").path
                let outcome = try VectorsProgram.outcome(["store", wrong[0], store] + wrong.dropFirst())
                #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(wrong)")
            }
        }
    }

    @Test("A condition is what it says, spaces or not, and what is not understood deletes nothing")
    func conditions() throws {
        try withTemporaryFolder { folder in
            try fill(folder, [1961, 1962, 1963].map { #"{"year": \#($0)}"# })
            for (text, count) in [
                ("year = 1961", 1), ("year==1961", 1), ("year != 1961", 2), ("year>1961 and not year = 1963", 1),
                ("year in (1961, 1963)", 2), ("year = 1960", 0),
            ] { #expect(try run(folder, "count", "--where", text).output == "\(count)\n", "\(text)") }
            let refused = try run(folder, "delete", "--where", "year=>5")
            #expect(refused.status == 64 && refused.errors.contains("column 5") && refused.errorLines.count == 1)
            let unknown = try run(folder, "delete", "--where", "yaer != 1961")
            #expect(unknown.status == 1 && unknown.errors.contains("no row") && unknown.errors.contains("'yaer'"))
            #expect(try run(folder, "count").output == "3\n")
            let warned = try run(folder, "search", "--key", "r0", "--where", "yaer != 1961")
            #expect(
                warned.status == 0
                    && warned.errors == "warning: no row of the collection 'default' has the field 'yaer'\n"
            )
            #expect(try run(folder, "delete", "--where", "year != 1961").output == "deleted 2 rows\n")
            let all = try run(folder, "delete", "--where", "yaer != 1961", "--allow-unknown-fields")
            #expect(all.output == "deleted 1 rows\n")
        }
    }

    @Test("put names the line and the column, and says what is stored")
    func putting() throws {
        try withTemporaryFolder { folder in
            try fill(folder, [])
            let lines = [#"{"key": "a", "vector": [1]}"#, #"{"key": "b", "vector": [2]}"#]
            func put(_ last: String, _ arguments: String...) throws -> VectorsProgram.Outcome {
                let store = folder.appending(path: "store").path
                let input = (lines + ["", last]).joined(separator: "\r\n")
                return try VectorsProgram.outcome(["store", "put", store] + arguments, input: input)
            }
            for (line, part) in [
                (#"{"key": "c", "vector": [1], "metdata": {"n": 1}}"#, "line 4, column 29: 'metdata'"),
                (#"{"key": "c", "vector": [1, 2]}"#, "line 4, the vector of 'c' has 2 numbers"),
                (#"{"key": "c"}"#, "line 4, it needs a key and a vector"), ("", ""),
            ] {
                let whole = try put(line, "--all-or-nothing")
                if line.isEmpty { continue }
                #expect(whole.status == 1 && whole.errors.contains(part) && whole.errors.contains("nothing is stored"))
                #expect(whole.errorLines.count == 1)
            }
            #expect(try run(folder, "delete", "a", "b").output == "deleted 2 rows\n")
            let part = try put("x")
            #expect(part.status == 1 && part.errors.contains("rows that are stored: 2, all before it"))
            #expect(try run(folder, "get", "a", "b").status == 0)
        }
    }

    @Test("An import that fails says what is stored, and goes on from there or stores all or nothing")
    func importing() throws {
        try withTemporaryFolder { folder in
            #expect(try run(folder, "create", "--dimension", "2").status == 0)
            var rows = (0..<25_000).map { [Float($0), 1] }
            rows[15_000] = [0, 0]
            let file = folder.appending(path: "rows.npy")
            try VectorFile.write(VectorMatrix(rows: rows), to: file)
            let none = try run(folder, "import", file.path, "--all-or-nothing")
            #expect(none.status == 1 && none.errors.contains("nothing is stored"), "\(none.errors)")
            #expect(try run(folder, "count").output == "0\n")
            let some = try run(folder, "import", file.path)
            #expect(some.status == 1 && some.errors.contains("row 15000 of"), "\(some.errors)")
            #expect(some.errors.contains("the rows 0..<15000 are stored: --skip 15000 goes on from there"))
            #expect(try run(folder, "count").output == "15000\n")
            let rest = try run(folder, "import", file.path, "--skip", "15001", "--json")
            #expect(rest.status == 0 && rest.object["stored"] as? Int == 9999)
            #expect(try run(folder, "count").output == "24999\n")
        }
    }

    @Test("Words that differ in bytes alone become rows of their own, each with its own vector")
    func words() throws {
        try withTemporaryFolder { folder in
            let long = String(repeating: "x", count: 4000)
            let text = "4 2\n\u{E9} 1 0\ne\u{301} 0 1\n\(long) 1 1\nz 2 1\n"
            let file = folder.appending(path: "words.vec")
            try Data(text.utf8).write(to: file)
            #expect(try run(folder, "create", "--dimension", "2").status == 0)
            let imported = try run(folder, "import", file.path, "--json")
            #expect(imported.object["count"] as? Int == 4 && imported.object["stored"] as? Int == 4)
            #expect(try run(folder, "get", "\u{E9}").output.contains("\"vector\":[1,0]"))
            #expect(try run(folder, "get", "e\u{301}").output.contains("\"vector\":[0,1]"))
            #expect(try run(folder, "get", long).status == 0)
        }
    }

    @Test("get prints what is there and names what isn't")
    func getting() throws {
        try withTemporaryFolder { folder in
            try fill(folder, ["{}", "{}"])
            let found = try run(folder, "get", "r0", "ghost", "r1")
            #expect(found.status == 1 && found.output.split(separator: "\n").count == 2)
            #expect(found.errors == "Error: no row has the key 'ghost'\n")
        }
    }

    @Test("Metadata change without the vector; collections are renamed, copied and dropped")
    func care() throws {
        try withTemporaryFolder { folder in
            try fill(folder, [#"{"a": 1, "b": 2}"#])
            #expect(try run(folder, "update", "r0", "--metadata", #"{"b": 3, "c": 4}"#).status == 0)
            #expect(
                try run(folder, "get", "r0").output == #"{"key":"r0","metadata":{"a":1,"b":3,"c":4},"vector":[0]}"#
                    + "\n"
            )
            #expect(try run(folder, "update", "r0", "--metadata", #"{"d": 5}"#, "--replace").status == 0)
            #expect(try run(folder, "get", "r0").output == #"{"key":"r0","metadata":{"d":5},"vector":[0]}"# + "\n")
            #expect(try run(folder, "update", "r0", "--remove", "d").status == 0)
            #expect(try run(folder, "get", "r0").output == #"{"key":"r0","metadata":{},"vector":[0]}"# + "\n")
            #expect(try run(folder, "update", "r0", "ghost", "--metadata", #"{"e": 1}"#).status == 1)
            #expect(try run(folder, "rename", "--collection", "default", "--to", "other").status == 0)
            #expect(try run(folder, "rename", "--collection", "default", "--to", "third").status == 1)
            let copy = folder.appending(path: "copy").path
            #expect(try run(folder, "snapshot", "--output", copy).status == 0)
            #expect(try run(folder, "snapshot", "--output", copy).status == 1)
            #expect(try run(folder, "drop", "--collection", "other").status == 0)
            #expect(try run(folder, "info", "--json").object["collections"] as? [String] == [])
            #expect(try VectorsProgram.outcome(["store", "verify", copy]).output == "all is well\n")
            let get = try VectorsProgram.outcome(["store", "get", copy, "r0", "--collection", "other", "--json"])
            #expect((get.object["rows"] as? [[String: Any]])?.first?["key"] as? String == "r0")
        }
    }

    @Test("info tells of whole collections beside a damaged one, and fails")
    func damaged() throws {
        try withTemporaryFolder { folder in
            try fill(folder, ["{}"])
            #expect(try run(folder, "create", "--dimension", "1", "--collection", "bad").status == 0)
            let mark = "UNMISTAKABLE-MARK"
            let line = #"{"key": "\#(mark)", "vector": [1]}"#
            #expect(try run(folder, "put", "--collection", "bad", input: line).status == 0)
            let database = folder.appending(path: "store/store.sqlite")
            var bytes = try Data(contentsOf: database)
            let place = try #require(bytes.range(of: Data(mark.utf8)))
            bytes[place.lowerBound] ^= 1
            try bytes.write(to: database)
            let info = try run(folder, "info")
            #expect(info.status == 1 && info.output.contains("default: 1 x 1"), "\(info.output)")
            #expect(info.output.contains("bad: ") && info.errorLines.count == 1 && info.errors.contains("'bad'"))
        }
    }

    @Test("--json makes the last line one object with the results, for every command")
    func json() throws {
        try withTemporaryFolder { folder in
            let created = try run(folder, "create", "--dimension", "1", "--metric", "l2", "--json")
            #expect(created.object["collection"] as? String == "default")
            let lines =
                #"{"key": "a", "vector": [1], "metadata": {"camelCase": 7}}"# + "\n" + #"{"key": "b", "vector": [2]}"#
            #expect(try run(folder, "put", "--json", input: lines).object["stored"] as? Int == 2)
            let search = try run(folder, "search", "--key", "a", "--json").object
            let matches = try #require(search["matches"] as? [[[String: Any]]])
            #expect(matches[0].map { $0["key"] as? String } == ["a", "b"])
            #expect(matches[0][1]["score"] as? Double == 1)
            #expect((matches[0][0]["metadata"] as? [String: Any])?["camelCase"] as? Int == 7)
            let got = try run(folder, "get", "a", "ghost", "--json")
            #expect(got.status == 1 && got.object["missing"] as? [String] == ["ghost"])
            #expect(try run(folder, "count", "--json").object["count"] as? Int == 2)
            #expect(try run(folder, "verify", "--json").object["problems"] as? [String] == [])
            #expect(try run(folder, "convert", "--json").object["collections"] as? [String] == ["default"])
            #expect(try run(folder, "compact", "--json").object["database_bytes"] as? Int != nil)
            let output = folder.appending(path: "out.jsonl").path
            #expect(try run(folder, "export", "--output", output, "--json").object["exported"] as? Int == 2)
            #expect(
                try run(folder, "update", "a", "--metadata", "{}", "--replace", "--json").object["updated"] as? Int == 1
            )
            #expect(try run(folder, "delete", "a", "--json").object["deleted"] as? Int == 1)
            let copy = folder.appending(path: "copy").path
            #expect(
                try run(folder, "snapshot", "--output", copy, "--json").object["collections"] as? [String] == [
                    "default"
                ]
            )
            let renamed = try run(folder, "rename", "--collection", "default", "--to", "x", "--json")
            #expect(renamed.object["collection"] as? String == "x")
            #expect(try run(folder, "drop", "--collection", "x", "--json").object["collections"] as? [String] == [])
        }
    }
}

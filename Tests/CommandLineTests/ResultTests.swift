import Foundation
import TestSupport
import Testing
import Vectors

@Suite("vectors and its results")
struct ResultTests {
    private func write(_ text: String, _ name: String, in folder: URL) throws -> String {
        let url = folder.appending(path: name)
        try Data(text.utf8).write(to: url)
        return url.path
    }

    @Test("All words behind --minus count against, up to the next option")
    func minus() throws {
        try withTemporaryFolder { folder in
            let words = try write("5 2\na 1 0.1\nb 0.2 1\nc 0.7 0.7\nd 0.9 0.3\ne -1 0.1\n", "words.vec", in: folder)
            let once = try VectorsProgram.outcome(["similar", words, "a", "--minus", "b", "c", "-k", "2", "--json"])
            let twice = try VectorsProgram.outcome([
                "similar", words, "a", "--minus", "b", "--minus", "c", "-k", "2", "--json",
            ])
            #expect(once.object["positive"] as? [String] == ["a"])
            #expect(once.object["negative"] as? [String] == ["b", "c"])
            #expect(once.status == 0 && once.output == twice.output)
        }
    }

    @Test("evaluate tells sections and skipped questions, and takes no damaged score for a heading")
    func evaluating() throws {
        try withTemporaryFolder { folder in
            let words = try write("4 2\na 1 0.1\nb 0.2 1\nc 0.7 0.7\nd 0.9 0.3\n", "words.vec", in: folder)
            let questions = try write(": one\na b c d\na b c x\n: two\nx y z a\n", "questions.txt", in: folder)
            let analogies = try VectorsProgram.outcome(["evaluate", words, "--analogies", questions, "--json"]).object
            #expect(analogies["questions"] as? Int == 1 && analogies["skipped"] as? Int == 2)
            let sections = try #require(analogies["sections"] as? [[String: Any]])
            #expect(sections.map { $0["name"] as? String } == ["one", "two"])
            #expect(sections.map { $0["skipped"] as? Int } == [1, 1])
            let good = try write("word1 word2 score\na b 1\na c 2\nb d 0.5\nb x 1\n", "good.txt", in: folder)
            let pairs = try VectorsProgram.outcome(["evaluate", words, "--pairs", good, "--json"])
            #expect(pairs.object["pairs"] as? Int == 3 && pairs.object["unknown"] as? Int == 1)
            #expect(pairs.object["heading"] as? String == "word1 word2 score")
            #expect(pairs.errors.contains("taken for a heading"))
            let bad = try write("a b 7.3x5\na c 2\nb d 0.5\n", "bad.txt", in: folder)
            let refused = try VectorsProgram.outcome(["evaluate", words, "--pairs", bad])
            #expect(refused.status == 1 && refused.errors.contains("line 1") && refused.errors.contains("7.3x5"))
        }
    }

    @Test("index search --json has the neighbours, and an index without a type is the automatic one")
    func indexes() throws {
        try withTemporaryFolder { folder in
            let small = folder.appending(path: "small.npy")
            try VectorFile.write(TestVectors.uniform(20, dimension: 4, seed: 1), to: small)
            let index = folder.appending(path: "index.vindex").path
            let built = try VectorsProgram.outcome(["index", "build", small.path, "--output", index, "--json"])
            #expect(built.object["type"] as? String == "flat")
            let found = try VectorsProgram.outcome([
                "index", "search", index, "--queries", small.path, "-k", "3", "--json",
            ])
            let neighbors = try #require(found.object["neighbors"] as? [[[String: Any]]])
            #expect(neighbors.count == 20 && neighbors.allSatisfy { $0.count == 3 })
            #expect(
                neighbors.enumerated().allSatisfy { $1[0]["id"] as? Int == $0 && $1[0]["distance"] as? Double == 0 }
            )
            let large = folder.appending(path: "large.npy")
            try VectorFile.write(TestVectors.uniform(10_000, dimension: 4, seed: 1), to: large)
            let lists = try VectorsProgram.outcome(["index", "build", large.path, "--output", index, "--json"])
            #expect((lists.object["type"] as? String)?.hasPrefix("ivf(") == true)
        }
    }

    @Test(
        "--lenient leaves bad rows and, under the cosine, zero vectors out, and keeps rows, labels and metadata together"
    )
    func lenient() throws {
        try withTemporaryFolder { folder in
            let words = try write(
                "\u{FEFF}5 2\r\na 1 0\r\na 2 2\r\n. . . 0 1\r\nzero 0 0\r\nb 3 1",
                "words.vec",
                in: folder
            )
            let store = folder.appending(path: "a.store").path
            let metadata = try write(
                (0..<5).map { "{\"metadata\": {\"row\": \($0)}}" }.joined(separator: "\r\n"),
                "rows.jsonl",
                in: folder
            )
            #expect(try VectorsProgram.outcome(["store", "create", store, "--dimension", "2"]).status == 0)
            let arguments = ["store", "import", store, words, "--metadata", metadata, "--json"]
            let refused = try VectorsProgram.outcome(arguments)
            #expect(refused.status == 1 && refused.errors.contains("line 3"), "\(refused.errors)")
            let imported = try VectorsProgram.outcome(arguments + ["--lenient"])
            #expect(
                imported.object["stored"] as? Int == 3 && imported.object["omitted"] as? Int == 2,
                "\(imported.errors)"
            )
            #expect(imported.errors.contains("1 with a word that was there before"))
            let row = try VectorsProgram.outcome(["store", "get", store, "b", "--json"])
            #expect(row.output.contains("\"row\":4"), "\(row.output)")
            let index = folder.appending(path: "a.vindex").path
            let build = ["index", "build", words, "--metric", "cosine", "--output", index, "--json", "--lenient"]
            #expect(try VectorsProgram.outcome(build).object["count"] as? Int == 3)
            #expect(try VectorsProgram.outcome(build + ["--restrict", "2"]).object["count"] as? Int == 2)
            let labels = folder.appending(path: "labels.txt").path
            let cluster = ["cluster", words, "-k", "1", "--lenient", "--output", labels]
            #expect(try VectorsProgram.outcome(cluster).status == 0)
            #expect(try String(contentsOfFile: labels, encoding: .utf8) == "0\n-1\n0\n0\n0\n")
        }
    }

    @Test("A negative value needs no sign of equality before it")
    func negative() throws {
        try withTemporaryFolder { folder in
            let corpus = try write(String(repeating: "new york is a big city\n", count: 20), "corpus.txt", in: folder)
            let output = folder.appending(path: "out.txt").path
            let arguments = ["phrases", corpus, "--output", output, "--scoring", "npmi", "--threshold", "-1"]
            #expect(try VectorsProgram.outcome(arguments).status == 0)
            #expect(try String(contentsOfFile: output, encoding: .utf8).contains("new_york"))
        }
    }
}

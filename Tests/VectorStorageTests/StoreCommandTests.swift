import Foundation
import TestSupport
import Testing
import Vectors

@Suite("The command line's `store`", .enabled(if: VectorsProgram.url != nil, "the program was not built"))
struct StoreCommandTests {
    private func run(_ arguments: String..., input: String = "") throws -> (status: Int32, output: String) {
        let process = try VectorsProgram.process(["store"] + arguments)
        let output = Pipe()
        let entry = Pipe()
        process.standardOutput = output
        process.standardInput = entry
        try process.run()
        entry.fileHandleForWriting.write(Data(input.utf8))
        try entry.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test("From a file of vectors to answers, and out again")
    func wholeWay() throws {
        try withTemporaryFolder { folder in
            let store = folder.appending(path: "store").path
            let vectors = folder.appending(path: "vectors.npy")
            let lines = folder.appending(path: "lines.jsonl")
            let matrix = try TestVectors.integers(50, dimension: 4, in: 1...9, seed: 1)
            try VectorFile.write(matrix, to: vectors)
            let text = (0..<50).map { "{\"key\": \"k\($0)\", \"metadata\": {\"n\": \($0), \"even\": \($0 % 2 == 0)}}" }
            try Data(text.joined(separator: "\n").utf8).write(to: lines)
            #expect(try run("create", store, "--dimension", "4", "--metric", "l2").status == 0)
            #expect(try run("create", store, "--dimension", "4").status == 1)
            #expect(try run("import", store, vectors.path, "--metadata", lines.path).status == 0)
            let searched = try run(
                "search",
                store,
                "--key",
                "k7",
                "-k",
                "3",
                "--where",
                "even=false",
                "--where",
                "n<20"
            )
            #expect(searched.status == 0)
            #expect(searched.output.split(separator: "\n").count == 3)
            #expect(searched.output.hasPrefix("{\"key\":\"k7\",\"metadata\":{\"even\":false,\"n\":7},\"score\":0}"))
            let put = try run(
                "put",
                store,
                input: "{\"key\": \"new\", \"vector\": [1, 2, 3, 4], \"metadata\": {\"n\": 99}}\n"
            )
            #expect(put.status == 0)
            #expect(try run("get", store, "new").output.contains("\"vector\":[1,2,3,4]"))
            #expect(try run("get", store, "nobody").status == 1)
            #expect(try run("delete", store, "k0", "k1").output == "deleted 2 rows\n")
            #expect(try run("delete", store, "--where", "n>=48").output == "deleted 3 rows\n")
            #expect(try run("info", store).output.contains("default: 46 x 4, squaredL2"))
            #expect(try run("verify", store).output == "all is well\n")
            #expect(try run("compact", store).status == 0)
            let exported = folder.appending(path: "out.jsonl")
            #expect(try run("export", store, "--output", exported.path).status == 0)
            #expect(try String(contentsOf: exported, encoding: .utf8).split(separator: "\n").count == 46)
            let again = folder.appending(path: "again").path
            #expect(try run("create", again, "--dimension", "4").status == 0)
            #expect(try run("put", again, input: String(contentsOf: exported, encoding: .utf8)).status == 0)
            #expect(try run("info", again).output.contains("46 x 4"))
        }
    }

    @Test("A process that may have no more files open is told so")
    func openFiles() throws {
        try withTemporaryFolder { folder in
            let store = folder.appending(path: "store").path
            #expect(try run("create", store, "--dimension", "2").status == 0)
            var errors = ""
            for limit in 8..<16 {
                let outcome = try VectorsProgram.outcome(["store", "info", store], openFiles: limit)
                #expect(!outcome.crashed)
                errors += outcome.errors
            }
            #expect(errors.contains(String(cString: strerror(EMFILE))), "\(errors)")
        }
    }
}

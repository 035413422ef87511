import Foundation
import TestSupport
import Testing
import Vectors

/// Every command of `vectors` with every kind of wrong argument: one line on standard error, the right exit code, nothing of
/// another library's words, no crash.
@Suite("vectors with wrong arguments")
struct WrongArgumentTests {
    /// A command line that works. What begins with `@` is a file that is read, with `#` a store, with `>` a file that is
    /// written.
    static let commands = [
        "phrases @corpus.txt --output >joined.txt --scores >scores.txt",
        "train @corpus.txt --output >out.bin --state >out.state --minimum-count 1 --dimension 4",
        "train @corpus.txt --output >out.bin --continue @state --checkpoint >checkpoint",
        "similar @words.vec w1 w2 --minus w3 w4",
        "evaluate @words.vec --analogies @questions.txt",
        "evaluate @words.bin --pairs @pairs.txt",
        "convert @words.vec --output >out.tsv --metadata >metadata.tsv",
        "convert @words.vec.gz --output >out.npy",
        "cluster @base.npy -k 2 --output >labels.txt",
        "cluster @base.fvecs --method dbscan --radius 1 --output >labels.txt",
        "map @base.npy --labels @labels.txt --output >map.html --iterations 10",
        "index build @base.npy --output >out.vindex",
        "index build @words.vec --type hnsw --output >out.faiss",
        "index search @index.vindex --queries @base.npy --output >out.ivecs --distances >out.npy --truth @truth.ivecs -k 2",
        "index search @index.faiss --queries @base.fvecs",
        "index info @index.faiss",
        "index info @index.vindex",
        "store import #store @base.npy --metadata @rows.jsonl",
        "store import #store @words.vec --collection words",
        "store put #store",
        "store get #store a",
        "store update #store a --metadata {}  --replace",
        "store delete #store nobody",
        "store search #store --key a",
        "store search #store --queries @base.npy",
        "store count #store",
        "store info #store",
        "store verify #store",
        "store compact #store",
        "store convert #store",
        "store export #store --output >out.jsonl",
        "store snapshot #store --output >copy",
        "store rename #store --collection spare --to other",
        "store drop #store --collection words",
    ]

    /// Makes what the commands above read.
    private static func makeFiles(in folder: URL) throws {
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        func run(_ arguments: String, input: String = "") throws {
            let outcome = try VectorsProgram.outcome(words(arguments, folder), input: input)
            #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        }
        try write(String(repeating: "w1 w2 w3 w4 w5\nw2 w4 w1\n", count: 20), "corpus.txt")
        try run("train @corpus.txt --output >words.vec --state >state --minimum-count 1 --dimension 4 --epochs 1")
        try run("convert @words.vec --output >words.bin")
        try FileManager.default.copyItem(
            at: folder.appending(path: "words.vec"),
            to: folder.appending(path: "words.vec.gz")
        )
        try write(": all\nw1 w2 w3 w4\n", "questions.txt")
        try write("w1 w2 1\nw2 w3 2\nw1 w5 3\n", "pairs.txt")
        let base = try TestVectors.uniform(8, dimension: 4, seed: 1)
        try VectorFile.write(base, to: folder.appending(path: "base.npy"))
        try VectorFile.write(base, to: folder.appending(path: "base.fvecs"))
        try write((0..<8).map { "label \($0)\n" }.joined(), "labels.txt")
        try write((0..<8).map { #"{"key": "k\#($0)"}"# + "\n" }.joined(), "rows.jsonl")
        try VectorFile.writeIDs((0..<8).map { [$0, 1 - $0 % 2] }, to: folder.appending(path: "truth.ivecs"))
        try run("index build @base.npy --output >index.vindex")
        try run("index build @base.npy --output >index.faiss")
        for collection in ["default", "words", "spare"] {
            try run("store create #store --dimension 4 --collection \(collection)")
        }
        try run("store put #store", input: #"{"key": "a", "vector": [1, 2, 3, 4]}"# + "\n")
    }

    /// The arguments of a line of the table, with paths in a folder.
    private static func words(_ line: String, _ folder: URL, replacing place: Int? = nil, by path: String = "")
        -> [String]
    {
        line.split(separator: " ").enumerated().map { number, word in
            if number == place { return path }
            return "@#>".contains(word.first ?? " ")
                ? folder.appending(path: String(word.dropFirst())).path : String(word)
        }
    }

    private func expectOneLine(_ arguments: [String], status: Int32, input: String = "") throws {
        let outcome = try VectorsProgram.outcome(arguments, input: input)
        let what = Comment(rawValue: "\(arguments.joined(separator: " ")): \(outcome.errors)")
        #expect(!outcome.crashed, what)
        #expect(outcome.status == status, what)
        // What was done before the mistake could show may be told.
        let told = outcome.errorLines.filter { !$0.hasSuffix(" s)") && !$0.hasPrefix("warning: ") }
        #expect(told.count == 1, what)
        #expect(told.last?.hasPrefix("Error: ") == true, what)
        for foreign in [
            "NSCocoa", "Error Domain", "Code=", "NSPOSIX", "SQLite error", "Swift.", "fatal", "The operation",
        ] {
            #expect(!outcome.errors.contains(foreign), what)
        }
    }

    @Test("Each command works as the table has it")
    func commandsWork() throws {
        try withTemporaryFolder { folder in
            try Self.makeFiles(in: folder)
            for command in Self.commands {
                let outcome = try VectorsProgram.outcome(Self.words(command, folder))
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            }
        }
    }

    @Test(
        "A file or store that is missing, a folder, a link to nothing, unreadable, empty or something else",
        arguments: commands
    )
    func wrongFiles(command: String) throws {
        try withTemporaryFolder { folder in
            try Self.makeFiles(in: folder)
            let manager = FileManager.default
            for (place, word) in command.split(separator: " ").enumerated() where "@#>".contains(word.first ?? " ") {
                let name = word.dropFirst()
                // Kinds of files are told by their extensions.
                let ending = name.firstIndex(of: ".").map { String(name[$0...]) } ?? ""
                func path(_ name: String) -> String { folder.appending(path: name + ending).path }
                try? manager.createDirectory(atPath: path("folder"), withIntermediateDirectories: true)
                try? manager.createSymbolicLink(atPath: path("dangling"), withDestinationPath: "/nowhere/at/all")
                try Data().write(to: URL(filePath: path("empty")))
                try Data("\u{1}\u{0}garbage\n\u{2}\u{3}".utf8).write(to: URL(filePath: path("garbage")))
                let wrong: [String]
                switch word.first {
                case "@":
                    wrong =
                        [path("missing"), path("folder"), path("dangling"), path("empty"), path("garbage")]
                        + (ending.isEmpty ? ["/proc/self/mem"] : [])
                case "#":
                    let noDatabase = folder.appending(path: "no-database")
                    try manager.createDirectory(at: noDatabase, withIntermediateDirectories: true)
                    try Data(repeating: 65, count: 5000).write(to: noDatabase.appending(path: "store.sqlite"))
                    wrong = [path("missing"), path("folder"), path("dangling"), path("empty"), noDatabase.path]
                default:
                    wrong = [path("folder"), path("dangling"), "/proc/nothing\(ending)", path("missing/deeper")]
                        .filter { !(command.contains("snapshot") && $0.contains("deeper")) }
                }
                for wrong in wrong {
                    // A corpus may be any bytes.
                    if name == "corpus.txt", wrong.contains("garbage") { continue }
                    try expectOneLine(Self.words(command, folder, replacing: place, by: wrong), status: 1)
                }
            }
        }
    }

    @Test(
        "A store can't be created where something else is",
        arguments: ["file", "dangling", "no-database", "/proc/nothing", "file/below"]
    )
    func creating(name: String) throws {
        try withTemporaryFolder { folder in
            try Data("text".utf8).write(to: folder.appending(path: "file"))
            try FileManager.default.createSymbolicLink(
                at: folder.appending(path: "dangling"),
                withDestinationURL: URL(filePath: "/nowhere/at/all")
            )
            let noDatabase = folder.appending(path: "no-database")
            try FileManager.default.createDirectory(at: noDatabase, withIntermediateDirectories: true)
            try Data(repeating: 65, count: 5000).write(to: noDatabase.appending(path: "store.sqlite"))
            let path = name.hasPrefix("/") ? name : folder.appending(path: name).path
            try expectOneLine(["store", "create", path, "--dimension", "3"], status: 1)
        }
    }

    @Test(
        "A mistake in the command's own words is told in one line, with exit code 64, before any file is looked at",
        arguments: [
            "frob", "phrases", "phrases x --output y --passes 11", "phrases x --output y --minimum-count 0",
            "phrases x --output y --scoring npmi --threshold -2", "train", "train x",
            "train x --output y.bin --epochs 0",
            "train x --output y.bin --dimension 0", "train x --output y.bin --architecture z",
            "train x --output y.bin --negative 0", "train x --output y.bin --sample 2",
            "train x --output y.bin --threads 0",
            "embed", "embed x", "embed x y --output z.txt", "embed x y --output z.npy --precision int4",
            "embed x y --output z.npy --batch 0",
            "similar", "similar x", "similar x a -k 0", "similar x a --restrict 0", "evaluate x",
            "evaluate x --pairs a --analogies b",
            "evaluate x --pairs a --restrict 0", "convert x", "convert x --output y.bin --restrict 0",
            "convert x --output y.tsv", "cluster x", "cluster x --output y -k 0",
            "cluster x --output y --method dbscan",
            "cluster x --output y --method dbscan --radius 0", "cluster x --output y --radius 1",
            "cluster x --output y --restarts 0", "map x", "map x --output y.html --perplexity 0",
            "map x --output y.html --iterations 0", "map x --output y.html --limit 0", "index", "index build",
            "index build x", "index build x --output y --type z", "index build x --output y --train-size 0",
            "index build x --output y --type pq --factory PQ4", "index search x", "index search x --queries y -k 0",
            "index search x --queries y --probes 0", "index search x --queries y --ef 0",
            "index search x --queries y --refinement 0.5", "index info", "store", "store create x",
            "store create x --dimension 0",
            "store create x --dimension 65537", "store create x --dimension 3 --metric z", "store import x",
            "store import x y --batch 0", "store import x y --memory 0", "store convert", "store import x y --skip -1",
            "store put", "store put x --batch 0",
            "store get x",
            "store update x a", "store update x a --metadata {", "store delete x", "store delete x a --where a=1",
            "store search x", "store search x --key a --queries b", "store search x --key a -k 0",
            "store search x --key a --probes 0", "store search x --key a --where year=>5", "store count x --where year",
            "store info", "store verify", "store compact", "store export x", "store snapshot x",
            "store rename x --to y",
            "store drop x", "store info x y", "store info x --frob",
        ]
    )
    func usage(line: String) throws {
        let help = ["index", "store"].contains(line)
        let arguments = line.split(separator: " ").map(String.init)
        if help {
            #expect(try VectorsProgram.outcome(arguments).status == 0)
        } else {
            try expectOneLine(arguments, status: 64)
        }
    }

    @Test("Arguments and headers are checked before data: what follows a wrong one is not even opened")
    func order() throws {
        try withTemporaryFolder { folder in
            try Self.makeFiles(in: folder)
            // Two terabytes, which no machine has the memory for; zeros are no file system's burden.
            let large = folder.appending(path: "large.npy")
            try VectorFile.write(TestVectors.uniform(1, dimension: 4, seed: 1), to: large)
            var header = try Data(contentsOf: large).prefix(128)
            let shape = try #require(header.range(of: Data("(1, 4)".utf8)))
            // The same length: the padding behind gives way.
            header.replaceSubrange(shape, with: Data("(125000000000, 4)".utf8))
            header.removeSubrange((header.endIndex - 12)..<(header.endIndex - 1))
            try header.write(to: large)
            let handle = try FileHandle(forWritingTo: large)
            try handle.truncate(atOffset: UInt64(header.count) + 125_000_000_000 * 16)
            try handle.close()
            for (line, part) in [
                ("store import #missing @large.npy", "holds no vector store"),
                ("store import #store @large.npy --collection missing", "no collection 'missing'"),
                ("store import #store @large.npy --metadata @missing", "missing"),
                ("store import #store @large.npy --metadata @rows.jsonl", "8 lines"),
                ("store search #store --queries @large.npy --collection missing", "no collection 'missing'"),
                ("map @large.npy --labels @missing --output >map.html", "missing"),
                ("map @large.npy --labels @labels.txt --output >map.html", "8 lines"),
                ("index build @large.npy --type pq --subquantizers 3 --output >out.vindex", "divisible"),
                ("index build @large.npy --pca 5 --output >out.vindex", "5"),
                ("index search @index.vindex --queries @large.npy --truth @missing", "missing"),
                ("index search @index.vindex --queries @large.npy --truth @truth.ivecs -k 2", "8 queries"),
            ] {
                let arguments = Self.words(line, folder)
                let outcome = try VectorsProgram.outcome(arguments)
                #expect(outcome.status == 1 && outcome.errors.contains(part), "\(line): \(outcome.errors)")
                try expectOneLine(arguments, status: 1)
            }
            let wide = folder.appending(path: "wide.npy")
            try VectorFile.write(TestVectors.uniform(2, dimension: 5, seed: 1), to: wide)
            // The header alone: the rest is not there.
            try Data("1000000 5\n".utf8).write(to: folder.appending(path: "wide.bin"))
            for line in [
                "store import #store @wide.bin", "index search @index.vindex --queries @wide.bin",
                "store search #store --queries @wide.bin", "store import #store @wide.npy",
                "store search #store --queries @wide.npy",
                "index search @index.vindex --queries @wide.npy",
            ] {
                let outcome = try VectorsProgram.outcome(Self.words(line, folder))
                #expect(outcome.status == 1 && outcome.errors.contains("dimension 5"), "\(line): \(outcome.errors)")
            }
        }
    }
}

import Foundation
import TestSupport
import Testing
import Word2Vec

@Suite("vectors train", .enabled(if: VectorsProgram.url != nil))
struct TrainCommandTests {
    private func write(_ sentences: [[String]], to url: URL) throws {
        try sentences.map { $0.joined(separator: " ") }.joined(separator: "\n")
            .write(to: url, atomically: true, encoding: .utf8)
    }

    @Test(
        "A program that is killed and started again writes the same vectors as one that is not, byte for byte",
        arguments: ["negative-sampling", "hierarchical-softmax"]
    )
    func killed(loss: String) throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            try write(PlantedCorpus(sentences: 20_000).sentences, to: folder.appending(path: "corpus.txt"))
            let settings = [
                "train", path("corpus.txt"), "--loss", loss, "--dimension", "50", "--epochs", "8", "--threads", "1",
            ]
            let whole = try VectorsProgram.run(settings + ["--output", path("whole.bin")])
            #expect(whole.status == 0)

            let saved =
                settings + [
                    "--output", path("part.bin"), "--checkpoint", path("checkpoint"), "--checkpoint-minutes", "0.001",
                ]
            var random = SplitMix64(seed: 1)
            var killed = 0
            for _ in 0..<4 {
                let before = contents(path("checkpoint"))
                let process = try VectorsProgram.process(saved)
                try process.run()
                while process.isRunning, contents(path("checkpoint")) == before { usleep(1000) }
                usleep(UInt32.random(in: 0..<100_000, using: &random))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if process.terminationReason == .uncaughtSignal { killed += 1 }
            }
            #expect(killed > 0)
            let end = try VectorsProgram.run(saved)
            #expect(end.status == 0)
            #expect(contents(path("part.bin")) == contents(path("whole.bin")))
            #expect(contents(path("whole.bin")) != nil && contents(path("checkpoint")) == nil)
        }
    }

    private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

    @Test("Training takes as much memory as estimated", arguments: ["negative-sampling", "hierarchical-softmax"])
    func memory(loss: String) throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            // 100,000 words, six times each.
            let words = (0..<600_000).map { "word\($0 % 100_000)" }
            let lines = stride(from: 0, to: words.count, by: 20).map { Array(words[$0..<$0 + 20]) }
            try write(lines, to: folder.appending(path: "corpus.txt"))
            try write(Array(repeating: ["two", "words"], count: 100), to: folder.appending(path: "tiny.txt"))
            let settings = [
                "--json", "--architecture", "cbow", "--loss", loss, "--negative", "1", "--window", "1",
                "--minimum-count", "1", "--epochs", "1", "--threads", "2", "--output", path("out.bin"),
            ]
            var configuration = Word2VecConfiguration()
            configuration.loss = loss == "negative-sampling" ? .negativeSampling() : .hierarchicalSoftmax
            configuration.threads = 2
            configuration.dimension = 300
            func peak(_ corpus: String, _ arguments: [String]) throws -> Double {
                let run = try VectorsProgram.run(["train", path(corpus)] + settings + arguments)
                #expect(run.status == 0)
                return try Double(#require(run.figures["peak_bytes"] as? Int))
            }
            // The program itself takes some, too: what it takes to train on next to nothing.
            let own = try peak("tiny.txt", ["--dimension", "1"])
            for keepsState in [false, true] {
                let taken =
                    try peak("corpus.txt", ["--dimension", "300"] + (keepsState ? ["--state", path("state")] : []))
                    - own
                let estimate = Double(
                    configuration.estimatedMemory(vocabulary: 100_000, tokens: 600_000, keepsState: keepsState)
                )
                #expect(abs(taken / estimate - 1) < 0.15)
            }
        }
    }

    @Test("Training goes on from a state with another text")
    func continued() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            try write(PlantedCorpus(sentences: 100).sentences, to: folder.appending(path: "one.txt"))
            try write([["new", "words", "new", "common1"]], to: folder.appending(path: "two.txt"))
            let settings = ["--minimum-count", "1", "--dimension", "10", "--json"]
            let one = try VectorsProgram.run(
                ["train", path("one.txt"), "--output", path("one.bin"), "--state", path("state")] + settings
            )
            let two = try VectorsProgram.run(
                ["train", path("two.txt"), "--output", path("two.bin"), "--continue", path("state")] + settings
            )
            #expect(one.status == 0 && two.status == 0)
            let vocabulary = try #require(one.figures["vocabulary"] as? Int)
            #expect(two.figures["vocabulary"] as? Int == vocabulary + 2)
            let same = ["train", path("two.txt"), "--output", path("two.bin"), "--continue", path("state"), "--json"]
            let three = try VectorsProgram.run(same)
            #expect(three.status == 0)
            #expect(three.figures["dimension"] as? Int == 10)
            // A minimum count of 1 is the state's, too: words that occur once are new.
            #expect(three.figures["vocabulary"] as? Int == vocabulary + 2)
            #expect(try VectorsProgram.run(same + ["--dimension", "11"]).status == 1)
            #expect(try VectorsProgram.run(same + ["--epochs", "0"]).status == 64)
        }
    }
}

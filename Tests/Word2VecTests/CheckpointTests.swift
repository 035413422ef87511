import Foundation
import TestSupport
import Testing
import Vectors
import Word2Vec

@Suite("Checkpoints")
struct CheckpointTests {
    private static let planted = PlantedCorpus()
    private var corpus: Corpus { Corpus(sentences: Self.planted.sentences) }

    /// A trainer that writes a checkpoint after each piece of work.
    private func trainer(_ configuration: Word2VecConfiguration, _ folder: URL) -> Word2VecTrainer {
        var trainer = Word2VecTrainer(configuration)
        trainer.checkpoint = Checkpoint(at: folder.appending(path: "checkpoint"), every: .zero)
        return trainer
    }

    @Test(
        "With one thread, a training that is interrupted time and again ends as if it had not been, bit for bit",
        arguments: everySetting,
        [1, 2] as [UInt64]
    )
    func resumed(
        setting: (architecture: Word2VecConfiguration.Architecture, loss: Word2VecConfiguration.Loss),
        seed: UInt64
    ) throws {
        var configuration = quickConfiguration(setting.architecture, setting.loss, epochs: 20)
        configuration.minimumImprovement = 0
        let whole = try Word2VecTrainer(configuration).train(on: corpus)
        try withTemporaryFolder { folder in
            let trainer = trainer(configuration, folder)
            var random = SplitMix64(seed: seed)
            for _ in 0..<8 {
                try trainInterrupted(trainer, on: corpus, within: UInt32.random(in: 0..<20_000, using: &random))
            }
            let model = try trainer.train(on: corpus)
            #expect(areSame(model, whole))
            #expect(model.seconds > 0)
        }
    }

    @Test("A training may go on with another number of threads")
    func otherThreads() throws {
        try withTemporaryFolder { folder in
            var trainer = trainer(quickConfiguration(epochs: 20, threads: 3), folder)
            try trainInterrupted(trainer, on: corpus, within: 10_000)
            trainer.configuration.threads = 2
            let model = try trainer.train(on: corpus)
            let purity = Self.planted.purity { (try? model.vectors.similarity($0, $1)).map(Double.init) ?? -2 }
            #expect(purity >= 0.95)
            #expect(model.wordsTrained == 24_000 * 20)
        }
    }

    @Test("Checkpoints change nothing in a training, whose file stays until it is removed")
    func uninterrupted() throws {
        let configuration = quickConfiguration(epochs: 2)
        let plain = try Word2VecTrainer(configuration).train(on: corpus)
        try withTemporaryFolder { folder in
            let trainer = trainer(configuration, folder)
            #expect(areSame(try trainer.train(on: corpus), plain))
            #expect(areSame(try trainer.train(on: corpus), plain))
            let checkpoint = try #require(trainer.checkpoint)
            #expect(FileManager.default.fileExists(atPath: checkpoint.url.path))
            try checkpoint.remove()
            #expect(!FileManager.default.fileExists(atPath: checkpoint.url.path))
            try checkpoint.remove()

            var slow = trainer
            slow.checkpoint?.interval = .seconds(Int64.max)
            #expect(areSame(try slow.train(on: corpus), plain))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test("A checkpoint of another configuration is refused by the name of the setting and both values")
    func otherConfiguration() throws {
        let changes: [(String, String, (inout Word2VecConfiguration) -> Void)] = [
            ("dimension 20", "dimension 21", { $0.dimension = 21 }),
            ("window 5", "window 4", { $0.window = 4 }),
            ("seed 1", "seed 2", { $0.seed = 2 }),
            ("epochs 3", "epochs 4", { $0.epochs = 4 }),
            ("decay linear", "decay cosine", { $0.decay = .cosine }),
            ("architecture skipGram", "architecture cbow", { $0.architecture = .cbow }),
            ("loss negativeSampling", "loss hierarchicalSoftmax", { $0.loss = .hierarchicalSoftmax }),
        ]
        try withTemporaryFolder { folder in
            _ = try trainer(quickConfiguration(epochs: 3), folder).train(on: corpus)
            for (theirs, ours, change) in changes {
                var other = trainer(quickConfiguration(epochs: 3), folder)
                change(&other.configuration)
                let error = #expect(throws: VectorError.self) { try other.train(on: corpus) }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message.contains(theirs) == true && error?.message.contains(ours) == true)
                #expect(error?.message.contains(folder.path) == true)
            }
        }
    }

    @Test("A checkpoint of another text is refused")
    func otherText() throws {
        try withTemporaryFolder { folder in
            let trainer = trainer(quickConfiguration(epochs: 3), folder)
            _ = try trainer.train(on: corpus)
            var renamed = Self.planted.sentences
            for place in renamed.indices { renamed[place] = renamed[place].map { $0 == "t1w1" ? "t1wX" : $0 } }
            let others = [
                Corpus(sentences: Self.planted.sentences.dropLast()), Corpus(sentences: renamed),
                Corpus(sentences: [Self.planted.sentences.flatMap { $0 }]),
            ]
            for other in others.prefix(2) {
                let error = #expect(throws: VectorError.self) { try trainer.train(on: other) }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message.contains("remove the file to start anew") == true)
            }
        }
    }

    @Test("A place where no checkpoint can be written is refused before training", arguments: ["missing/file", "."])
    func badPlace(path: String) throws {
        try withTemporaryFolder { folder in
            var trainer = Word2VecTrainer(quickConfiguration(epochs: 100_000))
            trainer.checkpoint = Checkpoint(at: folder.appending(path: path))
            let error = #expect(throws: VectorError.self) { try trainer.train(on: corpus) }
            #expect(error?.code == .inputOutput)
        }
        var trainer = Word2VecTrainer(quickConfiguration(epochs: 100_000))
        trainer.checkpoint = Checkpoint(at: URL(string: "https://example.com/checkpoint")!)
        let error = #expect(throws: VectorError.self) { try trainer.train(on: corpus) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("On a full disk training goes on to its end, and progress tells", .enabled(if: SmallDisk.isPossible))
    func fullDisk() throws {
        let configuration = quickConfiguration(epochs: 3)
        let plain = try Word2VecTrainer(configuration).train(on: corpus)
        try SmallDisk.withMounted(kilobytes: 8) { folder in
            var last: TrainingProgress?
            let model = try trainer(configuration, folder).train(on: corpus) { last = $0 }
            #expect(areSame(model, plain))
            #expect(last?.checkpointFailure?.code == .inputOutput)
            #expect(last?.checkpointFailure?.message.contains(folder.path) == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    // MARK: The file

    private func expectRefused(_ bytes: [UInt8], _ url: URL, _ what: String) throws {
        try Data(bytes).write(to: url)
        let error = #expect(throws: VectorError.self, "\(what)") { try TrainingState(contentsOf: url) }
        #expect(error?.code == .invalidFormat, "\(what)")
        #expect(error?.message.contains(url.path) == true)
    }

    @Test("Every flipped byte and every truncation of a state is a typed error", arguments: [false, true])
    func corruption(hasTree: Bool) throws {
        var trainer = Word2VecTrainer(
            quickConfiguration(.skipGram, hasTree ? .hierarchicalSoftmax : .negativeSampling())
        )
        trainer.keepsState = true
        let state = try #require(try trainer.train(on: corpus).state)
        try withTemporaryFolder { folder in
            let url = folder.appending(path: "state")
            try state.write(to: url)
            let whole = try Array(Data(contentsOf: url))
            var random = SplitMix64(seed: 1)
            for _ in 0..<1000 {
                // Every second one in the header, which is small but says what the rest means.
                let range = Bool.random(using: &random) ? 0..<1000 : 0..<whole.count
                let place = Int.random(in: range, using: &random)
                var bytes = whole
                bytes[place] ^= UInt8.random(in: 1...255, using: &random)
                try expectRefused(bytes, url, "byte \(place)")
            }
            for _ in 0..<200 {
                let length = Int.random(in: 0..<whole.count, using: &random)
                try expectRefused(Array(whole[..<length]), url, "the end at \(length)")
            }
            try expectRefused(whole + [0], url, "a byte more")
            try expectRefused([], url, "nothing")
        }
    }

    @Test("A state that was tampered with, checksum included, trains on or is a typed error", arguments: [false, true])
    func forgery(hasTree: Bool) throws {
        let loss = hasTree ? Word2VecConfiguration.Loss.hierarchicalSoftmax : .negativeSampling()
        let sentences = Array(Self.planted.sentences[..<30])
        try withTemporaryFolder { folder in
            let trainer = trainer(quickConfiguration(.cbow, loss, epochs: 2), folder)
            _ = try trainer.train(on: Corpus(sentences: sentences))
            let url = try #require(trainer.checkpoint).url
            if !FileManager.default.fileExists(atPath: url.path) {
                // One passage an epoch: the checkpoint stands after the first.
                Issue.record("no checkpoint was written")
            }
            let whole = try Array(Data(contentsOf: url))
            var random = SplitMix64(seed: 2)
            var refused = 0
            for _ in 0..<1000 {
                var bytes = whole
                // The header, the counts and the tree; in the weights any number is one.
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    bytes[Int.random(in: 16..<bytes.count * 2 / 3, using: &random)] = UInt8.random(
                        in: Bool.random(using: &random) ? 0x30...0x39 : 0...255,
                        using: &random
                    )
                }
                let checksum = bytes[16...].withUnsafeBytes { CRC32C.checksum($0) }
                withUnsafeBytes(of: checksum.littleEndian) { bytes.replaceSubrange(12..<16, with: $0) }
                try Data(bytes).write(to: url)
                do throws(VectorError) {
                    _ = try trainer.train(on: Corpus(sentences: sentences))
                } catch {
                    refused += 1
                    #expect(
                        error.code == .invalidFormat || error.code == .invalidArgument || error.code == .diverged
                            || error.code == .tooLarge,
                        "\(error)"
                    )
                }
            }
            #expect(refused > 100)
        }
    }
}

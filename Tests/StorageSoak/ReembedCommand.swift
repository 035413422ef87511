import ArgumentParser
import Console
import Foundation
import StorageTestSupport
import TestSupport
import VectorStorage
import Vectors

/// Models that give each text other vectors, of other dimensions.
private struct NumberedModel: Embedder {
    var number: Int

    var dimension: Int { 16 + number % 3 }
    var identity: EmbedderIdentity { EmbedderIdentity(name: "numbered", fingerprint: String(number)) }

    func vector(_ text: String) -> [Float] {
        let hash = text.utf8.reduce(UInt64(number) &+ 1) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var random = SplitMix64(seed: hash)
        return (0..<dimension).map { _ in Float.random(in: -1...1, using: &random) }
    }

    func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
        try VectorMatrix(texts.flatMap(vector), dimension: dimension)
    }
}

private let keyCount = 5000

/// The texts that a change writes.
private func texts(ofChange number: Int) -> [StoredText] {
    (0..<10).map { place in
        let key = (number * 10 + place) % keyCount
        return StoredText(key: VectorKey(key), text: "text \(key) as of change \(number)")
    }
}

struct ReembedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reembed",
        abstract:
            "Kill a process that embeds all texts again while it writes, again and again, and look at what it left."
    )

    @Option(help: "How often.")
    var kills = 200

    @Option(help: "The longest life of a process, in milliseconds, from the moment at which it has the store open.")
    var life = 1500

    @Option(help: "Seed of the moments.")
    var seed: UInt64 = 1

    @Option(help: "A folder for the store; it is removed first.")
    var folder: String

    func run() async throws {
        let url = URL(filePath: folder)
        try? FileManager.default.removeItem(at: url)
        let first = (0..<keyCount / 10).flatMap(texts)
        var expected = Dictionary(uniqueKeysWithValues: first.map { ($0.key, $0.text) })
        do {
            let store = try await VectorStore.open(url)
            try await store.createTextCollection("texts", embedder: NumberedModel(number: 0)).upsert(first)
            try await store.close()
        }
        var random = SplitMix64(seed: seed)
        var next = keyCount / 10
        var (acknowledged, model, changes) = (0, 0, 0)
        let bar = ProgressBar("kills")
        for kill in 0..<kills {
            let written = try runAndKill(
                ["reembed-child", url.path, "--from", String(next)],
                afterMilliseconds: Int.random(in: 0...life, using: &random)
            )
            for text in (next..<next + written).flatMap(texts) { expected[text.key] = text.text }
            next += written
            acknowledged += written

            let store = try await VectorStore.open(url)
            guard let number = try await store.embedderIdentity(of: "texts").flatMap({ Int($0.fingerprint) }),
                number >= model
            else { throw Failure("kill \(kill): the model is older than before") }
            changes += number - model
            model = number
            let collection = try await store.textCollection("texts", embedder: NumberedModel(number: model))
            let keys = expected.keys.sorted()
            let rows = try await collection.vectors.get(keys)
            let found = try await collection.get(keys).map { $0?.text }
            // The change under way is there whole, or not at all.
            let underWay = texts(ofChange: next)
            var withNext = expected
            for text in underWay { withNext[text.key] = text.text }
            if found == keys.map({ withNext[$0] }) {
                expected = withNext
            } else if found != keys.map({ expected[$0] }) {
                throw Failure("kill \(kill), after change \(next): texts are lost")
            }
            next += 1
            for (row, text) in zip(rows, found) where row?.vector != text.map(NumberedModel(number: model).vector) {
                throw Failure("kill \(kill): '\(row?.key ?? "")' has a vector that model \(model) has not made")
            }
            guard try await collection.count() == keyCount else { throw Failure("kill \(kill): texts came twice") }
            if let problem = try await store.verify().first { throw Failure("kill \(kill): \(problem)") }
            try await store.close()
            bar.update(Double(kill + 1) / Double(kills))
        }
        bar.finish("\(kills) processes killed")
        print(
            "\(kills) kills while \(keyCount) texts were embedded again: \(acknowledged) acknowledged changes, none lost; "
                + "\(changes) changes of the model, each vector by the model that the store names"
        )
        if changes == 0 { throw Failure("no model was changed: give processes a longer life") }
    }
}

struct ReembedChildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "reembed-child", shouldDisplay: false)

    @Argument var folder: String
    @Option var from = 0

    func run() async throws {
        do {
            let store = try await VectorStore.open(URL(filePath: folder), options: StoreOptions(access: .readWrite))
            let first = try await store.embedderIdentity(of: "texts").flatMap { Int($0.fingerprint) } ?? 0
            let collection = try await store.textCollection("texts", embedder: NumberedModel(number: first))
            acknowledge("o")
            Task {
                do {
                    for number in (first + 1)... {
                        try await collection.reembed(with: NumberedModel(number: number), batchSize: 100)
                    }
                } catch {
                    acknowledge("\(error)")
                }
            }
            for number in from... {
                try await collection.upsert(texts(ofChange: number))
                acknowledge(".")
                try await Task.sleep(for: .milliseconds(5))
            }
        } catch {
            acknowledge("\(error)")
            throw error
        }
    }
}

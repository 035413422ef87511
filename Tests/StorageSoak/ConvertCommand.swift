import ArgumentParser
import Console
import Foundation
import StorageTestSupport
import TestSupport
import VectorStorage
import Vectors

private let convertLoad = StorageLoad(seed: 3, dimension: 2, keys: 15_000, batch: 100)

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract:
            "Kill a process that converts a store of the first version, again and again, and look at what it left."
    )

    @Option(help: "How often.")
    var kills = 100

    @Option(help: "The longest life of a process, in milliseconds, from the moment at which it has the store open.")
    var life = 400

    @Option(help: "Seed of the moments.")
    var seed: UInt64 = 1

    @Option(help: "A store of the first version, such as Tests/VectorStorageTests/Fixtures/version-1.")
    var fixture: String

    @Option(help: "A folder for the stores; it is removed first.")
    var folder: String

    func run() async throws {
        let (pristine, copy) = (URL(filePath: folder + "/pristine"), URL(filePath: folder + "/copy"))
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: URL(filePath: fixture), to: pristine)
        var model = StorageModel(metric: .squaredL2)
        do {
            let store = try await VectorStore.open(pristine)
            let collection = try await store.createCollection("more", dimension: 2, metric: .squaredL2)
            let rows = convertLoad.rows(0..<15_000)
            try await collection.upsert(rows)
            model.apply(.upsert(rows))
            await collection.waitForIndex()
            try await store.close()
        }
        var random = SplitMix64(seed: seed)
        var versions: [UInt8: Int] = [:]
        let bar = ProgressBar("kills")
        for kill in 0..<kills {
            try? FileManager.default.removeItem(at: copy)
            try FileManager.default.copyItem(at: pristine, to: copy)
            _ = try runAndKill(
                ["convert-child", copy.path],
                afterMilliseconds: Int.random(in: 0...life, using: &random)
            )
            let store = try await VectorStore.open(copy)
            let collection = try await store.collection("more")
            if let problem = try await difference(collection, model, load: convertLoad, queries: kill..<kill + 2) {
                throw Failure("kill \(kill): \(problem)")
            }
            if let problem = try await store.verify().first { throw Failure("kill \(kill): \(problem)") }
            try await store.close()
            versions[try Data(contentsOf: copy.appending(path: "store.sqlite"))[63], default: 0] += 1
            bar.update(Double(kill + 1) / Double(kills))
        }
        bar.finish("\(kills) processes killed")
        let found = versions.sorted { $0.key < $1.key }.map { "\($0.value) of version \($0.key)" }
        print("\(kills) kills while a store was converted: all whole, \(found.joined(separator: ", "))")
    }
}

struct ConvertChildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "convert-child", shouldDisplay: false)

    @Argument var folder: String

    func run() async throws {
        let store = try await VectorStore.open(URL(filePath: folder), options: StoreOptions(access: .readWrite))
        acknowledge("o")
        try await store.convert()
        await (try await store.collection("more")).waitForIndex()
        try await Task.sleep(for: .seconds(60))
    }
}

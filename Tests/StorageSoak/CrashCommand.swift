import ArgumentParser
import Console
import Foundation
import StorageTestSupport
import TestSupport
import VectorStorage
import Vectors

/// The load of a crash: the parent knows each change by its number. Deletions keep about a fifth of the keys empty.
private let crashLoad = StorageLoad(seed: 5, dimension: 128, keys: 125_000, batch: 300)

struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash",
        abstract: "Kill a process that writes, again and again, and look at what it left."
    )

    @Option(help: "How often.")
    var kills = 500

    @Option(help: "Rows to begin with.")
    var rows = 100_000

    @Option(help: "The longest life of a process, in milliseconds.")
    var life = 2500

    @Option(help: "The longest that opening and the first answer may take, in seconds.")
    var limit = 1.0

    @Option(help: "MiB of memory that the collection may take, far fewer than it has; 0 for no limit.")
    var memory = 16

    @Option(help: "Seed of the moments.")
    var seed: UInt64 = 1

    @Option(help: "A folder for the store; it is removed first.")
    var folder: String

    private var options: StoreOptions { StoreOptions(memoryBudget: memory == 0 ? nil : memory << 20) }

    func run() async throws {
        let url = URL(filePath: folder)
        try? FileManager.default.removeItem(at: url)
        var model = StorageModel(metric: .squaredL2)
        do {
            let store = try await VectorStore.open(url, options: options)
            let collection = try await store.createCollection(
                "rows",
                dimension: 128,
                metric: .squaredL2,
                fullText: StorageLoad.fullText
            )
            for start in stride(from: 0, to: rows, by: 10_000) {
                let batch = crashLoad.rows(start..<min(start + 10_000, rows))
                try await collection.upsert(batch)
                model.apply(.upsert(batch))
            }
            await collection.waitForIndex()
            try await store.close()
        }
        var random = SplitMix64(seed: seed)
        var next = 0
        var figures = Figures()
        let bar = ProgressBar("kills")
        for kill in 0..<kills {
            let written = try runAndKill(
                ["crash-child", url.path, "--from", String(next), "--memory", String(memory)],
                afterMilliseconds: Int.random(in: 0...life, using: &random)
            )
            for number in next..<next + written { model.apply(crashLoad.operation(number)) }
            next += written
            figures.acknowledged += written

            let start = ContinuousClock.now
            let store = try await VectorStore.open(url, options: options)
            let collection = try await store.collection("rows")
            figures.onDisk += collection.statistics.rowsOnDiskCount > 0 ? 1 : 0
            let query = crashLoad.query(kill)
            // All lists, and far more candidates than answers: then what an index answers is exact, too.
            let options = QueryOptions(probes: 1 << 20, candidates: 1000)
            let first = try await collection.search(query, k: 10, options: options)
            let seconds = (ContinuousClock.now - start).seconds
            figures.longest = max(figures.longest, seconds)
            figures.seconds.append(seconds)
            if first.diagnostics.strategy == .exact { figures.servedExactly += 1 }

            // The change under way is there whole, or not at all; from then on it counts as done or never tried.
            var withNext = model
            withNext.apply(crashLoad.operation(next))
            var problem = try await difference(collection, model, load: crashLoad, queries: 0..<0)
            if problem != nil, try await difference(collection, withNext, load: crashLoad, queries: 0..<0) == nil {
                problem = nil
                model = withNext
                figures.unacknowledged += 1
                next += 1
            } else {
                // The next process begins with another change, so that this one is not tried twice.
                next += 1
            }
            if let problem { throw Failure("kill \(kill), after change \(next - 1): \(problem)") }
            if let problem = difference(first.matches, model.search(query, k: 10)) {
                throw Failure("kill \(kill): the first answer: \(problem)")
            }
            // Every word is as the rows say.
            if kill % 10 == 9 || kill == kills - 1, let problem = try await store.verify().first {
                throw Failure("kill \(kill): \(problem)")
            }
            try await store.close()
            bar.update(Double(kill + 1) / Double(kills), note: "longest opening \(seconds.formatted(decimals: 2)) s")
        }
        bar.finish("\(kills) processes killed")
        print(
            """
            \(kills) kills, \(figures.acknowledged) acknowledged changes, none lost; \(figures.unacknowledged) changes \
            under way were there whole, no change in part. Opening and first answer of \(model.rows.count) x 128: \
            median \(median(figures.seconds).formatted(decimals: 3)) s, longest \
            \(figures.longest.formatted(decimals: 3)) s, \(figures.servedExactly) times without an index, \(figures.onDisk) \
            times with rows on the disk
            """
        )
        if figures.longest >= limit { throw Failure("an opening took \(figures.longest) s, longer than \(limit) s") }
    }

    private struct Figures {
        var acknowledged = 0
        var unacknowledged = 0
        var servedExactly = 0
        var onDisk = 0
        var longest = 0.0
        var seconds: [Double] = []
    }
}

struct CrashChildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "crash-child", shouldDisplay: false)

    @Argument var folder: String
    @Option var from = 0
    @Option var memory = 0

    func run() async throws {
        do {
            let options = StoreOptions(access: .readWrite, memoryBudget: memory == 0 ? nil : memory << 20)
            let store = try await VectorStore.open(URL(filePath: folder), options: options)
            let collection = try await store.collection("rows")
            acknowledge("o")
            // Indexes are built and written all the while, so that their files are met in every stage.
            let building = Task {
                while true {
                    try await Task.sleep(for: .milliseconds(300))
                    try await collection.rebuildIndex()
                }
            }
            for number in from... {
                try await crashLoad.operation(number).run(on: collection)
                acknowledge(".")
                if building.isCancelled { break }
            }
        } catch {
            acknowledge("\(error)")
            throw error
        }
    }
}

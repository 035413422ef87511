import ArgumentParser
import Console
import Foundation
import StorageTestSupport

struct DamageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "damage",
        abstract: "Damage the files of a store, one copy at a time, and look at what it answers."
    )

    @Option(help: "Damages of index files.")
    var sidecars = 20_000

    @Option(help: "Damages of the database and its write-ahead log.")
    var databases = 5_000

    @Option(help: "Damages of the files of a collection on the disk: rows, index and database.")
    var files = 3_000

    @Option(help: "Seed of the damages.")
    var seed: UInt64 = 1

    @Option(help: "A folder for the copies, best in memory.")
    var folder = "/dev/shm/storage-damage"

    func run() async throws {
        let url = URL(filePath: folder)
        try? FileManager.default.removeItem(at: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let inMemory = try await DamageTrial(folder: url.appending(path: "memory"))
        let onDisk = try await DamageTrial(folder: url.appending(path: "disk"), isOnDisk: true)
        for (name, trial, count, targets) in [
            ("index files", inMemory, sidecars, [DamageTrial.Target.sidecar]),
            ("database", inMemory, databases, [.database, .log]),
            ("rows on the disk", onDisk, files, [.rowFile, .sidecar, .database]),
        ] {
            let bar = ProgressBar("damaging \(name)")
            var outcomes: [DamageTrial.Outcome: Int] = [:]
            for number in 0..<count {
                let target = targets[number % targets.count]
                outcomes[try await trial.run(target, seed: seed &+ UInt64(number)), default: 0] += 1
                bar.update(Double(number + 1) / Double(count))
            }
            bar.finish("\(count) damages")
            let text = outcomes.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
            print("\(name): \(count) damages, no wrong answer; \(text.joined(separator: ", "))")
        }
    }
}

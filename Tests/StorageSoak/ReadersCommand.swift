import ArgumentParser
import Foundation
import StorageTestSupport

struct ReadersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readers",
        abstract: "Let readers search beside a writer, and hold every answer against a serial oracle."
    )

    @Option(help: "Tasks that read.")
    var readers = 8

    @Option(help: "Seconds.")
    var seconds = 120.0

    @Option(help: "A folder for the store; it is removed first.")
    var folder = "/var/tmp/storage-readers"

    func run() async throws {
        let url = URL(filePath: folder)
        try? FileManager.default.removeItem(at: url)
        defer { try? FileManager.default.removeItem(at: url) }
        let outcome = try await readBesideWriter(readers: readers, seconds: seconds, comparingEvery: 8, in: url)
        print(
            "\(readers) readers beside a writer for \(seconds) s: \(outcome.changes) changes, \(outcome.searches) searches, "
                + "\(outcome.compared) of them compared with the oracle at the same sequence number, none differs"
        )
    }
}

import ArgumentParser
import Foundation
import VectorStorage
import Vectors

struct StoreInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Describe a store and its collections."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        struct Collection: Encodable {
            var name: String
            var dimension: Int
            var metric: String
            var statistics: CollectionStatistics
        }
        var databaseBytes: Int
        var collections: [Collection]
    }

    func run() async throws {
        let figures = try await withStore(store, .readOnly) { store in
            var figures = Figures(databaseBytes: store.databaseSize, collections: [])
            for name in try await store.collectionNames() {
                let collection = try await store.collection(name)
                figures.collections.append(
                    Figures.Collection(
                        name: name,
                        dimension: collection.dimension,
                        metric: collection.metric.rawValue,
                        statistics: collection.statistics
                    )
                )
            }
            return figures
        }
        try outputs.report(
            figures,
            lines: ["\(figures.databaseBytes) bytes on disk"]
                + figures.collections.map { collection in
                    "\(collection.name): \(collection.statistics.count) x \(collection.dimension), \(collection.metric), "
                        + (collection.statistics.indexDescription ?? "no index")
                        + (collection.statistics.indexProblem.map { " (\($0))" } ?? "")
                }
        )
    }
}

struct StoreVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a store and say what is wrong with it; status 1 if anything is."
    )

    @Argument(help: "The store's folder.")
    var store: String

    func run() async throws {
        let problems = try await withStore(store, .readOnly) { try await $0.verify() }
        for problem in problems { print(problem) }
        if !problems.isEmpty { throw ExitCode.failure }
        print("all is well")
    }
}

struct StoreCompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Forget deleted rows, build the indexes anew, give free space back."
    )

    @Argument(help: "The store's folder.")
    var store: String

    func run() async throws {
        try await withStore(store, .readWrite) { try await $0.compact() }
    }
}

struct StoreExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write all rows to a file, a JSON object a line, as `put` reads them."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Option(help: "Where the rows go, .jsonl.")
    var output: String

    func run() async throws {
        let file = Lines(try AtomicFile(replacing: outputURL(output, extensions: ["jsonl"])))
        try await place.with(.readOnly) { collection in
            try await collection.forEach(where: choice.condition) { row in try file.write(RowLine(row).text) }
        }
        try file.commit()
    }

    /// A file that one thread writes and another one commits.
    ///
    /// `@unchecked Sendable`: `forEach` calls from one thread at a time, and has returned when the file is committed.
    private final class Lines: @unchecked Sendable {
        private let file: AtomicFile
        init(_ file: AtomicFile) { self.file = file }
        func write(_ line: String) throws { try file.write(line + "\n") }
        func commit() throws { try file.commit() }
    }
}

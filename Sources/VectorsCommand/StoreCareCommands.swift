import ArgumentParser
import Foundation
import Milvus
import VectorStorage
import Vectors

struct StoreInfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Describe a store and its collections."
    )

    @Argument(help: "The store's folder, or the address of a Milvus server.")
    var store: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        struct Collection: Encodable {
            var name: String
            var dimension: Int?
            var metric: String?
            var count: Int?
            var index: String?
            /// Of a folder's.
            var statistics: CollectionStatistics?
            /// How many rows have each field, in a folder.
            var fields: [String: Int]?
            /// Why it can't be read.
            var problem: String?

            var line: String {
                guard let dimension, let metric, let count else { return "\(name): \(problem ?? "unknown")" }
                return "\(name): \(count) x \(dimension), \(metric), " + (index ?? "no index")
                    + (statistics?.indexProblem.map { " (\($0))" } ?? "")
            }

            init(_ name: String) { self.name = name }

            mutating func describe(_ collection: any StoredCollection) async throws(VectorError) {
                if let collection = collection as? VectorCollection {
                    statistics = collection.statistics
                    index = collection.statistics.indexDescription
                    fields = try await collection.fieldCounts()
                }
                #if Milvus
                if let collection = collection as? MilvusCollection { index = collection.indexDescription }
                #endif
                count = try await collection.count(where: nil)
                dimension = collection.dimension
                metric = collection.metric.rawValue
            }
        }
        /// Of a folder.
        var databaseBytes: Int?
        var collections: [Collection]
    }

    func run() async throws {
        let figures = try await withStore(at: store, .readOnly) { store in
            var figures = Figures(databaseBytes: store.databaseFileSize, collections: [])
            for name in try await store.collectionNames() {
                var figure = Figures.Collection(name)
                do throws(VectorError) {
                    try await figure.describe(store.collection(name))
                } catch {
                    figure.problem = error.message  // The others are whole.
                }
                figures.collections.append(figure)
            }
            return figures
        }
        let size = figures.databaseBytes.map { ["\($0) bytes on disk"] } ?? []
        try outputs.report(figures, lines: size + figures.collections.map(\.line))
        let unreadable = figures.collections.filter { $0.problem != nil }.map { "'\($0.name)'" }
        guard unreadable.isEmpty else {
            throw DataError(
                "can't read the collection \(unreadable.joined(separator: " or "))"
                    + (figures.databaseBytes == nil ? "" : "; 'verify' tells more")
            )
        }
    }
}

struct StoreVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every byte of a store and say what is wrong with it; status 1 if anything is."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var problems: [String]
    }

    func run() async throws {
        let problems = try await withStore(store, .readOnly) { try await $0.verify() }
        try outputs.report(Figures(problems: problems), lines: problems.isEmpty ? ["all is well"] : problems)
        if !problems.isEmpty { throw ExitCode.failure }
    }
}

struct StoreCompactCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Remove deleted rows, rebuild the indexes, return free space to the file system."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var databaseBytes: Int
    }

    func run() async throws {
        let figures = try await withStore(store, .readWrite) { store in
            try await store.compact()
            return Figures(databaseBytes: store.databaseFileSize)
        }
        try outputs.report(figures, lines: [])
    }
}

struct StoreConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a store of an older release one of this release's format, whose collections open at once.",
        discussion: "Older releases can't open it any more. Does nothing to a store of this format."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var collections: [String]
    }

    func run() async throws {
        let names = try await withStore(store, .readWrite) { store in
            try await store.convert()
            let names = try await store.collectionNames()
            for name in names { await (try await store.collection(name)).waitForIndex() }
            return names
        }
        try outputs.report(Figures(collections: names), lines: [])
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

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var exported: Int
    }

    func run() async throws {
        let file = try AtomicFile(replacing: outputURL(output, extensions: ["jsonl"]))
        let count = try await place.with(.readOnly) { collection in
            try await choice.warnOfUnknownFields(in: collection)
            return try await write(collection, to: file)
        }
        try file.commit()
        try outputs.report(Figures(exported: count), lines: [])
    }

    private func write(_ collection: some StoredCollection, to file: AtomicFile) async throws -> Int {
        var count = 0
        for try await row in collection.rows(where: choice.condition) {
            try file.write(RowLine(row).text + "\n")
            count += 1
        }
        return count
    }
}

struct StoreSnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Copy a store, in one consistent state, while it may be in use."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @Option(help: "Where the copy goes: a folder that does not exist yet.")
    var output: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var collections: [String]
    }

    func run() async throws {
        let destination = try fileURL(output)
        let names = try await withStore(store, .readOnly) { store in
            try await store.snapshot(to: destination)
            return try await store.collectionNames()
        }
        try outputs.report(Figures(collections: names), lines: ["a copy of the store is in \(output)"])
    }
}

struct StoreRenameCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename",
        abstract: "Give a collection another name."
    )

    @Argument(help: "The store's folder.")
    var store: String

    @Option(help: "The collection.")
    var collection: String

    @Option(help: "Its new name.")
    var to: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var collection: String
    }

    func run() async throws {
        try await withStore(store, .readWrite) { try await $0.renameCollection(collection, to: to) }
        try outputs.report(
            Figures(collection: to),
            lines: ["the collection '\(collection)' is called '\(to)' now"]
        )
    }
}

struct StoreDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Delete a collection with all its rows."
    )

    @Argument(help: "The store's folder, or the address of a Milvus server.")
    var store: String

    @Option(help: "The collection; there is no default here.")
    var collection: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var collections: [String]
    }

    func run() async throws {
        let names = try await withStore(at: store, .readWrite) { store in
            try await store.deleteCollection(collection)
            return try await store.collectionNames()
        }
        try outputs.report(Figures(collections: names), lines: ["deleted the collection '\(collection)'"])
    }
}

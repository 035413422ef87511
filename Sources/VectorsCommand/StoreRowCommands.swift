import ArgumentParser
import Foundation
import VectorStorage
import Word2Vec

struct StorePutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract:
            "Store rows from standard input, a JSON object a line: {\"key\": …, \"vector\": […], \"metadata\": {…}}.",
        discussion: """
            Lines are checked as they come, and stored in batches, or when no more come for a tenth of a second. At a line \
            that can't be stored the command ends, says which it is, and has stored all lines before it, unless \
            --all-or-nothing is given.
            """
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var batches: BatchArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var stored: Int
        var count: Int
    }

    func run() async throws {
        let figures = try await place.with(.readWrite) { collection in
            var lines = TextLines(.standardInput())
            var rows: [StoredVector] = []
            var stored = 0
            func store() async throws {
                try await collection.upsert(rows)
                stored += rows.count
                rows = []
            }
            do {
                while let bytes = try lines.nextFilled() {
                    let line = try RowLine(parsing: bytes)
                    guard let key = line.key, let vector = line.vector else {
                        throw DataError("it needs a key and a vector")
                    }
                    let row = StoredVector(key: key, vector: vector, metadata: line.metadata ?? [:])
                    try collection.validate(row)
                    rows.append(row)
                    if !batches.allOrNothing, rows.count >= batches.batch || lines.waits(milliseconds: 100) {
                        try await store()
                    }
                }
                try await store()
            } catch {
                // What stands before the line is as good as it was.
                if !batches.allOrNothing { try? await store() }
                throw DataError(
                    "line \(lines.number), \(error); "
                        + (stored == 0 ? "nothing is stored" : "rows that are stored: \(stored), all before it")
                )
            }
            await collection.waitForBackgroundWork()
            return Figures(stored: stored, count: try await collection.countAll())
        }
        try outputs.report(figures, lines: [])
    }
}

/// How many rows go into a transaction, the same for every subcommand that stores many.
struct BatchArguments: ParsableArguments {
    @Option(help: "Rows a transaction.")
    var batch = 10_000

    @Flag(help: "Store all rows in one transaction, or none; takes more memory.")
    var allOrNothing = false

    func validate() throws {
        if batch < 1 { throw ValidationError("--batch \(batch) is less than 1") }
    }
}

struct StoreGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print rows, a JSON object a line; status 1 if a key has none."
    )

    @OptionGroup var place: CollectionArguments

    @Argument(help: "Keys.")
    var keys: [String]

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var rows: [RowLine]
        var missing: [String]
    }

    func run() async throws {
        let rows = try await place.with(.readOnly) { try await $0.get(keys.map { VectorKey($0) }) }
        let found = rows.compactMap { $0.map { RowLine($0) } }
        let missing = zip(keys, rows).compactMap { key, row in row == nil ? key : nil }
        try outputs.report(Figures(rows: found, missing: missing), lines: found.map(\.text))
        guard missing.isEmpty else {
            throw DataError("no row has the key \(missing.map { "'\($0)'" }.joined(separator: " or "))")
        }
    }
}

struct StoreUpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change the metadata of rows, not their vectors: of all keys, or of none if one has no row."
    )

    @OptionGroup var place: CollectionArguments

    @Argument(help: "Keys.")
    var keys: [String]

    @Option(
        help: "What is to be known, a JSON object of fields; those that it doesn't name stay.",
        transform: { try VectorMetadata(parsing: $0.utf8) }
    )
    var metadata: VectorMetadata = [:]

    @Flag(help: "Remove the fields that --metadata doesn't name.")
    var replace = false

    @Option(help: "A field to remove; may be given several times.")
    var remove: [String] = []

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var updated: Int
        var count: Int
    }

    func validate() throws {
        guard !metadata.isEmpty || replace || !remove.isEmpty else {
            throw ValidationError("give --metadata, --replace or --remove")
        }
    }

    func run() async throws {
        let figures = try await place.with(.readWrite) { collection in
            let keys = Set(keys.map { VectorKey($0) }).sorted()
            try await collection.update(
                keys.map { ($0, metadata) },
                replacing: replace,
                removing: Set(remove)
            )
            return Figures(updated: keys.count, count: try await collection.countAll())
        }
        try outputs.report(figures, lines: ["updated \(figures.updated) rows"])
    }
}

struct StoreDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete rows by key or by condition.",
        discussion: "A key that no row has is no error; a field of a condition that no row has is one."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Flag(help: "Delete even if no row has a field that the condition names.")
    var allowUnknownFields = false

    @Argument(help: "Keys.")
    var keys: [String] = []

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var deleted: Int
        var count: Int
    }

    func validate() throws {
        guard keys.isEmpty != choice.conditions.isEmpty else { throw ValidationError("give keys, or --where") }
    }

    func run() async throws {
        let figures = try await place.with(.readWrite) { collection in
            let deleted: Int
            if let condition = choice.condition {
                if !allowUnknownFields, let message = try await choice.unknownFields(in: collection) {
                    throw DataError("nothing was deleted: \(message); --allow-unknown-fields deletes all the same")
                }
                deleted = try await collection.delete(where: condition)
            } else {
                deleted = try await collection.delete(keys.map { VectorKey($0) })
            }
            return Figures(deleted: deleted, count: try await collection.countAll())
        }
        try outputs.report(figures, lines: ["deleted \(figures.deleted) rows"])
    }
}

struct StoreCountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count",
        abstract: "Print the number of rows, of all or of those that a condition holds for."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var count: Int
    }

    func run() async throws {
        let count = try await place.with(.readOnly) { collection in
            guard let condition = choice.condition else { return try await collection.countAll() }
            try await choice.warnOfUnknownFields(in: collection)
            return try await collection.count(where: condition)
        }
        try outputs.report(Figures(count: count), lines: ["\(count)"])
    }
}

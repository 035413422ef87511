import ArgumentParser
import Faiss
import Foundation
import VectorStorage
import Vectors

struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Keep vectors under keys, with metadata, durable on disk.",
        discussion: """
            A store is a folder of collections; a collection has a dimension and a metric. Metadata are JSON objects of \
            strings, numbers (integers have 64 signed bits), booleans, nulls, lists of strings and dates, {"date": \
            seconds since 1970, or text such as "2026-11-28T12:30:00Z"}.

            CONDITIONS, for --where:

            \(ConditionArguments.grammar)
            """,
        subcommands: [
            StoreCreateCommand.self, StoreImportCommand.self, StorePutCommand.self, StoreGetCommand.self,
            StoreUpdateCommand.self, StoreDeleteCommand.self, StoreSearchCommand.self, StoreCountCommand.self,
            StoreInfoCommand.self, StoreVerifyCommand.self, StoreCompactCommand.self, StoreExportCommand.self,
            StoreSnapshotCommand.self, StoreRenameCommand.self, StoreDropCommand.self,
        ]
    )
}

/// The store and the collection, the same for every subcommand that needs both.
struct CollectionArguments: ParsableArguments {
    @Argument(help: "The store's folder.")
    var store: String

    @Option(help: "The collection.")
    var collection = "default"

    /// Opens both, lets `body` use them, and closes the store.
    func with<Result: Sendable>(
        _ access: StoreOptions.Access,
        _ body: (VectorCollection) async throws -> Result
    ) async throws -> Result {
        try await withStore(self.store, access) { store in try await body(store.collection(collection)) }
    }
}

/// Opens a store, lets `body` use it, and closes it.
func withStore<Result: Sendable>(
    _ path: String,
    _ access: StoreOptions.Access,
    _ body: (VectorStore) async throws -> Result
) async throws -> Result {
    let store = try await VectorStore.open(fileURL(path), options: StoreOptions(access: access))
    let result: Result
    do {
        result = try await body(store)
    } catch {
        try? await store.close()
        throw error
    }
    try await store.close()
    return result
}

/// `--where`, the same for every subcommand that chooses rows.
struct ConditionArguments: ParsableArguments {
    @Option(
        name: .customLong("where"),
        help:
            "Which rows: 'year >= 1960 and not (lang = pl or tags contains sea)'; see 'vectors store --help'. Given several times, all must hold.",
        transform: { try MetadataCondition(parsing: $0) }
    )
    var conditions: [MetadataCondition] = []

    /// How conditions are written, for the help; the library's documentation has the same.
    static let grammar = """
        condition  = all { or all }
        all        = part { and part }
        part       = not part | "(" condition ")" | comparison
        comparison = field ("=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=") value
                   | field [not] in "(" [ value { "," value } ] ")"
                   | field [not] contains text
                   | exists field
        field      = word | quoted
        value      = number | date | text | true | false | null | "[" [ text { "," text } ] "]"
        text       = word | quoted

        && || ! stand for and, or, not. A word is letters, digits and _ - . : / @ + # $ %; anything else, and words of the \
        grammar, are quoted by " or ', with JSON's escapes. Dates are 2026-11-28 or 2026-11-28T12:30:00+02:00. A \
        comparison holds only for rows that have the field with a value of the same kind, so that != and not also hold for \
        rows without it.
        """

    var condition: MetadataCondition? {
        guard let first = conditions.first else { return nil }
        return conditions.dropFirst().reduce(first) { $0 && $1 }
    }

    /// Says which fields of the condition no row has: a misspelt name would change the meaning without a word.
    func warnOfUnknownFields(in collection: VectorCollection) async throws {
        if let message = try await unknownFields(in: collection) { warn(message) }
    }

    /// What to say of the fields of the condition that no row has; nil if there are none.
    func unknownFields(in collection: VectorCollection) async throws -> String? {
        guard let fields = condition?.fields else { return nil }
        let unknown = try await fields.subtracting(collection.fieldCounts().keys).sorted().map { "'\($0)'" }
        guard !unknown.isEmpty else { return nil }
        return "no row of the collection '\(collection.name)' has the field \(unknown.joined(separator: " or "))"
    }
}

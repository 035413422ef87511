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

            In place of a folder, create, put, get, update, delete, search, count, import, export, drop and push take the \
            address of a Milvus server, http://HOST:PORT or https://HOST:PORT, where the program was built with \
            `--traits Milvus`; its token is taken from the environment variable MILVUS_TOKEN.

            CONDITIONS, for --where:

            \(ConditionArguments.grammar)
            """,
        subcommands: [
            StoreCreateCommand.self, StoreImportCommand.self, StorePutCommand.self, StoreGetCommand.self,
            StoreUpdateCommand.self, StoreDeleteCommand.self, StoreSearchCommand.self, StoreCountCommand.self,
            StoreInfoCommand.self, StoreVerifyCommand.self, StoreCompactCommand.self, StoreExportCommand.self,
            StoreSnapshotCommand.self, StoreRenameCommand.self, StoreDropCommand.self, StorePushCommand.self,
            StorePlanCommand.self, StoreWordsCommand.self, StoreReembedCommand.self, StoreConvertCommand.self,
        ]
    )
}

/// The store and the collection, the same for every subcommand that needs both.
struct CollectionArguments: ParsableArguments {
    @Argument(help: "The store's folder, or the address of a Milvus server.")
    var store: String

    @Option(help: "The collection.")
    var collection = "default"

    /// Opens both, lets `body` use them, and closes the store.
    func with<Result: Sendable>(
        _ access: StoreOptions.Access,
        memory: CommandStore.Memory = .usual,
        _ body: (any StoredCollection) async throws -> Result
    ) async throws -> Result {
        try await withStore(at: store, access, memory: memory) { store in try await body(store.collection(collection)) }
    }
}

extension StoredCollection {
    /// Lets the work end that a store in this process does beside its writes.
    func waitForBackgroundWork() async { if let local = self as? VectorCollection { await local.waitForIndex() } }

    /// The number of rows.
    func countAll() async throws -> Int { try await count(where: nil) }
}

/// Opens a folder's store, lets `body` use it, and closes it.
func withStore<Result: Sendable>(
    _ path: String,
    _ access: StoreOptions.Access,
    memory: CommandStore.Memory = .usual,
    _ body: (VectorStore) async throws -> Result
) async throws -> Result {
    guard !CommandStore.isAddress(path) else {
        throw ValidationError("'\(path)' is an address: this command takes a store's folder only")
    }
    return try await withStore(at: path, access, memory: memory) { store in
        guard case .folder(let store) = store else { throw DataError("'\(path)' is no folder") }
        return try await body(store)
    }
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
    func warnOfUnknownFields(in collection: some StoredCollection) async throws {
        if let message = try await unknownFields(in: collection) { warn(message) }
    }

    /// What to say of the fields of the condition that no row has; nil if there are none.
    func unknownFields(in collection: some StoredCollection) async throws -> String? {
        var unknown: [String] = []
        for field in condition?.fields.sorted() ?? [] where try await collection.count(where: .exists(field)) == 0 {
            unknown.append("'\(field)'")
        }
        guard !unknown.isEmpty else { return nil }
        return "no row of the collection '\(collection.name)' has the field \(unknown.joined(separator: " or "))"
    }
}

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
            strings, numbers, booleans, nulls, lists of strings and dates, {"date": seconds since 1970}.
            """,
        subcommands: [
            StoreCreateCommand.self, StoreImportCommand.self, StorePutCommand.self, StoreGetCommand.self,
            StoreDeleteCommand.self, StoreSearchCommand.self, StoreInfoCommand.self, StoreVerifyCommand.self,
            StoreCompactCommand.self, StoreExportCommand.self,
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
            "field=value, field>=value, field<value, … (value as JSON or plain text); given several times, all must hold."
    )
    var conditions: [ConditionArgument] = []

    var condition: Condition? {
        guard let first = conditions.first?.condition else { return nil }
        return conditions.dropFirst().reduce(first) { $0 && $1.condition }
    }
}

/// One comparison as it is typed.
struct ConditionArgument: ExpressibleByArgument {
    let condition: Condition

    init?(argument: String) {
        guard let match = argument.firstMatch(of: /^(.+?)(!=|>=|<=|=|>|<)(.*)$/) else { return nil }
        let field = String(match.1)
        let text = String(match.3)
        let value = (try? JSONDecoder().decode(MetadataValue.self, from: Data(text.utf8))) ?? .string(text)
        let number: Double? =
            switch value {
            case .integer(let integer): Double(integer)
            case .double(let double): double
            default: nil
            }
        switch (match.2, number) {
        case ("=", _): condition = .equals(field, value)
        case ("!=", _): condition = !.equals(field, value)
        case (">=", let number?): condition = .range(field, number...)
        case ("<=", let number?): condition = .range(field, ...number)
        case (">", let number?): condition = .range(field, number...) && !.equals(field, value)
        case ("<", let number?): condition = .range(field, ..<number)
        default: return nil
        }
    }
}

/// A row as a line of JSON, which `get`, `search` and `export` print and `put` and `import` read.
struct RowLine: Codable {
    var key: String?
    var vector: [Float]?
    var metadata: Metadata?
    var score: Float?

    init(_ row: StoredVector) {
        key = row.key.text
        vector = row.vector
        metadata = row.metadata
    }

    init(_ match: Match) {
        key = match.key.text
        metadata = match.metadata
        score = match.score
    }

    /// The line's text.
    var text: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

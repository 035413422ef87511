import ArgumentParser
import Foundation
import VectorStorage

struct StorePutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract:
            "Store rows from standard input, a JSON object a line: {\"key\": …, \"vector\": […], \"metadata\": {…}}.",
        discussion: "All of them are stored in one transaction, or none."
    )

    @OptionGroup var place: CollectionArguments

    func run() async throws {
        var rows: [StoredVector] = []
        while let text = readLine() {
            guard let line = try? JSONDecoder().decode(RowLine.self, from: Data(text.utf8)), let key = line.key,
                let vector = line.vector
            else { throw DataError("line \(rows.count + 1) is no object with a key and a vector") }
            rows.append(StoredVector(key: VectorKey(key), vector: vector, metadata: line.metadata ?? [:]))
        }
        let stored = rows
        try await place.with(.readWrite) { collection in
            try await collection.upsert(stored)
            await collection.waitForIndex()
        }
    }
}

struct StoreGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print rows, a JSON object a line."
    )

    @OptionGroup var place: CollectionArguments

    @Argument(help: "Keys.")
    var keys: [String]

    func run() async throws {
        let rows = try await place.with(.readOnly) { try await $0.get(keys.map { VectorKey($0) }) }
        for (key, row) in zip(keys, rows) {
            guard let row else { throw DataError("no row has the key '\(key)'") }
            print(try RowLine(row).text)
        }
    }
}

struct StoreDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete rows by key or by condition."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Argument(help: "Keys.")
    var keys: [String] = []

    func validate() throws {
        guard keys.isEmpty != choice.conditions.isEmpty else { throw ValidationError("give keys, or --where") }
    }

    func run() async throws {
        let count = try await place.with(.readWrite) { collection in
            if let condition = choice.condition { return try await collection.delete(where: condition) }
            return try await collection.delete(keys.map { VectorKey($0) })
        }
        print("deleted \(count) rows")
    }
}

#if Milvus
import ArgumentParser
import Foundation
import Milvus
import StorageTestSupport
import VectorStorage
import Vectors

/// Which rows are written to which server.
struct ImportArguments: ParsableArguments {
    @Option(help: "The server's address.")
    var server: String

    @Option(help: "Rows.")
    var rows = 200_000

    @Option(help: "Where each acknowledged change is written down, a line each.")
    var log: String

    static let dimension = 128
    static let collection = "killed"

    var load: StorageLoad { StorageLoad(seed: 3, dimension: Self.dimension, keys: 1, batch: 1) }

    func store() async throws -> MilvusStore {
        guard let url = URL(string: server) else { throw ValidationError("'\(server)' is no address") }
        return try await MilvusStore.connect(url, options: MilvusOptions(patience: .seconds(300), batchSize: 500))
    }
}

/// Writes batches of rows, and now and then deletes some, and writes down what was acknowledged.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "import")

    @OptionGroup var arguments: ImportArguments

    func run() async throws {
        let store = try await arguments.store()
        let collection = try await store.openOrCreateCollection(
            ImportArguments.collection,
            dimension: ImportArguments.dimension,
            metric: .squaredL2,
            index: .described(.ivfFlat(lists: 448))
        )
        try Data().write(to: URL(filePath: arguments.log))
        let log = try FileHandle(forWritingTo: URL(filePath: arguments.log))
        let batch = 1000
        for first in stride(from: 0, to: arguments.rows, by: batch) {
            let range = first..<min(first + batch, arguments.rows)
            try await collection.upsert(arguments.load.rows(range))
            try log.write(contentsOf: Data("upsert \(range.lowerBound) \(range.upperBound)\n".utf8))
            guard first / batch % 5 == 4 else { continue }
            let deleted = first..<(first + 100)
            try await collection.delete(deleted.map { VectorKey($0) })
            try log.write(contentsOf: Data("delete \(deleted.lowerBound) \(deleted.upperBound)\n".utf8))
        }
        await store.close()
    }
}

/// Compares what the server has with what was acknowledged.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "verify")

    @OptionGroup var arguments: ImportArguments

    func run() async throws {
        var expected = Set<Int>()
        for line in try String(contentsOfFile: arguments.log, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 3, let lower = Int(parts[1]), let upper = Int(parts[2]) else { continue }
            if parts[0] == "upsert" { expected.formUnion(lower..<upper) } else { expected.subtract(lower..<upper) }
        }
        let store = try await arguments.store()
        let collection = try await store.collection(ImportArguments.collection)
        var found = Set<Int>()
        var wrong = 0
        for try await row in collection.rows() {
            guard let number = Int(row.key.text), found.insert(number).inserted,
                arguments.load.rows(number..<(number + 1)) == [row]
            else {
                wrong += 1
                continue
            }
        }
        let lost = expected.subtracting(found)
        let counted = try await collection.count(where: nil)
        print(
            "acknowledged \(expected.count), there \(found.count), counted \(counted), lost \(lost.count), "
                + "not acknowledged \(found.subtracting(expected).count), wrong or twice \(wrong)"
        )
        await store.close()
        guard lost.isEmpty, wrong == 0, found == expected, counted == found.count else { throw ExitCode.failure }
    }
}
#endif

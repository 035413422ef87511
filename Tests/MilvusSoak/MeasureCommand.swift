#if Milvus
import ArgumentParser
import Foundation
import Milvus
import VectorStorage
import Vectors

/// Imports vectors and searches them, and prints the times as JSON.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "measure")

    @Option(help: "The server's address.")
    var server: String

    @Option(help: "Vectors, .npy.")
    var base: String

    @Option(help: "Queries, .npy.")
    var queries: String

    @Option(help: "Seconds to wait before the searches.")
    var settling = 0

    @Flag(help: "Search what an earlier run imported and kept.")
    var searchOnly = false

    @Flag(help: "Keep the collection.")
    var keep = false

    private struct Figures: Encodable {
        var importSeconds = 0.0
        var indexSeconds = 0.0
        var singleMilliseconds = 0.0
        var batchMilliseconds = 0.0
        var filteredMilliseconds = 0.0
        var narrowMilliseconds = 0.0
        var countMilliseconds = 0.0
        var keys: [[String]] = []
    }

    func run() async throws {
        guard let url = URL(string: server) else { throw ValidationError("'\(server)' is no address") }
        let base = try await VectorFile.read(URL(filePath: base))
        let queries = try await VectorFile.read(URL(filePath: queries))
        let store = try await MilvusStore.connect(url)
        if !searchOnly, try await store.collectionNames().contains("measured_swift") {
            try await store.deleteCollection("measured_swift")
        }
        let collection = try await store.openOrCreateCollection(
            "measured_swift",
            dimension: base.dimension,
            metric: .squaredL2,
            index: .described(.ivfFlat(lists: 448))
        )
        var figures = Figures()
        let clock = ContinuousClock()
        func seconds(_ body: () async throws -> Void) async rethrows -> Double {
            let time = try await clock.measure { try await body() }
            return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        }
        figures.importSeconds = try await seconds {
            for first in stride(from: 0, to: searchOnly ? 0 : base.count, by: 10_000) {
                try await collection.upsert(
                    (first..<min(first + 10_000, base.count)).map { row in
                        StoredVector(
                            key: VectorKey(row),
                            vector: Array(base[row]),
                            metadata: ["part": .integer(Int64(row % 100)), "name": .string("row \(row)")]
                        )
                    }
                )
            }
        }
        if !searchOnly { figures.indexSeconds = try await seconds { try await collection.waitForIndex() } }
        let options = QueryOptions(probes: 21)
        try await Task.sleep(for: .seconds(settling))
        _ = try await collection.search(queries[0], k: 10)
        let visible = collection.reading(.visible)
        var singles: [Double] = []
        for query in queries.prefix(300) {
            singles.append(
                try await seconds {
                    figures.keys.append(
                        try await visible.search(query, k: 10, where: nil, options: options).matches.map(\.key.text)
                    )
                }
            )
        }
        figures.singleMilliseconds = 1000 * singles.sorted()[singles.count / 2]
        var batches: [Double] = []
        for _ in 0..<5 {
            batches.append(
                try await seconds { _ = try await visible.search(queries, k: 10, where: nil, options: options) }
            )
        }
        figures.batchMilliseconds = 1000 * batches.sorted()[2] / Double(queries.count)
        func filtered(_ condition: MetadataCondition) async throws -> Double {
            var times: [Double] = []
            for query in queries.prefix(50) {
                times.append(
                    try await seconds {
                        _ = try await visible.search(query, k: 10, where: condition, options: options)
                    }
                )
            }
            return 1000 * times.sorted()[times.count / 2]
        }
        figures.filteredMilliseconds = try await filtered(.lessThan("part", 50))
        figures.narrowMilliseconds = try await filtered(.equals("part", 7))
        var counts: [Double] = []
        for _ in 0..<100 { counts.append(try await seconds { _ = try await visible.count(where: nil) }) }
        figures.countMilliseconds = 1000 * counts.sorted()[50]
        if !keep { try await store.deleteCollection("measured_swift") }
        await store.close()
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}
#endif

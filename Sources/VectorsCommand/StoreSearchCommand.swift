import ArgumentParser
import Console
import Foundation
import VectorStorage
import Vectors

struct StoreSearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the rows nearest to a stored row, or to the vectors of a file; a JSON object a match.",
        discussion: "With --json the last line tells the seconds a query, each searched by itself."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Option(help: "The key of the row whose neighbours are wanted.")
    var key: String?

    @Option(help: "The queries: vectors or word vectors.")
    var queries: String?

    @Option(name: [.customShort("k")], help: "Matches a query.")
    var count = 10

    @Flag(help: "Look at every row.")
    var exact = false

    @Option(help: "Inverted lists to visit.")
    var probes: Int?

    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        guard (key == nil) != (queries == nil) else { throw ValidationError("give either --key KEY or --queries FILE") }
    }

    private struct Figures: Encodable {
        var queries: Int
        var k: Int
        var secondsMedian: Double
        var strategy: String
    }

    func run() async throws {
        let vectors = try queries.map(readVectors)
        try await place.with(.readOnly) { collection in
            let queries: [[Float]]
            if let vectors {
                queries = (0..<vectors.count).map { Array(vectors[$0]) }
            } else {
                guard let row = try await collection.get(VectorKey(key ?? "")) else {
                    throw DataError("no row has the key '\(key ?? "")'")
                }
                queries = [row.vector]
            }
            var seconds: [Double] = []
            var strategies = Set<String>()
            for (number, query) in queries.enumerated() {
                let start = ContinuousClock.now
                let result = try await collection.search(
                    query,
                    k: count,
                    where: choice.condition,
                    options: QueryOptions(exact: exact, probes: probes)
                )
                seconds.append((ContinuousClock.now - start).seconds)
                strategies.insert(result.diagnostics.strategy.rawValue)
                if outputs.json { continue }
                for match in result.matches {
                    print((queries.count > 1 ? "\(number)\t" : "") + (try RowLine(match).text))
                }
            }
            try outputs.report(
                Figures(
                    queries: queries.count,
                    k: count,
                    secondsMedian: median(seconds),
                    strategy: strategies.sorted().joined(separator: ", ")
                ),
                lines: []
            )
        }
    }
}

import ArgumentParser
import Console
import Foundation
import VectorStorage
import Vectors

struct StoreSearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the rows nearest to a stored row, or to the vectors of a file; a JSON object a match.",
        discussion: "With --json the last line has all matches, and the seconds a query, each searched by itself."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Option(parsing: .unconditional, help: "The key of the row whose neighbours are wanted.")
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
        try checkPositive(count, "-k")
        try checkPositive(probes, "--probes")
    }

    private struct Figures: Encodable {
        var k: Int
        /// The matches of each query, nearest first.
        var matches: [[RowLine]]
        var queries: Int
        var secondsMedian: Double
        var strategy: String
    }

    func run() async throws {
        let input = try queries.map { try VectorInput($0) }
        try await place.with(.readOnly) { collection in
            try await choice.warnOfUnknownFields(in: collection)
            let queries: [[Float]]
            if let input {
                try input.check(dimension: collection.dimension, of: "the collection '\(collection.name)'")
                let vectors = try input.read().vectors
                queries = vectors.map { Array($0) }
            } else {
                guard let row = try await collection.get(VectorKey(key ?? "")) else {
                    throw DataError("no row has the key '\(key ?? "")'")
                }
                queries = [row.vector]
            }
            var figures = Figures(k: count, matches: [], queries: queries.count, secondsMedian: 0, strategy: "")
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
                let matches = result.matches.map { RowLine($0) }
                if outputs.json {
                    figures.matches.append(matches)
                } else {
                    for match in matches { print((queries.count > 1 ? "\(number)\t" : "") + match.text) }
                }
            }
            figures.secondsMedian = queries.isEmpty ? 0 : median(seconds)
            figures.strategy = strategies.sorted().joined(separator: ", ")
            try outputs.report(figures, lines: [])
        }
    }
}

import ArgumentParser
import Console
import Foundation
import SentenceEmbeddings
import VectorStorage
import Vectors

struct StoreSearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract:
            "Find the rows nearest to a stored row, to a text, or to the vectors of a file, or by words; a JSON object a match.",
        discussion: "With --json the last line has all matches, and the seconds a query, each searched by itself."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var choice: ConditionArguments

    @Option(parsing: .unconditional, help: "The key of the row whose neighbours are wanted.")
    var key: String?

    @Option(parsing: .unconditional, help: "What is searched for in a collection of texts.")
    var text: String?

    @OptionGroup var model: ModelArguments

    @Option(
        parsing: .unconditional,
        help: "Words, where the collection has a full-text index: by themselves, or fused with --key or --text."
    )
    var words: String?

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
        let ways = [key, text, queries].count { $0 != nil }
        guard ways == 1 || ways == 0 && words != nil else {
            throw ValidationError("give one of --key KEY, --text TEXT and --queries FILE, or --words WORDS")
        }
        guard words == nil || queries == nil else { throw ValidationError("--words and --queries don't go together") }
        guard (text == nil) == (model.model == nil) else { throw ValidationError("--text and --model go together") }
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
        if let text {
            let encoder = try model.encoder(for: "--text")
            return try await withStore(place.store, .readOnly) { store in
                let texts = try await store.textCollection(place.collection, embedder: encoder)
                try await answer(encoder.embed([text], as: .query).map { Array($0) }, in: texts.vectors)
            }
        }
        if key == nil, words != nil {
            return try await place.with(.readOnly) { collection in try await answer([[]], in: collection) }
        }
        let input = try queries.map { try VectorInput($0) }
        try await place.with(.readOnly) { collection in
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
            try await answer(queries, in: collection)
        }
    }

    private func answer(_ queries: [[Float]], in collection: some StoredCollection) async throws {
        try await choice.warnOfUnknownFields(in: collection)
        var figures = Figures(k: count, matches: [], queries: queries.count, secondsMedian: 0, strategy: "")
        var seconds: [Double] = []
        var strategies = Set<String>()
        for (number, query) in queries.enumerated() {
            let start = ContinuousClock.now
            let (matches, used) = try await answer(query, in: collection)
            seconds.append((ContinuousClock.now - start).seconds)
            strategies.formUnion(used)
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

    /// - Parameter query: empty where only words count.
    private func answer(
        _ query: [Float],
        in collection: some StoredCollection
    ) async throws -> (matches: [RowLine], strategies: [String]) {
        let options = QueryOptions(exact: exact, probes: probes)
        guard let words else {
            let result = try await collection.search(query, k: count, where: choice.condition, options: options)
            return (result.matches.map { RowLine($0) }, [result.diagnostics.strategy.rawValue])
        }
        guard let collection = collection as? VectorCollection else {
            throw ValidationError("--words searches a store's folder only")
        }
        let fusing = HybridOptions(vectors: options)
        let result =
            query.isEmpty
            ? try await collection.search(text: words, k: count, where: choice.condition, options: fusing)
            : try await collection.search(query, text: words, k: count, where: choice.condition, options: fusing)
        let strategies = ["words"] + (result.vectorDiagnostics.map { [$0.strategy.rawValue] } ?? [])
        return (result.matches.map { RowLine($0) }, strategies)
    }
}

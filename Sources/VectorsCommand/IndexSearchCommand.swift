import ArgumentParser
import Console
import Faiss
import Foundation
import Vectors

struct IndexSearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find the nearest neighbours of the queries of a file.",
        discussion: """
            With --json the queries are searched five times as a batch and the first 200 five times one by one, and \
            medians are given in seconds (of a single query: a query). Where fewer than k neighbours are found, files \
            are padded with the id -1 and the largest float, as Faiss does.
            """
    )

    @Argument(help: "The index.")
    var index: String

    @Option(help: "The queries: vectors or word vectors.")
    var queries: String

    @Option(name: [.customShort("k")], help: "Neighbours a query.")
    var count = 10

    @Option(help: "Inverted lists to visit.")
    var probes: Int?

    @Option(help: "Candidates that an HNSW index keeps.")
    var ef: Int?

    @Option(help: "Candidates an answer that a refined index compares again.")
    var refinement: Float?

    @Option(help: "Where the ids go, .ivecs.")
    var output: String?

    @Option(help: "Where the distances go, .fvecs.")
    var distances: String?

    @Option(help: "True ids, .ivecs, to measure the recall against.")
    var truth: String?

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        try checkPositive(count, "-k")
        try checkPositive(probes, "--probes")
        try checkPositive(ef, "--ef")
        if let refinement, !(1...1000).contains(refinement) {
            throw ValidationError("--refinement \(refinement) is outside 1...1000")
        }
    }

    private struct Figures: Encodable {
        struct Found: Encodable {
            var id: Int64
            var distance: Float
        }
        var queries: Int
        var k: Int
        var batchSecondsMedian: Double
        var singleSecondsMedian: Double
        var recall: Double?
        /// What each query found, unless it went to files.
        var neighbors: [[Found]]?
    }

    func run() throws {
        let idsURL = try output.map { try outputURL($0, extensions: ["ivecs"]) }
        let distancesURL = try distances.map { try outputURL($0, extensions: ["fvecs", "npy"]) }
        let source = try VectorInput(self.queries)
        if let truth { try checkTruth(truth, queries: source.count) }
        let index = try readIndex(self.index)
        try source.check(dimension: index.dimension, of: "the index")
        let queries = try source.read().vectors
        let options = SearchOptions(probes: probes, ef: ef, refinement: refinement, threads: threads.limit)
        let truth = try self.truth.map { try readTruth($0, queries: queries.count) }

        var batchSeconds: [Double] = []
        var lists = NeighborLists()
        for _ in 0..<(outputs.json ? 5 : 1) {
            let run = try timed { try index.search(queries, k: count, options: options) }
            lists = run.result
            batchSeconds.append(run.seconds)
        }
        if let idsURL { try writeIDs(lists, width: min(count, index.count), to: idsURL) }
        if let distancesURL { try writeDistances(lists, width: min(count, index.count), to: distancesURL) }
        let recall = truth.map { self.recall(of: lists, truth: $0) }

        let figures = Figures(
            queries: queries.count,
            k: count,
            batchSecondsMedian: median(batchSeconds),
            singleSecondsMedian: outputs.json ? try singleSeconds(index, queries, options) : .nan,
            recall: recall,
            neighbors: isPrinted && outputs.json
                ? lists.map { $0.map { Figures.Found(id: $0.id, distance: $0.distance) } } : nil
        )
        var lines: [String] = []
        if isPrinted { lines = lists.enumerated().map { line($0.offset, $0.element) } }
        if let recall { lines.append("recall@\(count): \(recall.formatted(decimals: 4))") }
        try outputs.report(figures, lines: lines)
    }

    private var isPrinted: Bool { output == nil && distances == nil }

    private func line(_ query: Int, _ list: ArraySlice<Neighbor>) -> String {
        "\(query): " + list.map { "\($0.id) (\($0.distance))" }.joined(separator: ", ")
    }

    /// The median over five runs of the seconds that one query takes by itself.
    private func singleSeconds(
        _ index: VectorIndex,
        _ queries: VectorMatrix,
        _ options: SearchOptions
    ) throws -> Double {
        let singles = queries.prefix(200).map { Array($0) }
        guard !singles.isEmpty else { return 0 }
        return try median(
            (0..<5).map { _ in
                try timed { for query in singles { _ = try index.search(query, k: count, options: options) } }.seconds
                    / Double(singles.count)
            }
        )
    }

    private func readTruth(_ path: String, queries: Int) throws -> [[Int32]] {
        try checkTruth(path, queries: queries)
        return try VectorFile.readIDs(fileURL(path), limit: queries)
    }

    /// By the file's header.
    private func checkTruth(_ path: String, queries: Int?) throws {
        let shape = try VectorFile.shape(of: fileURL(path))
        guard shape.count >= queries ?? 0, shape.dimension >= count else {
            throw DataError(
                "'\(path)' holds \(shape.dimension) true ids for each of \(shape.count) queries, fewer than "
                    + "\(count)\(queries.map { " for \($0)" } ?? "")"
            )
        }
    }

    /// The part of the k true neighbours that is among the k found ones.
    private func recall(of lists: NeighborLists, truth: [[Int32]]) -> Double {
        let found = zip(lists, truth).reduce(0) { sum, pair in
            sum + Set(pair.0.map(\.id)).intersection(pair.1.prefix(count).map(Int64.init)).count
        }
        return Double(found) / Double(max(truth.count * count, 1))
    }

    private func writeIDs(_ lists: NeighborLists, width: Int, to url: URL) throws {
        let rows = try lists.map { list throws in
            var row: [Int32] = []
            for neighbor in list {
                guard let id = Int32(exactly: neighbor.id) else {
                    throw DataError("the id \(neighbor.id) does not fit in the 32 bits of an .ivecs file")
                }
                row.append(id)
            }
            return row + Array(repeating: -1, count: width - list.count)
        }
        try VectorFile.writeIDs(rows, to: url)
    }

    private func writeDistances(_ lists: NeighborLists, width: Int, to url: URL) throws {
        let rows = lists.map { list in
            list.map(\.distance) + Array(repeating: Float.greatestFiniteMagnitude, count: width - list.count)
        }
        guard !rows.isEmpty else { throw ValidationError("there are no queries to write distances of") }
        try VectorFile.write(VectorMatrix(rows: rows), to: url)
    }
}

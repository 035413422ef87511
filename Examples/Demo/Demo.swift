import ArgumentParser
import Console
import Faiss
import Foundation
import TestSupport
import Vectors
import Word2Vec

/// The whole pipeline on real text: corpus → vectors → clusters → indexes → answers → files → the same answers.
@main
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Train word vectors on a text, cluster them, index them, ask them, save them and ask again."
    )

    @Option(help: "The text: words between white space, a sentence or paragraph a line.")
    var corpus: String

    @Option(help: "A folder for the model and the indexes.")
    var output = ".cache/demo"

    @Flag(help: "One pass over the text instead of four.")
    var quick = false

    func run() throws {
        let vectors = try train()
        let normalized = vectors.normalized()
        try cluster(normalized)
        let indexes = try buildIndexes(normalized)
        let questions = Questions(for: normalized)
        let answers = try questions.answers(in: normalized, using: indexes[0].index)
        print("\nWords near each other, and analogies\n")
        answers.forEach { print("  \($0)") }
        try save(vectors, indexes)
        try askAgain(normalized, indexes, questions, answers)
    }

    // MARK: Vectors

    private func train() throws -> WordVectors {
        var configuration = Word2VecConfiguration()
        configuration.epochs = quick ? 1 : 4
        let bar = ProgressBar("training word vectors")
        let model = try Word2VecTrainer(configuration).train(on: Corpus(contentsOf: URL(filePath: corpus))) {
            let loss = $0.meanLoss.formatted(decimals: 2)
            bar.update($0.fraction, note: "\(Int($0.wordsPerSecond / 1000))k words/s, loss \(loss)")
        }
        bar.finish(
            "\(model.vocabulary.corpusTotal) words of text, \(model.vectors.count) different ones, "
                + "\(Int(model.wordsPerSecond / 1000))k words/s, "
                + "mean loss \(model.losses.map { $0.formatted(decimals: 2) }.joined(separator: " → "))"
        )
        return model.vectors
    }

    // MARK: Clusters

    /// Clusters the words by direction and names each cluster by the words nearest to its centre.
    private func cluster(_ words: WordVectors) throws {
        let kMeans = KMeans(clusters: min(40, words.count), iterations: 15, spherical: true)
        let bar = ProgressBar("clustering with k-means")
        let model = try kMeans.fit(words.matrix) { bar.update($0.fraction) }
        bar.finish("\(kMeans.clusters) clusters, inertia \(model.inertia.formatted(decimals: 0))")
        for warning in model.warnings { print("  warning: \(warning)") }
        print("\nClusters, by their size, and the frequent words nearest to each centre\n")
        let sizes = Dictionary(grouping: model.labels, by: { $0 }).mapValues(\.count)
        for (cluster, size) in sizes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            let names = try words.mostSimilar(to: model.centroids[cluster], top: 8, restrict: 10_000).map(\.word)
            print("  \(Self.padded("\(size)", 6))  \(names.joined(separator: ", "))")
        }
    }

    // MARK: Indexes

    private struct Built {
        let name: String
        let index: VectorIndex
    }

    private func buildIndexes(_ words: WordVectors) throws -> [Built] {
        var descriptions: [(String, IndexDescription)] = [("Flat", .flat), ("IVFFlat", .ivfFlat())]
        // Four dimensions a code; a codebook of 8 bits needs 256 vectors to learn from, one of 4 bits needs 16.
        if words.count >= 16 {
            let bits = words.count >= 256 ? 8 : 4
            descriptions.append(("IVFPQ", .ivfPQ(subquantizers: words.dimension / 4, bitsPerCode: bits)))
        } else {
            print("\(words.count) words are too few to learn a product quantizer from: no IVFPQ index")
        }

        print("\nIndexes over \(words.count) words\n")
        let queries = words.matrix.gathering(
            (0..<min(200, words.count)).map { $0 * words.count / min(200, words.count) }
        )
        let baseline = BruteForce(words.matrix, metric: .cosine)
        let truth = Measured { query in baseline.search(query, k: 10) }(queries)
        printRow("", "recall@10", "µs a query", "bytes a vector", "built in")
        printRow("pure Swift", "1.000", Self.microseconds(truth.secondsPerQuery), "\(4 * words.dimension)", "")
        var built: [Built] = []
        for (name, description) in descriptions {
            let start = ContinuousClock.now
            let index = try VectorIndex(description, dimension: words.dimension, metric: .cosine)
            let bar = ProgressBar("building \(name)")
            // A quarter of the default sample: codebooks as good as the default's within a point of recall.
            try index.train(on: words.matrix, options: TrainingOptions(maximumPointsPerCentroid: 64)) {
                bar.update($0.fraction)
            }
            try index.add(words.matrix)
            let seconds = (ContinuousClock.now - start).seconds
            let found = try Measured { query in try index.search(query, k: 10) }(queries)
            printRow(
                name,
                recall(of: found.lists, against: truth.lists).formatted(decimals: 3),
                Self.microseconds(found.secondsPerQuery),
                "\(index.memorySize / max(index.count, 1))",
                "\(seconds.formatted(decimals: 1)) s"
            )
            built.append(Built(name: name, index: index))
        }
        return built
    }

    /// Asks queries one by one, as a service would, and keeps the answers and the median time.
    private struct Measured<Failure: Error> {
        let search: ([Float]) throws(Failure) -> [Neighbor]

        func callAsFunction(
            _ queries: VectorMatrix
        ) throws(Failure) -> (lists: NeighborLists, secondsPerQuery: Double) {
            var lists = NeighborLists()
            var seconds: [Double] = []
            for row in 0..<queries.count {
                let query = Array(queries[row])
                let start = ContinuousClock.now
                lists.append(try search(query))
                seconds.append((ContinuousClock.now - start).seconds)
            }
            return (lists, median(seconds))
        }
    }

    private static func microseconds(_ seconds: Double) -> String { "\((seconds * 1e6).formatted(decimals: 0))" }

    private func printRow(_ cells: String...) {
        print("  " + zip(cells, [-10, 9, 10, 14, 8]).map { Self.padded($0, $1) }.joined(separator: "  "))
    }

    /// Padded to a width, on the left, or on the right where it is negative.
    private static func padded(_ text: String, _ width: Int) -> String {
        let padding = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? text + padding : padding + text
    }

    // MARK: Files

    private var folder: URL { URL(filePath: output, directoryHint: .isDirectory) }
    private var modelFile: URL { folder.appending(path: "words.bin") }
    private func file(of built: Built) -> URL { folder.appending(path: "\(built.name).vindex") }

    private func save(_ vectors: WordVectors, _ indexes: [Built]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try vectors.write(to: modelFile)
        for built in indexes { try built.index.write(to: file(of: built)) }
    }

    /// Reads everything back and makes sure that the answers are the same.
    private func askAgain(
        _ words: WordVectors,
        _ indexes: [Built],
        _ questions: Questions,
        _ answers: [String]
    ) throws {
        print("\nSaved to \(folder.path(percentEncoded: false)) and read back\n")
        let reloaded = try WordVectors(contentsOf: modelFile).normalized()
        for built in indexes {
            let again = try VectorIndex(contentsOf: file(of: built))
            print("  \(again)")
            guard
                try questions.neighbors(in: again, of: reloaded) == questions.neighbors(in: built.index, of: words)
            else { throw Mismatch(description: "\(built.name) answers otherwise after reloading") }
        }
        let flat = try VectorIndex(contentsOf: file(of: indexes[0]))
        guard try questions.answers(in: reloaded, using: flat) == answers else {
            throw Mismatch(description: "the answers changed after reloading")
        }
        print("\n  The same answers as before.")
    }

    private struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }
}

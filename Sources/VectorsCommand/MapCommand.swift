import ArgumentParser
import Console
import Faiss
import Foundation
import Vectors
import Word2Vec

struct MapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map",
        abstract: "Draw vectors as a map: one HTML page to zoom, search and click in, without a network."
    )

    @Argument(help: "Word vectors or vectors.")
    var input: String

    @Option(help: "Where the page goes: .html.")
    var output: String

    @Option(help: "A file with a label a line, for vectors that are not words.")
    var labels: String?

    @Option(help: "How many vectors are drawn at most: the first ones, which for words are the most frequent.")
    var limit = 100_000

    @Option(help: "Clusters of k-means, which are the colours, 1...256.")
    var clusters = 24

    @Option(help: "What is near: cosine or l2.")
    var metric = MetricArgument.cosine

    @Option(help: "How many neighbours of a point count for its place, 1...1000.")
    var perplexity = 30.0

    @Option(help: "Iterations of the projection.")
    var iterations = 750

    @Option(parsing: .unconditional, help: "Seed.")
    var seed: UInt64 = 1234

    @Option(help: "The page's title; by default the input's name.")
    var title: String?

    @OptionGroup var reading: ReadingArguments
    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var count: Int
        var clusters: Int
        var clusterSeconds: Double
        var projectionSeconds: Double
        var divergence: Double
        var bytes: Int
        /// Rows of the file that were left out.
        var omitted: Int
    }

    func validate() throws {
        guard metric != .ip else {
            throw ValidationError("--metric ip has no nearest neighbours to draw: cosine or l2")
        }
        guard (1...256).contains(clusters) else { throw ValidationError("--clusters \(clusters) is outside 1...256") }
        try checkPositive(limit, "--limit")
        guard (1...1000).contains(perplexity) else {
            throw ValidationError("--perplexity \(perplexity) is outside 1...1000")
        }
        guard (1...10_000).contains(iterations) else {
            throw ValidationError("--iterations \(iterations) is outside 1...10000")
        }
    }

    func run() throws {
        let destination = try outputURL(output, extensions: ["html"])
        let source = try VectorInput(input, reading.options)
        let labels = try labels.map { try readLabels($0, count: source.count) }
        let content = try source.read(for: metric.metric)
        let vectors = content.vectors
        if let labels { try check(labels, count: content.rowCount) }
        let names = labels.map { labels in content.rows.map { labels[$0] } } ?? content.words
        guard !vectors.isEmpty else { throw DataError("'\(input)' holds no vectors") }
        let drawn = vectors[..<min(limit, vectors.count)]
        let points = metric == .cosine ? drawn.normalized() : drawn

        let kMeans = KMeans(
            clusters: min(clusters, points.count),
            spherical: metric == .cosine,
            seed: seed,
            threads: threads.limit
        )
        let clusterBar = ProgressBar("k-means")
        let (clustering, clusterSeconds) = try timed { try kMeans.fit(points) { clusterBar.update($0.fraction) } }
        clusterBar.finish("\(kMeans.clusters) clusters")

        let embedding = NeighborEmbedding(
            perplexity: perplexity,
            iterations: iterations,
            seed: seed,
            threads: threads.limit
        )
        let mapBar = ProgressBar("projection")
        let (map, projectionSeconds) = try timed { try embedding.fit(points) { mapBar.update($0.fraction) } }
        mapBar.finish("\(points.count) points, divergence \(map.divergence.formatted(decimals: 3))")

        let page = MapPage(
            title: title ?? URL(filePath: input).lastPathComponent,
            points: points,
            labels: names.map { Array($0.prefix(points.count)) },
            metric: metric.metric,
            clustering: clustering,
            map: map
        )
        let html = try page.html()
        let file = try AtomicFile(replacing: destination)
        try file.write(html)
        try file.commit()
        try outputs.report(
            Figures(
                count: points.count,
                clusters: kMeans.clusters,
                clusterSeconds: clusterSeconds,
                projectionSeconds: projectionSeconds,
                divergence: map.divergence,
                bytes: html.count,
                omitted: content.omitted.count
            ),
            lines: ["a map of \(points.count) points is in \(output)"]
        )
    }

    private func readLabels(_ path: String, count: Int?) throws -> [String] {
        var lines = TextLines(try ByteStream(fileURL(path)))
        var labels: [String] = []
        while let line = try lines.next() {
            guard let label = String(validating: line, as: UTF8.self) else {
                throw DataError("line \(lines.number) of '\(path)' is not UTF-8")
            }
            labels.append(label)
        }
        if let count { try check(labels, count: count) }
        return labels
    }

    private func check(_ labels: [String], count: Int) throws {
        guard reading.options.allow(lines: labels.count, rows: count) else {
            throw DataError("'\(self.labels ?? "")' has \(labels.count) lines, '\(input)' \(count) vectors")
        }
    }
}

import ArgumentParser
import Console
import Faiss
import Foundation
import Vectors

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Cluster vectors and write a label a line."
    )

    @Argument(help: "Vectors or word vectors.")
    var input: String

    @Option(help: "kmeans.")
    var method = Method.kmeans

    @Option(name: [.customShort("k")], help: "Number of clusters.")
    var clusters = 100

    @Option(help: "Iterations of k-means.")
    var iterations = 25

    @Option(help: "Runs of k-means, of which the best is kept.")
    var restarts = 1

    @Flag(help: "Cluster directions: vectors and centroids are normalised.")
    var spherical = false

    @Option(help: "Seed.")
    var seed: Int32 = 1234

    @Option(help: "Where the labels go, one a line.")
    var output: String

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    enum Method: String, ExpressibleByArgument, CaseIterable {
        case kmeans
    }

    private struct Figures: Encodable {
        var clusters: Int
        var iterations: Int
        var inertia: Double
        var seconds: Double
    }

    func run() throws {
        let destination = try outputURL(output)
        let vectors = try readVectors(input)
        let kMeans = KMeans(
            clusters: clusters,
            iterations: iterations,
            restarts: restarts,
            spherical: spherical,
            seed: seed,
            threads: threads.limit
        )
        let bar = ProgressBar("k-means")
        let (model, seconds) = try timed { try kMeans.fit(vectors) { bar.update($0.fraction) } }
        bar.finish("\(clusters) clusters, inertia \(model.inertia)")
        for warning in model.warnings {
            FileHandle.standardError.write(Data("warning: \(warning)\n".utf8))
        }
        let file = try AtomicFile(replacing: destination)
        for label in model.labels { try file.write("\(label)\n") }
        try file.commit()
        try outputs.report(
            Figures(clusters: clusters, iterations: model.iterations, inertia: model.inertia, seconds: seconds),
            lines: ["\(model.labels.count) labels are in \(output)"]
        )
    }
}

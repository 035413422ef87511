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

    @Option(help: "kmeans, or dbscan, which finds the number of clusters and leaves noise out (label -1).")
    var method = Method.kmeans

    @Option(name: [.customShort("k")], help: "k-means: number of clusters; by default 100.")
    var clusters: Int?

    @Option(help: "k-means: iterations; by default 25.")
    var iterations: Int?

    @Option(help: "k-means: runs, of which the best is kept; by default 1.")
    var restarts: Int?

    @Flag(help: "k-means: cluster directions; vectors and centroids are normalised.")
    var spherical = false

    @Option(parsing: .unconditional, help: "k-means: seed; by default 1234.")
    var seed: UInt64?

    @Option(help: "DBSCAN: how far a neighbour may be, a Euclidean distance or 1 - cosine.")
    var radius: Double?

    @Option(help: "DBSCAN: neighbours that make a core point, itself counted; by default 5.")
    var minimumPoints: Int?

    @Option(help: "DBSCAN: l2 or cosine; by default l2.")
    var metric: MetricArgument?

    @Option(help: "Where the labels go, one a line; -1 for a row that was left out.")
    var output: String

    @OptionGroup var reading: ReadingArguments
    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    enum Method: String, ExpressibleByArgument, CaseIterable {
        case kmeans, dbscan
    }

    private struct KMeansFigures: Encodable {
        var clusters: Int
        var iterations: Int
        var inertia: Double
        var seconds: Double
    }

    private struct DBSCANFigures: Encodable {
        var clusters: Int
        var corePoints: Int
        var noise: Int
        var seconds: Double
    }

    func validate() throws {
        let ofKMeans = [
            "-k": clusters != nil, "--iterations": iterations != nil, "--restarts": restarts != nil,
            "--spherical": spherical, "--seed": seed != nil,
        ]
        let ofDBSCAN = ["--radius": radius != nil, "--minimum-points": minimumPoints != nil, "--metric": metric != nil]
        let foreign = method == .kmeans ? ofDBSCAN : ofKMeans
        if let name = foreign.filter(\.value).keys.min() {
            throw ValidationError("\(name) is not for --method \(method.rawValue)")
        }
        if method == .dbscan, radius == nil { throw ValidationError("--method dbscan needs --radius") }
        if let radius, !(radius > 0 && radius.isFinite) {
            throw ValidationError("--radius \(radius) is not a finite number above 0")
        }
        if metric == .ip { throw ValidationError("--metric ip is no distance: l2 or cosine") }
        try checkPositive(clusters, "-k")
        try checkPositive(iterations, "--iterations")
        try checkPositive(restarts, "--restarts")
        try checkPositive(minimumPoints, "--minimum-points")
    }

    func run() throws {
        let destination = try outputURL(output)
        let content = try VectorInput(input, reading.options).read(
            for: metric?.metric ?? (spherical ? .cosine : .squaredL2)
        )
        switch method {
        case .kmeans: try runKMeans(content, to: destination)
        case .dbscan: try runDBSCAN(content, to: destination)
        }
    }

    private func runKMeans(_ content: VectorInput.Content, to destination: URL) throws {
        let kMeans = KMeans(
            clusters: clusters ?? 100,
            iterations: iterations ?? 25,
            restarts: restarts ?? 1,
            spherical: spherical,
            seed: seed ?? 1234,
            threads: threads.limit
        )
        let bar = ProgressBar("k-means")
        let (model, seconds) = try timed { try kMeans.fit(content.vectors) { bar.update($0.fraction) } }
        bar.finish("\(kMeans.clusters) clusters, inertia \(model.inertia)")
        for warning in model.warnings {
            warn("\(warning)")
        }
        try write(model.labels, of: content, to: destination)
        try outputs.report(
            KMeansFigures(
                clusters: kMeans.clusters,
                iterations: model.iterations,
                inertia: model.inertia,
                seconds: seconds
            ),
            lines: ["\(model.labels.count) labels are in \(output)"]
        )
    }

    private func runDBSCAN(_ content: VectorInput.Content, to destination: URL) throws {
        let dbscan = DBSCAN(
            radius: radius ?? 0,
            minimumPoints: minimumPoints ?? 5,
            metric: (metric ?? .l2).metric,
            threads: threads.limit
        )
        let bar = ProgressBar("DBSCAN")
        let (model, seconds) = try timed { try dbscan.fit(content.vectors) { bar.update($0.fraction) } }
        bar.finish("\(model.clusterCount) clusters, \(model.noiseCount) points of noise")
        try write(model.labels.map { $0 ?? -1 }, of: content, to: destination)
        try outputs.report(
            DBSCANFigures(
                clusters: model.clusterCount,
                corePoints: model.corePoints.count,
                noise: model.noiseCount,
                seconds: seconds
            ),
            lines: ["\(model.labels.count) labels are in \(output)"]
        )
    }

    /// A line for each row of the file: -1 for one that was left out.
    private func write(_ labels: [Int], of content: VectorInput.Content, to destination: URL) throws {
        var lines = [Int](repeating: -1, count: content.rowCount)
        for (row, label) in zip(content.rows, labels) { lines[row] = label }
        let file = try AtomicFile(replacing: destination)
        for line in lines { try file.write("\(line)\n") }
        try file.commit()
    }
}

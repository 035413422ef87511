import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// A row's result is the same, bit by bit, alone and among others, in any block, with any number of threads.
///
/// What stands between a row and its bits on the way must not add up in an order that depends on its company, as
/// OpenBLAS does for some processors: `make test-processors` runs this with the BLAS kernels of all of them.
@Suite("A row's result does not depend on what comes with it")
struct RowIndependenceTests {
    /// Cuts rows into blocks of these sizes, in turn.
    private static let blocks = [1, 2, 3, 4, 5, 17, 64, 1, 33]

    private static func inBlocks(_ rows: Range<Int>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        for size in sequence(first: 0, next: { $0 + 1 }).lazy.map({ blocks[$0 % blocks.count] }) {
            let first = result.last?.upperBound ?? rows.lowerBound
            guard first < rows.upperBound else { break }
            result.append(first..<min(first + size, rows.upperBound))
        }
        return result
    }

    /// Of some rows' results, one after the other: those of all at once, and of blocks.
    private func expectIndependent<Row: Equatable>(
        of points: VectorMatrix,
        _ name: String,
        _ results: (VectorMatrix) throws -> [Row],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let together = try results(points)
        let apart = try Self.inBlocks(0..<points.count).flatMap { try results(points[$0]) }
        #expect(together == apart, "\(name)", sourceLocation: sourceLocation)
    }

    private func rows(_ matrix: VectorMatrix) -> [[UInt32]] {
        (0..<matrix.count).map { row in matrix[row].map(\.bitPattern) }
    }

    private func points(_ count: Int, _ dimension: Int, seed: UInt64) throws -> VectorMatrix {
        try TestVectors.gaussianMixture(count, dimension: dimension, clouds: 10, spread: 0.3, seed: seed)
    }

    @Test(
        "Indexes: adding, searching, searching within a distance, reconstructing",
        arguments: everyBuilder,
        [32, 96, 208]
    )
    func indexes(description: IndexDescription, dimension: Int) throws {
        for metric in [Metric.squaredL2, .innerProduct] {
            try withTemporaryFolder { folder in
                let base = try points(600, dimension, seed: 1)
                let trained = try VectorIndex(description, dimension: dimension, metric: metric)
                try trained.train(on: base)
                let file = folder.appending(path: "trained")
                try trained.write(to: file)

                let together = try VectorIndex(contentsOf: file)
                try together.add(base, threads: 1)
                let apart = try VectorIndex(contentsOf: file)
                for block in Self.inBlocks(0..<base.count) { try apart.add(base[block], threads: 2) }
                let ids = Array(0..<Int64(base.count))
                #expect(try rows(together.reconstruct(ids)) == rows(apart.reconstruct(ids)))
                #expect(
                    try rows(together.reconstruct(ids))
                        == Self.inBlocks(0..<base.count).flatMap { try rows(together.reconstruct(Array(ids[$0]))) }
                )
                // Graphs depend on the order in which threads link.
                if !"\(description)".contains("hnsw") {
                    try together.write(to: folder.appending(path: "together"))
                    try apart.write(to: folder.appending(path: "apart"))
                    let written = try ["together", "apart"].map { try Data(contentsOf: folder.appending(path: $0)) }
                    #expect(written[0] == written[1], "\(description)")
                }

                let queries = try points(150, dimension, seed: 2)
                for threads in [1, 2] as [ThreadLimit] {
                    var options = exhaustive
                    options.threads = threads
                    for index in [together, apart] {
                        try expectIndependent(of: queries, "search \(metric) \(threads)") { part in
                            try index.search(part, k: 10, options: options).map { Array($0) }
                        }
                    }
                    #expect(
                        try together.search(queries, k: 10, options: options)
                            == apart.search(queries, k: 10, options: options)
                    )
                    guard rangeBuilders.contains(description) else { continue }
                    let radius = try #require(together.search(Array(queries[0]), k: 50, options: options).last).distance
                    try expectIndependent(of: queries, "search within a distance") { part in
                        try together.search(part, within: radius, options: options).map { Array($0) }
                    }
                }
                #expect(
                    try (0..<queries.count).map { try together.search(Array(queries[$0]), k: 10, options: exhaustive) }
                        == together.search(queries, k: 10, options: exhaustive).map { Array($0) }
                )
            }
        }
    }

    @Test("Models: predicting, projecting and back", arguments: [2, 32, 100, 384])
    func models(dimension: Int) throws {
        let base = try points(700, dimension, seed: 3)
        let queries = try points(200, dimension, seed: 4)
        let clusters = try KMeans(clusters: 40, iterations: 5).fit(base)
        try expectIndependent(of: queries, "k-means", clusters.predict)
        #expect(try clusters.predict(base) == (0..<base.count).flatMap { try clusters.predict(base[$0..<$0 + 1]) })

        let components = try PCA(components: min(dimension, 50)).fit(base)
        try expectIndependent(of: queries, "PCA") { try rows(components.transform($0)) }
        let projected = try components.transform(queries)
        try expectIndependent(of: projected, "PCA, and back") { try rows(components.inverseTransform($0)) }

        let labels = (0..<base.count).map { $0 % 7 }
        for metric in Metric.allCases {
            let centroids = try NearestCentroidClassifier(metric: metric).fit(base, labels: labels)
            try expectIndependent(of: queries, "nearest centroid", centroids.predict)
            let neighbors = try NearestNeighborsClassifier(k: 5, metric: metric).fit(base, labels: labels)
            try expectIndependent(of: queries, "nearest neighbours", neighbors.probabilities)
        }
    }

    @Test("Neighbourhoods: DBSCAN's clusters are the same in any order and with any threads", arguments: [3, 64])
    func neighborhoods(dimension: Int) throws {
        let base = try points(500, dimension, seed: 5)
        let radius = dimension == 3 ? 0.2 : 3.1
        let labels = try DBSCAN(radius: radius, minimumPoints: 4, threads: 1).fit(base).labels
        #expect(Set(labels).count > 2)
        #expect(try DBSCAN(radius: radius, minimumPoints: 4, threads: 2).fit(base).labels == labels)
        // Each point alone has as many neighbours as among all: an index says how many.
        let index = try makeIndex(.flat, holding: base)
        let limit = Float(radius) * Float(radius)
        try expectIndependent(of: base, "neighbours") { try index.search($0, within: limit).map { Array($0) } }
    }
}

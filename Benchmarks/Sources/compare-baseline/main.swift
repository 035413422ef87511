// How much faster the C++ core is than the same work in plain Swift, and what the approximate indexes find of it.
//
//     swift run -c release compare-baseline [BASE.bvecs QUERIES.bvecs]
//
// Without files, on made-up vectors that are like SIFT descriptors.

import Faiss
import Foundation
import TestSupport
import Vectors

let rounds = 5
let k = 10
let arguments = CommandLine.arguments.dropFirst()
guard arguments.isEmpty || arguments.count == 2 else {
    FileHandle.standardError.write(Data("usage: compare-baseline [BASE.bvecs QUERIES.bvecs]\n".utf8))
    exit(64)
}

/// The base, and queries of the same kind that are not in it.
func load() throws -> (base: VectorMatrix, queries: VectorMatrix) {
    guard let base = arguments.first, let queries = arguments.last else {
        return (try TestVectors.siftLike(20_000, seed: 1), try TestVectors.siftLike(100, seed: 2))
    }
    return (
        try VectorFile.read(URL(filePath: base), limit: 100_000),
        try VectorFile.read(URL(filePath: queries), limit: 100)
    )
}

/// Search: brute force in plain Swift against each index, batch and one by one.
func compareSearch(base: VectorMatrix, queries: VectorMatrix) throws {
    let bruteForce = BruteForce(base, metric: .squaredL2)
    let truth = bruteForce.search(queries, k: k)
    let count = Double(queries.count)
    print("\n## Search, n = \(base.count), d = \(base.dimension), k = \(k), \(queries.count) queries\n")
    print("Microseconds a query, medians of \(rounds) rounds in turn; × is brute force in plain Swift over it.\n")
    let table = Table(
        "index",
        "recall@\(k)",
        "plain Swift",
        "batch, 1 thread",
        "×",
        "batch, 2 threads",
        "×",
        "single",
        "×",
        "bytes a vector"
    )
    let lists = 256
    let descriptions: [(IndexDescription, SearchOptions)] = [
        (.flat, SearchOptions()),
        (.ivfFlat(lists: .count(lists)), SearchOptions(probes: 16)),
        (.ivfPQ(lists: .count(lists), subquantizers: 32), SearchOptions(probes: 16)),
        (.hnsw(), SearchOptions(ef: 64)),
        (.scalarQuantized(), SearchOptions()),
    ]
    for (description, options) in descriptions {
        let index = try VectorIndex(description, dimension: base.dimension)
        try index.train(on: base)
        try index.add(base)
        func batch(_ threads: ThreadLimit) throws -> NeighborLists {
            var options = options
            options.threads = threads
            return try index.search(queries, k: k, options: options)
        }
        let comparison = try Comparison(
            rounds: rounds,
            [
                { _ = bruteForce.search(queries, k: k) },
                { _ = try batch(1) },
                { _ = try batch(2) },
                {
                    for row in 0..<queries.count { _ = try index.search(Array(queries[row]), k: k, options: options) }
                },
            ]
        )
        let microseconds = (0..<4).map { comparison.median($0) / count * 1e6 }
        func times(_ contender: Int) -> String { short(microseconds[0] / microseconds[contender]) }
        let probes = options.probes.map { ", probes \($0)" } ?? options.ef.map { ", ef \($0)" } ?? ""
        table.row(
            "\(description)\(probes)",
            short(recall(of: try batch(2), against: truth)),
            short(microseconds[0]),
            short(microseconds[1]),
            times(1),
            short(microseconds[2]),
            times(2),
            short(microseconds[3]),
            times(3),
            short(Double(index.memorySize) / Double(base.count))
        )
    }
}

/// k-means: Lloyd's algorithm in plain Swift against Faiss's, the same number of iterations from random points.
func compareClustering(points: VectorMatrix) throws {
    let iterations = 10
    print("\n## k-means, n = \(points.count), d = \(points.dimension), \(iterations) iterations\n")
    print("Seconds, medians of 3 rounds in turn; × is Lloyd's algorithm in plain Swift over it.\n")
    let table = Table("clusters", "plain Swift", "1 thread", "×", "2 threads", "×", "inertia / plain Swift's")
    for clusters in [16, 100] {
        func fit(_ threads: ThreadLimit) throws -> KMeansModel {
            try KMeans(clusters: clusters, iterations: iterations, threads: threads).fit(points)
        }
        let comparison = try Comparison(
            rounds: 3,
            [
                { _ = try Lloyd(points, clusters: clusters, iterations: iterations, seed: 1) },
                { _ = try fit(1) },
                { _ = try fit(2) },
            ]
        )
        let seconds = (0..<3).map { comparison.median($0) }
        let lloyd = try Lloyd(points, clusters: clusters, iterations: iterations, seed: 1)
        table.row(
            "\(clusters)",
            short(seconds[0]),
            short(seconds[1]),
            short(seconds[0] / seconds[1]),
            short(seconds[2]),
            short(seconds[0] / seconds[2]),
            short(try fit(1).inertia / lloyd.inertia)
        )
    }
}

do {
    let (base, queries) = try load()
    try compareSearch(base: base, queries: queries)
    try compareClustering(points: base[0..<min(base.count, 10_000)])
} catch {
    FileHandle.standardError.write(Data("compare-baseline: \(error)\n".utf8))
    exit(1)
}

import Faiss
import Foundation
import Testing
import Vectors

func random(_ count: Int, _ dimension: Int, seed: UInt64) throws -> VectorMatrix {
    var state = seed
    func next() -> Float {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return Float(state >> 40) / Float(1 << 24) - 0.5
    }
    return try VectorMatrix((0..<count * dimension).map { _ in next() }, dimension: dimension)
}

@Test func smoke() throws {
    let base = try random(5000, 32, seed: 1)
    let queries = try random(100, 32, seed: 2)
    for metric in Metric.allCases {
        let flat = try VectorIndex(.flat, dimension: 32, metric: metric)
        try flat.add(base)
        let truth = try flat.search(queries, k: 10)
        for d: IndexDescription in [.flat, .ivfFlat(lists: 32), .ivfPQ(lists: 16, subquantizers: 8), .hnsw(), .scalarQuantized()] {
            let index = try VectorIndex(d, dimension: 32, metric: metric)
            try index.train(on: base)
            try index.add(base, ids: (0..<5000).map { Int64($0) * 3 + 7 })
            let found = try index.search(queries, k: 10, options: SearchOptions(probes: 100))
            let one = try index.search(Array(queries[0]), k: 10, options: SearchOptions(probes: 100))
            var hits = 0
            for q in 0..<100 { hits += Set(truth[q].map { $0.id * 3 + 7 }).intersection(found[q].map(\.id)).count }
            let filtered = try index.search(queries, k: 10, options: SearchOptions(probes: 100, filter: .range(0..<3000) && !.ids([7, 10])))
            let url = URL(fileURLWithPath: "/tmp/smoke.vindex")
            try index.write(to: url)
            let again = try VectorIndex(contentsOf: url)
            let same = try again.search(queries, k: 10, options: SearchOptions(probes: 100)) == found
            try index.writeFaissFile(to: URL(fileURLWithPath: "/tmp/smoke.faiss"))
            let f = try VectorIndex(faissFile: URL(fileURLWithPath: "/tmp/smoke.faiss"))
            let removed = try index.remove(ids: (0..<2500).map { Int64($0) * 3 + 7 })
            let after = try index.search(queries, k: 10, options: SearchOptions(probes: 100))
            print(metric, again, Double(hits) / 1000, one == Array(found[0]), filtered.neighbors.allSatisfy { $0.id < 3000 && $0.id > 10 }, filtered.neighbors.count, same, f.count, removed, after.neighbors.allSatisfy { $0.id >= 2500 * 3 + 7 }, after.neighbors.count)
            let r = try index.reconstruct(Int64(4000 * 3 + 7))
            print(zip(r, base[4000]).map { abs($0 - $1) }.max()!)
        }
    }
    let km = try KMeans(clusters: 50).fit(base)
    print(km.inertia, km.objective.first!, km.objective.last!, km.warnings, km.labels.count)
    let s = try KMeans(clusters: 50, restarts: 3, spherical: true).fit(base)
    print(s.inertia, s.objective.last!, try s.predict(queries).count)
}

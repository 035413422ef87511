import Faiss
import Foundation
import VectorStorage
import Vectors

// Stores as large as one likes: rows made from others by noise, their number and the store's memory given.

struct GrowthFilling: Encodable {
    var rows: Int
    var importSeconds: Double
    var indexSeconds: Double
    var bytesOnDisk: Int
    var peakMemory: Int
}

struct GrowthSearching: Encodable {
    var openSeconds: Double
    var memory: Int
    var memoryShare: Double
    var recall: Double
    var warmMedian: Double
    var warm99: Double
    var coldMedian: Double
    var cold99: Double
    var filteredMedian: Double
    var firstFilteredSeconds: Double
    var batchSeconds: Double
}

/// Rows around those of a base: each component moved by a normal distribution, in whole numbers from 0 to 255.
private struct NoisyRows {
    let base: VectorMatrix

    func block(_ range: Range<Int>) throws -> VectorMatrix {
        var values: [Float] = []
        values.reserveCapacity(range.count * base.dimension)
        for number in range {
            var state = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            for value in base[number % base.count] {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                // The sum of eight uniform numbers, scaled to a standard deviation of 15.
                var bits = (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9
                bits ^= bits >> 32
                var noise = 0
                for shift in 0..<8 { noise += Int(bits >> UInt64(8 * shift) & 0x0F) }
                values.append(min(max((value + Float(noise - 60) * 15 / 13).rounded(), 0), 255))
            }
        }
        return try VectorMatrix(values, dimension: base.dimension)
    }
}

/// The nearest rows so far of each query.
private struct Nearest {
    var found: [[Neighbor]]

    mutating func look(_ block: VectorMatrix, from first: Int, _ queries: VectorMatrix) throws {
        let index = try VectorIndex(.flat, dimension: block.dimension)
        try index.add(block)
        let lists = try index.search(queries, k: k)
        for query in found.indices {
            found[query] += lists[query].map { Neighbor(id: $0.id + Int64(first), distance: $0.distance) }
            found[query].sort { $0.distance < $1.distance }
            found[query] = Array(found[query].prefix(k))
        }
    }
}

func options(_ megabytes: Int) -> StoreOptions {
    StoreOptions(memoryBudget: megabytes == 0 ? nil : megabytes << 20)
}

func grow(
    _ base: VectorMatrix,
    queries: VectorMatrix,
    folder: URL,
    rows: Int,
    megabytes: Int
) async throws -> GrowthFilling {
    let source = NoisyRows(base: base)
    var nearest = Nearest(found: Array(repeating: [], count: queries.count))
    let store = try await VectorStore.open(folder, options: options(megabytes))
    let collection = try await store.createCollection("rows", dimension: base.dimension, metric: .squaredL2)
    var importSeconds = 0.0
    for first in stride(from: 0, to: rows, by: 10_000) {
        let block = try source.block(first..<min(first + 10_000, rows))
        importSeconds += try await seconds {
            try await collection.upsert(
                (0..<block.count).map { row in
                    StoredVector(
                        key: VectorKey(first + row),
                        vector: Array(block[row]),
                        metadata: ["part": .integer(Int64((first + row) % 100))]
                    )
                }
            )
        }
        try nearest.look(block, from: first, queries)
        if first % 500_000 == 0 {
            let line = "\(first) rows, \(residentMemory() >> 20) MB, import \(importSeconds) s\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
    }
    let indexSeconds = try await seconds { await collection.waitForIndex() }
    FileHandle.standardError.write(Data("\(collection.statistics)\n".utf8))
    try await store.close()
    let truth = nearest.found.map { $0.map { String($0.id) }.joined(separator: " ") }.joined(separator: "\n")
    try truth.write(to: folder.appendingPathExtension("truth"), atomically: true, encoding: .utf8)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let bytes = try files.reduce(0) { sum, name in
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.appending(path: name).path)
        return sum + (attributes[.size] as? Int ?? 0)
    }
    return GrowthFilling(
        rows: rows,
        importSeconds: importSeconds,
        indexSeconds: indexSeconds,
        bytesOnDisk: bytes,
        peakMemory: peakMemory()
    )
}

/// Has the system forget what it keeps of the store's files; as root, of all files.
private func forgetFiles(_ folder: URL) {
    sync()
    if let file = FileHandle(forWritingAtPath: "/proc/sys/vm/drop_caches") {
        try? file.write(contentsOf: Data("1".utf8))
    }
}

private func peakMemory() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
}

func searchGrown(_ queries: VectorMatrix, folder: URL, megabytes: Int) async throws -> GrowthSearching {
    let truth = try String(contentsOf: folder.appendingPathExtension("truth"), encoding: .utf8)
        .split(separator: "\n").map { Set($0.split(separator: " ").compactMap { Int64($0) }) }
    func measured(
        _ collection: VectorCollection,
        where condition: MetadataCondition? = nil,
        cold: Bool = false,
        count: Int
    ) async throws -> (times: [Double], recall: Double) {
        var times: [Double] = []
        var found = 0
        for query in 0..<count {
            if cold { forgetFiles(folder) }
            let vector = Array(queries[query])
            let start = ContinuousClock.now
            let result = try await collection.search(vector, k: k, where: condition)
            times.append((ContinuousClock.now - start) / .seconds(1))
            found += result.matches.count { truth[query].contains($0.key.integer ?? -1) }
        }
        return (times.sorted(), Double(found) / Double(count * k))
    }
    let before = residentMemory()
    let start = ContinuousClock.now
    let store = try await VectorStore.open(folder, options: options(megabytes))
    let collection = try await store.collection("rows")
    _ = try await collection.search(Array(queries[0]), k: k)
    let openSeconds = (ContinuousClock.now - start) / .seconds(1)
    await collection.waitForIndex()
    let warm = try await measured(collection, count: queries.count)
    let half = MetadataCondition.range("part", ..<50)
    let firstFilteredSeconds = try await seconds {
        _ = try await collection.search(Array(queries[0]), k: k, where: half)
    }
    let filtered = try await measured(collection, where: half, count: queries.count)
    let batchSeconds = try await seconds { _ = try await collection.search(queries, k: k) }
    let memory = residentMemory() - before
    let cold = try await measured(collection, cold: true, count: min(50, queries.count))
    let rows = collection.count
    FileHandle.standardError.write(Data("\(collection.statistics)\n".utf8))
    try await store.close()
    func share(_ times: [Double], _ part: Double) -> Double {
        times[min(times.count - 1, Int(part * Double(times.count)))]
    }
    return GrowthSearching(
        openSeconds: openSeconds,
        memory: memory,
        memoryShare: Double(memory) / Double(rows * queries.dimension * 4),
        recall: warm.recall,
        warmMedian: share(warm.times, 0.5),
        warm99: share(warm.times, 0.99),
        coldMedian: share(cold.times, 0.5),
        cold99: share(cold.times, 0.99),
        filteredMedian: share(filtered.times, 0.5),
        firstFilteredSeconds: firstFilteredSeconds,
        batchSeconds: batchSeconds / Double(queries.count)
    )
}

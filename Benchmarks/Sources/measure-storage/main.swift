import Foundation
import VectorStorage
import Vectors

// Measures the vector store for Benchmarks/Peers/vector_store.py: vectors in, one JSON object out. Two stages, each in a
// process of its own, so that what opening takes of memory is not hidden by what filling has left.
//
//     measure-storage fill BASE FOLDER SINGLES MEGABYTES
//     measure-storage search QUERIES TRUTH FOLDER MEGABYTES
//     measure-storage grow BASE QUERIES FOLDER ROWS MEGABYTES
//     measure-storage open QUERIES FOLDER MEGABYTES
//
// The last two are of a store of any size: see Growth.swift. MEGABYTES limits the memory of collections; 0 does not.
//
// Row i has the key i and the metadata {"part": i mod 100}. TRUTH holds the true ids of each query, one block of queries
// for each share of rows: all, 1, 10 and 50 percent.

let k = 10

func seconds(_ work: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await work()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// The memory that the process holds, in bytes.
func residentMemory() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
}

struct Search: Encodable {
    var share: Int
    var seconds: Double
    var recall: Double
    var setting: String
}

struct Filling: Encodable {
    var importSeconds: Double
    var indexSeconds: Double
    var upsertSeconds: Double
}

struct Searching: Encodable {
    var openSeconds: Double
    var loadSeconds: Double
    var bytesPerVector: Double
    var searches: [Search]
}

func fill(_ base: VectorMatrix, folder: URL, singles: Int, megabytes: Int) async throws -> Filling {
    let store = try await VectorStore.open(folder, options: options(megabytes))
    let collection = try await store.createCollection("rows", dimension: base.dimension, metric: .squaredL2)
    func row(_ number: Int, key: Int) -> StoredVector {
        StoredVector(
            key: VectorKey(key),
            vector: Array(base[number]),
            metadata: ["part": .integer(Int64(key % 100))]
        )
    }
    let importSeconds = try await seconds {
        for start in stride(from: 0, to: base.count, by: 10_000) {
            try await collection.upsert((start..<min(start + 10_000, base.count)).map { row($0, key: $0) })
        }
    }
    let indexSeconds = try await seconds { await collection.waitForIndex() }
    var upserts: [Double] = []
    for number in 0..<singles {
        upserts.append(try await seconds { try await collection.upsert([row(number, key: base.count + number)]) })
    }
    // Gone again, so that the answers are those of the base.
    try await collection.delete((0..<singles).map { VectorKey(base.count + $0) })
    await collection.waitForIndex()
    try await store.close()
    return Filling(
        importSeconds: importSeconds,
        indexSeconds: indexSeconds,
        upsertSeconds: upserts.sorted()[upserts.count / 2]
    )
}

func search(_ queries: VectorMatrix, truth: [[Int32]], folder: URL, megabytes: Int) async throws -> Searching {
    let before = residentMemory()
    let start = ContinuousClock.now
    let store = try await VectorStore.open(folder, options: options(megabytes))
    let collection = try await store.collection("rows")
    _ = try await collection.search(Array(queries[0]), k: k)
    let openSeconds = (ContinuousClock.now - start) / .seconds(1)
    // Searches are measured, as the others' are, once what comes into memory is there.
    await collection.waitForIndex()
    let loadSeconds = (ContinuousClock.now - start) / .seconds(1)
    let memory = residentMemory() - before

    var searches: [Search] = []
    for (block, share) in [100, 1, 10, 50].enumerated() {
        let condition: MetadataCondition? = share == 100 ? nil : .range("part", ..<share)
        // The least effort whose recall is enough.
        for probes in [nil, 32, 48, 64, 96, 128, 256, 512] {
            var times: [Double] = []
            var found = 0
            for query in 0..<queries.count {
                let vector = Array(queries[query])
                let start = ContinuousClock.now
                let result = try await collection.search(
                    vector,
                    k: k,
                    where: condition,
                    options: QueryOptions(probes: probes)
                )
                times.append((ContinuousClock.now - start) / .seconds(1))
                let ids = Set(truth[block * queries.count + query].map(Int64.init))
                found += result.matches.count { ids.contains($0.key.integer ?? -1) }
            }
            let recall = Double(found) / Double(queries.count * k)
            if recall < 0.95, probes != 512 { continue }
            searches.append(
                Search(
                    share: share,
                    seconds: times.sorted()[times.count / 2],
                    recall: recall,
                    setting: probes.map { "probes \($0)" } ?? "defaults"
                )
            )
            break
        }
    }
    let count = collection.count
    try await store.close()
    return Searching(
        openSeconds: openSeconds,
        loadSeconds: loadSeconds,
        bytesPerVector: Double(memory) / Double(count),
        searches: searches
    )
}

let encoder = JSONEncoder()
encoder.keyEncodingStrategy = .convertToSnakeCase
let arguments = Array(CommandLine.arguments.dropFirst())
let figures: Data
switch arguments.first {
case "fill" where arguments.count == 5:
    let base = try VectorFile.read(URL(filePath: arguments[1]))
    figures = try encoder.encode(
        try await fill(
            base,
            folder: URL(filePath: arguments[2]),
            singles: Int(arguments[3]) ?? 200,
            megabytes: Int(arguments[4]) ?? 0
        )
    )
case "search" where arguments.count == 5:
    let queries = try VectorFile.read(URL(filePath: arguments[1]))
    let truth = try VectorFile.readIDs(URL(filePath: arguments[2]))
    figures = try encoder.encode(
        try await search(
            queries,
            truth: truth,
            folder: URL(filePath: arguments[3]),
            megabytes: Int(arguments[4]) ?? 0
        )
    )
case "grow" where arguments.count == 6:
    figures = try encoder.encode(
        try await grow(
            try VectorFile.read(URL(filePath: arguments[1])),
            queries: try VectorFile.read(URL(filePath: arguments[2])),
            folder: URL(filePath: arguments[3]),
            rows: Int(arguments[4]) ?? 0,
            megabytes: Int(arguments[5]) ?? 0
        )
    )
case "open" where arguments.count == 4:
    figures = try encoder.encode(
        try await searchGrown(
            try VectorFile.read(URL(filePath: arguments[1])),
            folder: URL(filePath: arguments[2]),
            megabytes: Int(arguments[3]) ?? 0
        )
    )
default:
    FileHandle.standardError.write(Data("usage: see the head of main.swift\n".utf8))
    exit(64)
}
print(String(decoding: figures, as: UTF8.self))

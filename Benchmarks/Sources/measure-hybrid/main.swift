import Foundation
import VectorStorage
import Vectors

// Measures searches by vectors and words for Benchmarks/Peers/hybrid.py: texts and vectors in, one JSON object out.
//
//     measure-hybrid TEXTS BASE QUERY_TEXTS QUERIES FOLDER
//
// Texts are files of lines, vectors .npy of as many rows. Row i has the key i.

let k = 10
let arguments = CommandLine.arguments.dropFirst()
guard arguments.count == 5 else {
    FileHandle.standardError.write(Data("usage: see the head of main.swift\n".utf8))
    exit(64)
}
let files = arguments.map { URL(filePath: $0) }

func lines(_ file: URL) throws -> [String] {
    try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
}

func seconds(_ work: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await work()
    return (ContinuousClock.now - start) / .seconds(1)
}

struct Figures: Encodable {
    struct Search: Encodable {
        var seconds: Double
        var ids: [[Int]]
        var scores: [[Float]]
    }
    var importSeconds: Double
    var indexSeconds: Double
    var vector: Search
    var words: Search
    var hybrid: Search
}

let texts = try lines(files[0])
let base = try VectorFile.read(files[1])
let queryTexts = try lines(files[2])
let queries = try VectorFile.read(files[3])
let store = try await VectorStore.open(files[4])
let collection = try await store.createCollection("rows", dimension: base.dimension, fullText: FullTextIndex())
let importSeconds = try await seconds {
    for start in stride(from: 0, to: base.count, by: 10_000) {
        try await collection.upsert(
            (start..<min(start + 10_000, base.count)).map { row in
                StoredVector(key: VectorKey(row), vector: Array(base[row]), metadata: ["text": .string(texts[row])])
            }
        )
    }
}
let indexSeconds = try await seconds { await collection.waitForIndex() }

func measure(_ search: (Int) async throws -> [(VectorKey, Float)]) async throws -> Figures.Search {
    var times: [Double] = []
    var figures = Figures.Search(seconds: 0, ids: [], scores: [])
    for query in queryTexts.indices {
        times.append(
            try await seconds {
                let found = try await search(query)
                figures.ids.append(found.map { Int($0.0.integer ?? -1) })
                figures.scores.append(found.map(\.1))
            }
        )
    }
    figures.seconds = times.sorted()[times.count / 2]
    return figures
}

let figures = Figures(
    importSeconds: importSeconds,
    indexSeconds: indexSeconds,
    vector: try await measure { query in
        try await collection.search(queries[query], k: k).matches.map { ($0.key, $0.score) }
    },
    words: try await measure { query in
        try await collection.search(text: queryTexts[query], k: k).matches.map { ($0.key, $0.byWords?.score ?? 0) }
    },
    hybrid: try await measure { query in
        try await collection.search(queries[query], text: queryTexts[query], k: k).matches
            .map { ($0.key, Float($0.score)) }
    }
)
try await store.close()
let encoder = JSONEncoder()
encoder.keyEncodingStrategy = .convertToSnakeCase
print(String(decoding: try encoder.encode(figures), as: UTF8.self))

import Faiss
import Foundation
import Vectors

/// Numbers to play with; the documents say "your vectors".
func someVectors(count: Int, dimension: Int) throws -> VectorMatrix {
    try VectorMatrix((0..<count * dimension).map { _ in Float.random(in: -1...1) }, dimension: dimension)
}

func faissSnippets(_ folder: URL) throws {
    let vectors = try someVectors(count: 5000, dimension: 64)
    let query = Array(vectors[7])

    // GettingStarted
    let index = try VectorIndex(.hnsw(), dimension: vectors.dimension, metric: .cosine)
    try index.add(vectors)
    for neighbor in try index.search(query, k: 5) {
        print(neighbor.id, neighbor.distance)
    }

    let lists = try VectorIndex(.ivfFlat(), dimension: vectors.dimension)
    try lists.train(on: vectors)
    try lists.add(vectors)

    let answers = try lists.search(vectors[0..<100], k: 10)
    print(answers[3].first?.id ?? -1)  // the nearest to the query with number 3: itself

    let banned: [Int64] = [1, 2, 3]
    let options = SearchOptions(probes: 16, filter: .range(0..<500) && !.ids(banned))
    let some = try lists.search(query, k: 10, options: options)
    let ball = try lists.search(query, within: 12)

    let file = folder.appending(path: "vectors.vindex")
    try lists.write(to: file)
    let again = try VectorIndex(contentsOf: file)

    let clusters = try KMeans(clusters: 20).fit(vectors) { progress in
        print(progress.fraction)
    }
    print(clusters.labels[0], clusters.inertia)

    // ChoosingAnIndex
    let exact = try VectorIndex(.flat, dimension: vectors.dimension)
    try exact.add(vectors)
    let queries = vectors[0..<100]
    let truth = try exact.search(queries, k: 10)
    for probes in [1, 4, 16, 64] {
        let found = try lists.search(queries, k: 10, options: SearchOptions(probes: probes))
        let hits = zip(found, truth).map { Set($0.map(\.id)).intersection($1.map(\.id)).count }
        print(probes, Double(hits.reduce(0, +)) / Double(10 * queries.count))
    }

    // ComingFromFaiss
    let description = try IndexDescription(factory: "IVF64,PQ16,RFlat")
    let built = try VectorIndex(description, dimension: 64)
    try built.train(on: vectors)
    try built.add(vectors)
    try built.writeFaissFile(to: folder.appending(path: "vectors.faiss"))
    let read = try VectorIndex(faissFile: folder.appending(path: "vectors.faiss"))

    precondition(some.count <= 10 && !ball.isEmpty && again.count == read.count)
}

func asyncSnippets() async throws {
    let vectors = try someVectors(count: 5000, dimension: 64)

    // ThreadsAndMemory
    let index = try VectorIndex(.ivfFlat(), dimension: vectors.dimension)
    let building = Task {
        try await index.train(on: vectors, options: TrainingOptions(threads: 1))
        try await index.add(vectors, threads: 1)
    }
    try await building.value  // or building.cancel(), and the call throws an error with code .cancelled
}

import Faiss
import Synchronization
import TestSupport
import Testing
import Vectors

@Suite("Neighbour embedding")
struct NeighborEmbeddingTests {
    private static let planted = Result {
        try TestVectors.gaussianMixture(1000, dimension: 16, clouds: 10, spread: 0.5, seed: 7)
    }

    @Test("Clouds stay together: the ten nearest in the picture are of a point's own cloud")
    func clouds() throws {
        let points = try TestVectors.gaussianMixture(600, dimension: 32, clouds: 12, spread: 0.2, seed: 5)
        let picture = try NeighborEmbedding(perplexity: 15, iterations: 400).fit(points).positions
        let oracle = BruteForce(picture, metric: .squaredL2)
        var own = 0
        for row in 0..<600 {
            own += oracle.search(Array(picture[row]), k: 11).count { $0.id != row && Int($0.id) % 12 == row % 12 }
        }
        #expect(own >= 5970)
    }

    @Test("It is as good as scikit-learn's TSNE: divergence and neighbours kept, within 3 %")
    func asGoodAsPeer() throws {
        let points = try Self.planted.get()
        let model = try NeighborEmbedding().fit(points)
        // TSNE(perplexity=30, init="pca", max_iter=750) of scikit-learn 1.9.1.
        #expect(model.divergence < 1.03 * 1.0885)
        let before = BruteForce(points, metric: .squaredL2).search(points, k: 11)
        let after = BruteForce(model.positions, metric: .squaredL2).search(model.positions, k: 11)
        let kept = zip(before, after).reduce(0) { $0 + Set($1.0.map(\.id)).intersection($1.1.map(\.id)).count - 1 }
        #expect(Double(kept) / 10_000 > 0.97 * 0.4079)
    }

    @Test("Neighbours are the nearest others, as many as three times the perplexity")
    func neighbors() throws {
        let points = try Self.planted.get()[0..<300]
        let neighbors = try NeighborEmbedding(perplexity: 7, iterations: 1).fit(points).neighbors
        let oracle = BruteForce(points, metric: .squaredL2)
        for row in 0..<300 {
            let expected = oracle.search(Array(points[row]), k: 21, where: { $0 != row })
            #expect(neighbors[row].map(\.id) == expected.map(\.id))
        }
    }

    @Test("Equal seeds give equal pictures, whatever the number of threads, and blocking or not")
    func repeatable() async throws {
        let points = try Self.planted.get()
        let embedding = NeighborEmbedding(iterations: 60, seed: 3, threads: 1)
        let first = try fitBlocking(embedding, points)
        var threaded = embedding
        threaded.threads = 5
        #expect(try fitBlocking(threaded, points).positions == first.positions)
        let unblocked = try await threaded.fit(points)
        #expect(unblocked.positions == first.positions)
        #expect(unblocked.divergence == first.divergence)
        var other = embedding
        other.seed = 4
        #expect(try fitBlocking(other, points).positions != first.positions)
    }

    @Test("More points than are searched exactly keep their neighbours too")
    func manyPoints() throws {
        let points = try TestVectors.gaussianMixture(21_000, dimension: 8, clouds: 50, spread: 0.1, seed: 2)
        let model = try NeighborEmbedding(perplexity: 5, iterations: 30).fit(points)
        #expect(model.positions.count == 21_000)
        let oracle = BruteForce(points, metric: .squaredL2)
        var found = 0
        for row in stride(from: 0, to: 21_000, by: 300) {
            let expected = oracle.search(Array(points[row]), k: 15, where: { $0 != row })
            found += Set(model.neighbors[row].map(\.id)).intersection(expected.map(\.id)).count
        }
        #expect(found >= 70 * 15 * 98 / 100)
    }

    @Test("Few, equal and huge points have their places", arguments: [0, 1, 2, 3, 4, 10, 40])
    func degenerate(count: Int) throws {
        let embedding = NeighborEmbedding(iterations: 50)
        let same = try VectorMatrix([Float](repeating: 3, count: 4 * count), dimension: 4)
        let huge = try TestVectors.uniform(count, dimension: 3, in: -1e15...1e15, seed: 1)
        let tiny = try TestVectors.uniform(count, dimension: 1, in: -1e-20...1e-20, seed: 1)
        let pairs = try VectorMatrix((0..<count).flatMap { [Float($0 / 2), 1] }, dimension: 2)
        for points in [same, huge, tiny, pairs] {
            let model = try embedding.fit(points)
            #expect(model.positions.count == count)
            #expect(model.positions.values.allSatisfy { $0.isFinite })
            #expect(model.neighbors.count == count)
            #expect(model.divergence.isFinite)
            for (row, list) in model.neighbors.enumerated() { #expect(!list.contains { $0.id == row }) }
        }
    }

    @Test("Thousands of equal points take no longer than others")
    func doubles() throws {
        let points = try VectorMatrix([Float](repeating: 1, count: 3 * 5000), dimension: 3)
        let model = try NeighborEmbedding(perplexity: 5, iterations: 50).fit(points)
        #expect(model.positions.values.allSatisfy { $0.isFinite })
    }

    @Test("Progress rises to the end")
    func progress() throws {
        let reports = Mutex<[OperationProgress]>([])
        _ = try NeighborEmbedding(iterations: 40, threads: 1).fit(Self.planted.get()) { report in
            reports.withLock { $0.append(report) }
        }
        let fractions = reports.withLock { $0.map(\.fraction) }
        #expect(fractions == fractions.sorted())
        #expect(fractions.count > 40 && fractions.last == 1)
    }

    @Test("Cancelling the task ends the call")
    func cancellation() async throws {
        let points = try Self.planted.get()
        let task = Task { try await NeighborEmbedding(iterations: 10_000).fit(points) }
        task.cancel()
        let error = await #expect(throws: VectorError.self) { _ = try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test("What makes no sense is refused with its value and limit")
    func refusals() throws {
        let points = try Self.planted.get()
        for perplexity in [0, 0.5, 1001, -3, .nan, .infinity] {
            let error = #expect(throws: VectorError.self) {
                try NeighborEmbedding(perplexity: perplexity).fit(points)
            }
            #expect(error?.code == .invalidArgument && error?.message.contains("\(perplexity)") == true)
        }
        for iterations in [0, -1, 10_001, .max] {
            let error = #expect(throws: VectorError.self) {
                try NeighborEmbedding(iterations: iterations).fit(points)
            }
            #expect(error?.code == .invalidArgument && error?.message.contains("\(iterations)") == true)
        }
        let broken = try VectorMatrix([1, 2, .nan, 4], dimension: 2)
        let error = #expect(throws: VectorError.self) { try NeighborEmbedding().fit(broken) }
        #expect(error?.code == .notFinite)
    }
}

/// In an async function the call that awaits would be taken.
private func fitBlocking(_ embedding: NeighborEmbedding, _ points: VectorMatrix) throws -> NeighborEmbeddingModel {
    try embedding.fit(points)
}

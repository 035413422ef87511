import Faiss
import TestSupport
import Testing
import Vectors

@Suite("Training")
struct TrainingTests {
    @Test("Who needs training says so", arguments: everyBuilder)
    func state(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        #expect(index.isTrained == !description.needsTraining)
        try index.train(on: vectors(300))
        #expect(index.isTrained)
        #expect(index.count == 0)
    }

    @Test("Who needs none accepts the call and stays as it was", arguments: [.flat, .hnsw()] as [IndexDescription])
    func needless(description: IndexDescription) throws {
        let base = try vectors(50)
        let index = try makeIndex(description, holding: base)
        let before = try index.search(base, k: 5)
        try index.train(on: vectors(100, seed: 2))
        #expect(try index.search(base, k: 5) == before)
    }

    @Test("It can be repeated until vectors are added, and not after", arguments: trainedBuilders)
    func repeated(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: vectors(300, seed: 2))
        try index.train(on: base)
        try index.add(base)
        let once = try makeIndex(description, holding: base)
        #expect(try index.search(base, k: 5) == once.search(base, k: 5))
        expectFailure(.unsupported, naming: "300 vectors") { try index.train(on: base) }
        #expect(try index.search(base, k: 5) == once.search(base, k: 5))
    }

    @Test("A failed training leaves the one before", arguments: trainedBuilders)
    func failed(description: IndexDescription) throws {
        let base = try vectors(300)
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: base)
        expectFailure(.tooFewTrainingVectors) { try index.train(on: base[0..<0]) }
        var spoilt = base.values
        spoilt[100] = .nan
        expectFailure(.notFinite) { try index.train(on: VectorMatrix(spoilt, dimension: dimension)) }
        try index.add(base)
        #expect(try index.search(base, k: 5) == makeIndex(description, holding: base).search(base, k: 5))
    }

    @Test("The same seed and vectors give the same index, another seed another", arguments: Metric.allCases)
    func seeds(metric: Metric) throws {
        let base = try vectors(1000)
        func answers(seed: UInt64, threads: ThreadLimit) throws -> NeighborLists {
            let index = try VectorIndex(.ivfPQ(lists: 8, subquantizers: 8), dimension: dimension, metric: metric)
            try index.train(on: base, options: TrainingOptions(seed: seed, threads: threads))
            try index.add(base, threads: threads)
            return try index.search(base, k: 10)
        }
        let first = try answers(seed: 1, threads: 1)
        #expect(try answers(seed: 1, threads: 1) == first)
        #expect(try answers(seed: 2, threads: 1) != first)
        for large in [1 << 31, 1 << 32, .max] as [UInt64] {
            #expect(try answers(seed: large, threads: 1) == answers(seed: large, threads: 1))
            #expect(try answers(seed: large, threads: 1) != first)
        }
        #expect(try recall(of: answers(seed: 1, threads: 2), against: first) > 0.95)
    }

    @Test("Automatic lists follow the count", arguments: [(500, 8), (1000, 16), (5000, 128), (20, 1)])
    func automaticLists(count: Int, lists: Int) throws {
        let index = try VectorIndex(.ivfFlat(), dimension: 8)
        #expect(index.indexDescription.description == "ivfFlat(lists: automatic)")
        let base = try TestVectors.uniform(count, dimension: 8, seed: 1)
        try index.train(on: base)
        #expect(index.indexDescription == .ivfFlat(lists: .count(lists)))
        try index.add(base)
        #expect(index.count == count)
    }

    @Test("Automatic lists follow the count to be expected, within what the sample allows")
    func expectedCount() throws {
        let sample = try TestVectors.uniform(5000, dimension: 8, seed: 1)
        func lists(expecting count: Int?) throws -> IndexDescription {
            let index = try VectorIndex(.ivfFlat(), dimension: 8)
            try index.train(on: sample[0..<2500], options: TrainingOptions(expectedCount: count))
            return index.indexDescription
        }
        #expect(try lists(expecting: nil) == .ivfFlat(lists: 64))
        #expect(try lists(expecting: 100) == .ivfFlat(lists: 64))
        #expect(try lists(expecting: .max) == .ivfFlat(lists: 64))
        let index = try VectorIndex(.ivfFlat(), dimension: 8)
        try index.train(on: sample, options: TrainingOptions(expectedCount: 4_000_000))
        #expect(index.indexDescription == .ivfFlat(lists: 128))
    }

    @Test(
        "The smallest sample is the one the message names",
        arguments: [
            (.ivfFlat(lists: 8), 8), (.ivfPQ(lists: 8, subquantizers: 8), 256),
            (.ivfPQ(lists: 300, subquantizers: 8), 300),
            (.ivfPQ(lists: 8, subquantizers: 8, bitsPerCode: 4), 16), (.scalarQuantized(), 1),
            (.pqFastScan(subquantizers: 8), 16), (.pca(to: 4, then: .flat), 1),
            (.refined(.opq(subquantizers: 8, then: .pq(subquantizers: 8))), 256),
        ] as [(IndexDescription, Int)]
    )
    func smallestSample(description: IndexDescription, minimum: Int) throws {
        let sample = try vectors(minimum)
        let index = try VectorIndex(description, dimension: dimension)
        expectFailure(.tooFewTrainingVectors, naming: "\(minimum - 1) training vectors", "\(minimum) ") {
            try index.train(on: sample[0..<minimum - 1])
        }
        try index.train(on: sample)
        try index.add(sample)
        #expect(index.count == minimum)
    }

    @Test("Vectors that are all the same can be learned from", arguments: trainedBuilders, Metric.allCases)
    func identicalVectors(description: IndexDescription, metric: Metric) throws {
        let same = try VectorMatrix([Float](repeating: 0.5, count: 300 * dimension), dimension: dimension)
        let index = try makeIndex(description, metric: metric, holding: same)
        let list = try index.search(Array(same[0]), k: 300, options: exhaustive)
        #expect(list.count == 300)
        expectWellFormed(list, k: 300, metric: metric)
    }
}

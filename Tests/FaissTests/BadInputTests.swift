import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// What Faiss 1.7.3 answers with a crash, a hang, garbage or nothing must be a typed error here. Each test is one kind
/// of input to which the C++ core was seen to give a wrong answer.
@Suite("Bad input")
struct BadInputTests {
    private let base: VectorMatrix

    init() throws { base = try vectors(300) }

    private func spoilt(_ value: Float) throws -> VectorMatrix {
        var values = base.values
        values[7 * dimension + 3] = value
        return try VectorMatrix(values, dimension: dimension)
    }

    @Test(
        "A C++ exception arrives as a typed error",
        arguments: [
            .ivfFlat(lists: 8), .ivfPQ(lists: 8, subquantizers: 8),
        ] as [IndexDescription]
    )
    func exceptions(description: IndexDescription) async throws {
        // Stopping in the middle of a training unwinds the C++ core with an exception.
        let base = base
        let index = try VectorIndex(description, dimension: dimension)
        let task = Task {
            try trainBlocking(index, on: base) { progress in
                if progress.completed == 3 { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        let result = await task.result
        expectFailure(.cancelled, naming: "cancelled") { try result.get() }
        #expect(!index.isTrained)
    }

    private func trainBlocking(
        _ index: VectorIndex,
        on vectors: VectorMatrix,
        progress: @escaping OperationProgress.Handler
    ) throws {
        try index.train(on: vectors, progress: progress)
    }

    @Test("Vectors of another dimension", arguments: everyBuilder, [1, 31, 33, 64])
    func wrongDimension(description: IndexDescription, wrong: Int) throws {
        let other = try TestVectors.uniform(300, dimension: wrong, seed: 1)
        let index = try makeIndex(description, holding: base)
        let new = try VectorIndex(description, dimension: dimension)
        func expectMismatch(_ body: () throws -> some Any) {
            expectFailure(.dimensionMismatch, naming: "dimension \(wrong) ", "of 32", of: body)
        }
        expectMismatch { try index.add(other) }
        expectMismatch { try index.add(other, ids: Array(1000..<1300)) }
        expectMismatch { try new.train(on: other) }
        expectMismatch { try index.search(other, k: 1) }
        expectMismatch { try index.search(Array(other[0]), k: 1) }
        expectMismatch { try index.search(other, within: 1) }
        expectMismatch { try index.search(Array(other[0]), within: 1) }
        expectFailure(.dimensionMismatch, naming: "dimension 0 ") { try index.search([Float](), k: 1) }
        #expect(index.count == 300)
    }

    @Test("Negative counts", arguments: [-1, .min])
    func negativeCounts(count: Int) throws {
        expectFailure(.invalidArgument, naming: "\(count)") {
            try VectorIndex(.ivfFlat(), dimension: 8).train(
                on: TestVectors.uniform(10, dimension: 8, seed: 1),
                options: TrainingOptions(expectedCount: count)
            )
        }
    }

    @Test("NaN, infinities and huge numbers to be added", arguments: everyBuilder, Metric.allCases)
    func spoiltVectors(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: base)
        for value in [Float.nan, .signalingNaN, .infinity, -.infinity, 1e30, -1.1e15] {
            let spoilt = try spoilt(value)
            let limit = metric == .cosine ? 1e15 : description.maximumMagnitude(dimension: dimension)
            expectFailure(.notFinite, naming: "\(value)", "row 7, column 3", "\(limit)") { try index.add(spoilt) }
            expectFailure(.notFinite, naming: "row 7, column 3") { try index.add(spoilt, ids: Array(1000..<1300)) }
        }
        #expect(index.count == 300)
        #expect(try index.search(Array(base[7]), k: 300, options: exhaustive).count == 300)
    }

    @Test("NaN, infinities and huge numbers in a query", arguments: everyBuilder, Metric.allCases)
    func spoiltQueries(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: base)
        for value in [Float.nan, .infinity, -.infinity, 1e30] {
            let queries = try spoilt(value)
            expectFailure(.notFinite, naming: "\(value)", "row 7, column 3") { try index.search(queries, k: 3) }
            expectFailure(.notFinite, naming: "row 0, column 3") { try index.search(Array(queries[7]), k: 3) }
            if rangeBuilders.contains(description) {
                expectFailure(.notFinite, naming: "row 7, column 3") { try index.search(queries, within: 3) }
            }
        }
        guard rangeBuilders.contains(description) else { return }
        for radius in [Float.nan, .infinity, -.infinity] {
            expectFailure(.notFinite, naming: "radius \(radius)") { try index.search(Array(base[0]), within: radius) }
        }
        if metric == .squaredL2 {
            expectFailure(.invalidArgument, naming: "radius -1.0", "negative") { try index.search(base, within: -1) }
        }
    }

    @Test("Zero vectors by cosine", arguments: everyBuilder)
    func zeroVectors(description: IndexDescription) throws {
        var values = base.values
        values.replaceSubrange(5 * dimension..<6 * dimension, with: repeatElement(0, count: dimension))
        let zero = try VectorMatrix(values, dimension: dimension)
        let index = try makeIndex(description, metric: .cosine, holding: base)
        let new = try VectorIndex(description, dimension: dimension, metric: .cosine)
        expectFailure(.invalidArgument, naming: "row 5", "zero") { try index.add(zero) }
        expectFailure(.invalidArgument, naming: "row 5", "zero") { try new.train(on: zero) }
        expectFailure(.invalidArgument, naming: "row 5", "zero") { try index.search(zero, k: 1) }
        expectFailure(.invalidArgument, naming: "row 0", "zero") { try index.search(Array(zero[5]), k: 1) }
        // The other metrics have no trouble with them.
        let plain = try makeIndex(description, metric: .squaredL2, holding: zero)
        #expect(try plain.search(Array(zero[5]), k: 1).count == 1)
    }

    @Test("NaN, infinities and huge numbers in training", arguments: everyBuilder, Metric.allCases)
    func spoiltTraining(description: IndexDescription, metric: Metric) throws {
        let index = try VectorIndex(description, dimension: dimension, metric: metric)
        for value in [Float.nan, .infinity, -.infinity, 1e30] {
            let spoilt = try spoilt(value)
            expectFailure(.notFinite, naming: "\(value)", "row 7, column 3") { try index.train(on: spoilt) }
        }
        #expect(index.isTrained == !description.needsTraining)
    }

    @Test("k of zero or less, and more than there is", arguments: everyBuilder, Metric.allCases)
    func oddK(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: base)
        for k in [0, -1, .min] {
            expectFailure(.invalidArgument, naming: "k \(k)", "less than 1") { try index.search(base, k: k) }
            expectFailure(.invalidArgument, naming: "k \(k)", "less than 1") { try index.search(Array(base[0]), k: k) }
        }
        for k in [300, 301, 100_000, 1 << 40, .max] {
            let list = try index.search(Array(base[0]), k: k, options: exhaustive)
            #expect(list.count == 300)
            expectWellFormed(list, k: 300, metric: metric)
        }
        for list in try index.search(base, k: 1 << 40, options: exhaustive) {
            expectWellFormed(list, k: 300, metric: metric)
            #expect(list.count == 300)
        }
    }

    @Test("Search before training", arguments: trainedBuilders, Metric.allCases)
    func searchUntrained(description: IndexDescription, metric: Metric) throws {
        let index = try VectorIndex(description, dimension: dimension, metric: metric)
        expectFailure(.notTrained, naming: "\(description)", "train") { try index.search(base, k: 1) }
        expectFailure(.notTrained, naming: "\(description)", "train") { try index.search(Array(base[0]), k: 1) }
        expectFailure(.notTrained, naming: "train") { try index.search(Array(base[0]), within: 1) }
        expectFailure(.notTrained, naming: "train") { try index.reconstruct(0) }
        #expect(index.count == 0 && index.ids.isEmpty && !index.contains(0))
    }

    @Test("Adding before training", arguments: trainedBuilders)
    func addUntrained(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        expectFailure(.notTrained, naming: "\(description)", "train") { try index.add(base) }
        expectFailure(.notTrained, naming: "\(description)", "train") { try index.add(base, ids: Array(0..<300)) }
        #expect(index.count == 0)
    }

    @Test(
        "Fewer training vectors than lists or centroids",
        arguments: [
            (.ivfFlat(lists: 301), 301), (.ivfPQ(lists: 301, subquantizers: 4), 301),
        ] as [(IndexDescription, Int)]
    )
    func tooFewForLists(description: IndexDescription, minimum: Int) throws {
        let index = try VectorIndex(description, dimension: dimension)
        expectFailure(.tooFewTrainingVectors, naming: "300 ", "\(minimum)") { try index.train(on: base) }
        expectFailure(.tooFewTrainingVectors, naming: "300 ", "\(1 << 20)") {
            try VectorIndex(.ivfFlat(lists: 1_048_576), dimension: dimension).train(on: base)
        }
    }

    @Test("Fewer training vectors than a codebook has entries", arguments: [(8, 256), (4, 16)])
    func tooFewForCodes(bits: Int, minimum: Int) throws {
        let index = try VectorIndex(.ivfPQ(lists: 1, subquantizers: 4, bitsPerCode: bits), dimension: dimension)
        expectFailure(.tooFewTrainingVectors, naming: "\(minimum - 1) ", "\(minimum)") {
            try index.train(on: base[0..<minimum - 1])
        }
    }

    @Test("Training on nothing", arguments: trainedBuilders)
    func trainOnNothing(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        expectFailure(.tooFewTrainingVectors, naming: "0 training vectors") { try index.train(on: base[0..<0]) }
        #expect(!index.isTrained)
    }

    @Test("A dimension that the subquantizers don't divide, and odd code sizes")
    func oddQuantizers() {
        for subquantizers in [3, 5, 7, 31] {
            expectFailure(.invalidArgument, naming: "32", "\(subquantizers) subquantizers") {
                try VectorIndex(.ivfPQ(lists: 4, subquantizers: subquantizers), dimension: 32)
            }
        }
        for bits in [0, -1, 1, 5, 7, 9, 16, 64, .max, .min] {
            expectFailure(.invalidArgument, naming: "\(bits)", "neither 4 nor 8") {
                try VectorIndex(.ivfPQ(lists: 4, subquantizers: 4, bitsPerCode: bits), dimension: 32)
            }
        }
    }

    @Test("Numbers of nothing", arguments: [0, -1, .min])
    func numbersOfNothing(number: Int) {
        let descriptions: [IndexDescription] = [
            .ivfFlat(lists: .count(number)), .ivfPQ(lists: .count(number), subquantizers: 4),
            .ivfPQ(lists: 4, subquantizers: number), .hnsw(neighbors: number), .hnsw(efConstruction: number),
        ]
        for description in descriptions {
            expectFailure(.invalidArgument, naming: " \(number) ", "outside") {
                try VectorIndex(description, dimension: 32)
            }
        }
    }

    @Test("Numbers too large to be meant", arguments: [1_000_000_000, .max])
    func numbersTooLarge(number: Int) {
        let descriptions: [IndexDescription] = [
            .ivfFlat(lists: .count(number)), .ivfPQ(lists: .count(number), subquantizers: 4),
            .ivfPQ(lists: 4, subquantizers: number), .hnsw(neighbors: number), .hnsw(efConstruction: number),
        ]
        for description in descriptions {
            expectFailure(.invalidArgument, naming: " \(number) ", "outside") {
                try VectorIndex(description, dimension: 32)
            }
        }
        expectFailure(.invalidArgument, naming: "neighbors 1 ", "2...256") {
            try VectorIndex(.hnsw(neighbors: 1), dimension: 4)
        }
        expectFailure(.invalidArgument, naming: "257") { try VectorIndex(.hnsw(neighbors: 257), dimension: 4) }
    }

    @Test("A description that never ends: there are no strings to parse, but filters can grow")
    func endlessFilter() throws {
        let index = try makeIndex(.flat, holding: base)
        var filter = IDFilter.ids([1])
        for _ in 0..<IDFilter.maximumPartCount { filter = !filter }
        expectFailure(.invalidArgument, naming: "4097", "4096") {
            try index.search(base, k: 1, options: SearchOptions(filter: filter))
        }
    }

    @Test("Dimensions outside 1…65,536", arguments: everyBuilder, [0, -1, 65_537, .max, .min])
    func oddDimensions(description: IndexDescription, wrong: Int) {
        expectFailure(.invalidArgument, naming: "dimension \(wrong) ", "1...65536") {
            try VectorIndex(description, dimension: wrong)
        }
    }

    @Test("The smallest and the largest dimension work", arguments: [1, 65_536])
    func extremeDimensions(extreme: Int) throws {
        let base = try TestVectors.integers(40, dimension: extreme, in: 1...9, seed: 1)
        for description in [
            .flat, .ivfFlat(lists: 2), .ivfPQ(lists: 2, subquantizers: 1, bitsPerCode: 4), .hnsw(), .scalarQuantized(),
        ] as [IndexDescription] {
            let index = try makeIndex(description, holding: base)
            #expect(try index.search(Array(base[3]), k: 40, options: exhaustive).count == 40)
        }
    }

    @Test("Every metric works with every type", arguments: everyBuilder, Metric.allCases)
    func metricByType(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: base)
        for list in try index.search(base, k: 10, options: exhaustive) {
            #expect(list.count == 10)
            expectWellFormed(list, k: 10, metric: metric)
        }
    }

    @Test("Probes of zero or less, and more than lists", arguments: everyBuilder)
    func oddProbes(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: base)
        for probes in [0, -3, .min] {
            expectFailure(.invalidArgument, naming: "probes \(probes) ", "less than 1") {
                try index.search(base, k: 1, options: SearchOptions(probes: probes))
            }
            expectFailure(.invalidArgument, naming: "probes \(probes) ", "less than 1") {
                try index.search(base, within: 1, options: SearchOptions(probes: probes))
            }
        }
        let all = try index.search(base, k: 5, options: exhaustive)
        #expect(try index.search(base, k: 5, options: SearchOptions(probes: .max, ef: 10_000)) == all)
    }

    @Test("Candidates of zero or less, and a billion", arguments: everyBuilder)
    func oddCandidates(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: base)
        for ef in [0, -3, .min] {
            expectFailure(.invalidArgument, naming: "ef \(ef) ", "less than 1") {
                try index.search(base, k: 1, options: SearchOptions(ef: ef))
            }
        }
        for ef in [1, 1_000_000_000, .max] {
            for list in try index.search(base, k: 5, options: SearchOptions(probes: 8, ef: ef)) {
                #expect(list.count == 5)
            }
        }
    }

    @Test("Training numbers out of range", arguments: everyBuilder)
    func oddTraining(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        for number in [0, -3, .min, 1_000_001, .max] {
            expectFailure(.invalidArgument, naming: " \(number) ", "1...1000") {
                try index.train(on: base, options: TrainingOptions(iterations: number))
            }
            expectFailure(.invalidArgument, naming: " \(number) ", "1...1000000") {
                try index.train(on: base, options: TrainingOptions(maximumPointsPerCentroid: number))
            }
        }
        try index.train(on: base, options: TrainingOptions(iterations: 1, maximumPointsPerCentroid: 1, seed: .min))
        #expect(index.isTrained)
    }

    @Test("Ids of one's own in every type", arguments: everyBuilder)
    func givenIDs(description: IndexDescription) throws {
        let index = try VectorIndex(description, dimension: dimension)
        try index.train(on: base)
        try index.add(base, ids: (0..<300).map { .max - $0 })
        #expect(
            try index.search(base, k: 1, options: exhaustive).allSatisfy {
                $0.first.map { $0.id > .max - 300 } ?? false
            }
        )
    }

    @Test("As many ids as vectors", arguments: everyBuilder)
    func idCount(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: base)
        expectFailure(.invalidArgument, naming: "299 ids", "300 vectors") {
            try index.add(base, ids: Array(1000..<1299))
        }
        expectFailure(.invalidArgument, naming: "301 ids", "300 vectors") {
            try index.add(base, ids: Array(1000..<1301))
        }
        expectFailure(.invalidArgument, naming: "0 ids") { try index.add(base, ids: []) }
        #expect(index.count == 300)
    }

    @Test("Ids twice, ids taken, ids below zero", arguments: everyBuilder)
    func oddIDs(description: IndexDescription) throws {
        for ids in [Array(0..<300), (0..<300).map { ($0 * 7) % 300 }] as [[Int64]] {
            let index = try makeIndex(description, holding: base, ids: ids)
            let pair = base[0..<2]
            let before = try index.search(base, k: 300, options: exhaustive)
            expectFailure(.duplicateID, naming: "500", "twice") { try index.add(pair, ids: [500, 500]) }
            expectFailure(.duplicateID, naming: "299", "already") { try index.add(pair, ids: [500, 299]) }
            expectFailure(.duplicateID, naming: "0", "already") { try index.add(pair, ids: [0, 500]) }
            for negative in [-1, -2, .min] as [Int64] {
                expectFailure(.invalidArgument, naming: "\(negative)", "negative") {
                    try index.add(pair, ids: [500, negative])
                }
                expectFailure(.invalidArgument, naming: "\(negative)", "negative") {
                    try index.add(pair, ids: [negative, 500])
                }
            }
            #expect(index.count == 300 && !index.contains(500))
            #expect(try index.search(base, k: 300, options: exhaustive) == before)
        }
    }

    @Test("Removing and then adding reuses no id", arguments: everyBuilder)
    func noReuse(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: base)
        try index.remove(ids: [0, 150, 299])
        #expect(try index.add(base[0..<3]) == 300..<303)
        #expect(Set(index.ids).count == 300)
    }

    @Test("Removing works in every type", arguments: everyBuilder, Metric.allCases)
    func removal(description: IndexDescription, metric: Metric) throws {
        let index = try makeIndex(description, metric: metric, holding: base)
        #expect(try index.remove(ids: [17]) == 1)
        for list in try index.search(base, k: 300, options: exhaustive) {
            #expect(list.count == 299)
            #expect(!list.contains { $0.id == 17 })
        }
    }

    @Test("Reconstructing what is not there", arguments: everyBuilder)
    func missingIDs(description: IndexDescription) throws {
        let index = try makeIndex(description, holding: base)
        try index.remove(ids: [17])
        for id in [17, 300, -1, .min, .max] as [Int64] {
            expectFailure(.unknownID, naming: "\(id)") { try index.reconstruct(id) }
            expectFailure(.unknownID, naming: "\(id)") { try index.reconstruct([5, id, 6]) }
        }
        let empty = try VectorIndex(description, dimension: dimension)
        try empty.train(on: base)
        expectFailure(.unknownID, naming: "0") { try empty.reconstruct(0) }
        #expect(try empty.reconstruct([]).isEmpty)
    }

    @Test(
        "A full disk leaves the old file, even if a single page is missing",
        .enabled(if: SmallDisk.isPossible, "mounting a file system is not allowed here"),
        arguments: everyBuilder
    )
    func fullDisk(description: IndexDescription) throws {
        let old = try makeIndex(description, holding: base)
        let new = try makeIndex(description, holding: vectors(1000))
        let page = 4096
        let pages = try withTemporaryFolder { folder in
            try [old, new].map { index in
                let file = folder.appending(path: "i.vindex")
                try index.write(to: file)
                return try (Data(contentsOf: file).count + page - 1) / page
            }
        }
        // The system gives pages back a little late: it needs some more for what must succeed in the end.
        let spare = 16
        try SmallDisk.withMounted(kilobytes: (pages[0] + pages[1] + spare) * page / 1024) { folder in
            let file = folder.appending(path: "i.vindex")
            let filler = folder.appending(path: "filler")
            try old.write(to: file)
            let before = try Data(contentsOf: file)
            for missing in [pages[1], pages[1] / 2, 1] {
                try Data(repeating: 1, count: (missing + spare) * page).write(to: filler)
                expectFailure(.inputOutput, naming: file.path, "No space left") { try new.write(to: file) }
                #expect(try Data(contentsOf: file) == before)
                #expect(
                    try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["i.vindex", "filler"]
                )
            }
            #expect(try VectorIndex(contentsOf: file).count == 300)
            try FileManager.default.removeItem(at: filler)
            try new.write(to: file)
            #expect(try VectorIndex(contentsOf: file).count == 1000)
        }
    }

    @Test("An interrupted add in HNSW spoils nothing")
    func interruptedGraph() async throws {
        let base = base
        let many = try TestVectors.uniform(5000, dimension: dimension, seed: 3)
        let index = try makeIndex(.hnsw(neighbors: 16), holding: base)
        let task = Task {
            try addBlocking(index, many) { _ in withUnsafeCurrentTask { $0?.cancel() } }
        }
        let result = await task.result
        expectFailure(.cancelled, naming: "cancelled") { try result.get() }
        #expect(index.count == 300)
        let found = try await index.search(base, k: 10)
        #expect(found.allSatisfy { $0.count == 10 && $0.allSatisfy { $0.id < 300 } })
        #expect(found.enumerated().allSatisfy { $1.first?.id == Int64($0) })
    }

    private func addBlocking(
        _ index: VectorIndex,
        _ vectors: VectorMatrix,
        progress: @escaping OperationProgress.Handler
    ) throws {
        try index.add(vectors, progress: progress)
    }

    @Test("Stopping one call stops no other")
    func interruptIsLocal() async throws {
        let many = try TestVectors.uniform(30_000, dimension: dimension, seed: 3)
        let index = try VectorIndex(.flat, dimension: dimension)
        try await index.add(many)
        let cancelled = Task { try await index.search(many, k: 10, options: SearchOptions(threads: 1)) }
        async let undisturbed = index.search(many[0..<3000], k: 10, options: SearchOptions(threads: 1))
        cancelled.cancel()
        let result = await cancelled.result
        expectFailure(.cancelled) { try result.get() }
        #expect(try await undisturbed.allSatisfy { $0.count == 10 })
    }

    @Test("An index that was read needs its file no more", arguments: everyBuilder)
    func fileGone(description: IndexDescription) throws {
        try withTemporaryFolder { folder in
            for name in ["i.vindex", "i.faiss"] {
                let file = folder.appending(path: name)
                let original = try makeIndex(description, holding: base)
                if name == "i.faiss" { try original.writeFaissFile(to: file) } else { try original.write(to: file) }
                let index = name == "i.faiss" ? try VectorIndex(faissFile: file) : try VectorIndex(contentsOf: file)
                let handle = try FileHandle(forWritingTo: file)
                try handle.truncate(atOffset: 10)
                try handle.close()
                #expect(
                    try index.search(base, k: 3, options: exhaustive)
                        == original.search(base, k: 3, options: exhaustive)
                )
                try index.add(base)
                #expect(index.count == 600)
            }
        }
    }
}

import Faiss
import Foundation
import Synchronization
import TestSupport
import Testing
import Vectors

/// A task that cancels itself the first time progress is reported, and what it came to.
private func cancelledAtFirstProgress(
    _ work: @escaping @Sendable (@escaping OperationProgress.Handler) async throws -> Void
) async -> Result<Void, any Error> {
    let task = Mutex<Task<Void, any Error>?>(nil)
    let reported = DispatchSemaphore(value: 0)
    let running = Task {
        try await work { _ in
            // The task may report before the variable holds it.
            reported.wait()
            task.withLock { $0?.cancel() }
            reported.signal()
        }
    }
    task.withLock { $0 = running }
    reported.signal()
    return await running.result
}

private func expectCancelled(_ result: Result<Void, any Error>, sourceLocation: SourceLocation = #_sourceLocation) {
    guard case .failure(let error as VectorError) = result else {
        Issue.record("not cancelled: \(result)", sourceLocation: sourceLocation)
        return
    }
    #expect(error.code == .cancelled, sourceLocation: sourceLocation)
}

/// What progress was reported.
private final class Reports: Sendable {
    private let all = Mutex<[OperationProgress]>([])
    var handler: OperationProgress.Handler {
        { progress in self.all.withLock { $0.append(progress) } }
    }
    var sorted: [OperationProgress] { all.withLock { $0.sorted { $0.completed < $1.completed } } }
}

@Suite("Async calls, cancellation, progress")
struct AsyncTests {
    @Test("The async overloads do what the blocking calls do", arguments: everyBuilder)
    func sameAnswers(description: IndexDescription) async throws {
        try await withTemporaryFolder { folder in try await compare(description, in: folder) }
    }

    private func compare(_ description: IndexDescription, in folder: URL) async throws {
        let base = try vectors(400)
        let blockingIndex = try makeIndex(description, holding: base)
        let index = try VectorIndex(description, dimension: dimension)
        try await index.train(on: base)
        #expect(try await index.add(base[0..<399]) == 0..<399)
        try await index.add(base[399..<400], ids: [399])
        expectSame(
            try await index.search(base, k: 5, options: exhaustive),
            try blocking { try blockingIndex.search(base, k: 5, options: exhaustive) },
            tolerance: 1e-4
        )
        let one = try await index.search(Array(base[3]), k: 5, options: exhaustive)
        expectWellFormed(one, k: 5, metric: .squaredL2)
        if rangeBuilders.contains(description) {
            let single = try await index.search(Array(base[3]), within: 5, options: exhaustive)
            let batch = try await index.search(base[3..<4], within: 5, options: exhaustive)
            #expect(single == Array(batch[0]) && !single.isEmpty)
        }
        try await index.write(to: folder.appending(path: "i.vindex"))
        let again = try await VectorIndex(contentsOf: folder.appending(path: "i.vindex"))
        try await index.writeFaissFile(to: folder.appending(path: "i.faiss"))
        let foreign = try await VectorIndex(faissFile: folder.appending(path: "i.faiss"))
        #expect(again.count == 400 && foreign.count == 400)
        #expect(try await index.remove(ids: [1, 2, 1000]) == 2)
        #expect(try await foreign.reconstruct([7, 399]) == blocking { try foreign.reconstruct([7, 399]) })
        #expect(try await foreign.reconstruct(7) == blocking { try foreign.reconstruct(7) })
    }

    @Test("Models answer the same from async functions, and stop when their task is cancelled")
    func models() async throws {
        let base = try vectors(400)
        let labels = (0..<400).map { $0 % 10 }
        let clusters = try await KMeans(clusters: 4).fit(base)
        #expect(try await clusters.predict(base) == clusters.labels)
        let components = try await PCA(components: 3).fit(base)
        let projected = try await components.transform(base)
        #expect(try projected == blocking { try components.transform(base) })
        #expect(try await components.inverseTransform(projected).dimension == dimension)
        let centroids = try blocking { try NearestCentroidClassifier().fit(base, labels: labels) }
        #expect(try await centroids.predict(base) == blocking { try centroids.predict(base) })
        let neighbors = try await NearestNeighborsClassifier(k: 3).fit(base, labels: labels)
        #expect(try await neighbors.probabilities(base) == blocking { try neighbors.probabilities(base) })
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await clusters.predict(base) }, { _ = try await centroids.predict(base) },
            { _ = try await neighbors.probabilities(base) },
        ]
        for call in calls {
            let task = Task {
                while !Task.isCancelled { await Task.yield() }
                try await call()
            }
            task.cancel()
            expectCancelled(await task.result)
        }
    }

    /// In an async function the async overload would be taken.
    private func blocking<Result>(_ body: () throws -> Result) rethrows -> Result { try body() }

    @Test("A cancelled add leaves the index as it was", arguments: everyBuilder, [Metric.squaredL2, .cosine])
    func cancelledAdd(description: IndexDescription, metric: Metric) async throws {
        // More than two batches, so that the first one is in when the second is called off.
        let isGraph = !description.capabilities.freesRemovedVectors
        let count = isGraph ? 5000 : 70_000
        let base = try vectors(300)
        let many = try TestVectors.uniform(count, dimension: dimension, seed: 3)
        let index = try makeIndex(description, metric: metric, holding: base)
        let before = try await index.search(base, k: 20, options: exhaustive)
        expectCancelled(await cancelledAtFirstProgress { try await index.add(many, progress: $0) })
        #expect(index.count == 300)
        #expect(index.ids == Array(0..<300))
        expectSame(try await index.search(base, k: 20, options: exhaustive), before, tolerance: 1e-4)
        // And it is as good as new: what comes next is found.
        let ids = try await index.add(base[0..<10])
        #expect(ids.lowerBound >= 300 && index.count == 310)
        let found = try await index.search(base[0..<10], k: 310, options: exhaustive)
        for (row, list) in found.enumerated() {
            #expect(list.count == 310 || isGraph)
            #expect(list.contains { $0.id == Int64(row) })
        }
    }

    @Test(
        "A cancelled training leaves the index as it was",
        arguments: [
            .ivfFlat(lists: 64), .ivfPQ(lists: 64, subquantizers: 8),
        ] as [IndexDescription]
    )
    func cancelledTraining(description: IndexDescription) async throws {
        let base = try vectors(2500)
        let fresh = try VectorIndex(description, dimension: dimension)
        expectCancelled(await cancelledAtFirstProgress { try await fresh.train(on: base, progress: $0) })
        #expect(!fresh.isTrained)
        #expect(fresh.indexDescription == description)
        let trained = try VectorIndex(description, dimension: dimension)
        try await trained.train(on: base)
        expectCancelled(await cancelledAtFirstProgress { try await trained.train(on: base, progress: $0) })
        #expect(trained.isTrained)
        try await trained.add(base)
        #expect(
            try await trained.search(base[0..<5], k: 1).map { $0.first?.id } == [0, 1, 2, 3, 4]
                || description != .ivfFlat(lists: 64)
        )
    }

    @Test("A cancelled search or clustering stops, and harms nothing")
    func cancelledSearch() async throws {
        let base = try TestVectors.uniform(20_000, dimension: dimension, seed: 1)
        let index = try VectorIndex(.flat, dimension: dimension)
        try await index.add(base)
        let options = SearchOptions(threads: 1)
        expectCancelled(
            await cancelledAtFirstProgress { _ = try await index.search(base, k: 5, options: options, progress: $0) }
        )
        expectCancelled(
            await cancelledAtFirstProgress {
                _ = try await index.search(base, within: 0.1, options: options, progress: $0)
            }
        )
        expectCancelled(
            await cancelledAtFirstProgress { _ = try await KMeans(clusters: 50).fit(base, progress: $0) }
        )
        #expect(try await index.search(base[0..<3], k: 1).map { $0.first?.id } == [0, 1, 2])
    }

    @Test("Cancelling one call does not touch another on the same index")
    func cancelsOnlyItself() async throws {
        let base = try TestVectors.uniform(20_000, dimension: dimension, seed: 1)
        let index = try VectorIndex(.flat, dimension: dimension)
        try await index.add(base)
        let options = SearchOptions(threads: 1)
        async let other = index.search(base[0..<5000], k: 5, options: options)
        expectCancelled(
            await cancelledAtFirstProgress { _ = try await index.search(base, k: 5, options: options, progress: $0) }
        )
        #expect(try await other.count == 5000)
    }

    @Test("A blocking call in a cancelled task stops as well")
    func blockingCallInTask() async throws {
        let base = try vectors(500)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try blockingCalls(base)
        }
        let codes = try await task.value
        #expect(codes == [.cancelled, .cancelled, .cancelled])
    }

    private func blockingCalls(_ base: VectorMatrix) throws -> [VectorError.Code?] {
        let flat = try VectorIndex(.flat, dimension: dimension)
        let lists = try VectorIndex(.ivfFlat(lists: 4), dimension: dimension)
        func code(_ body: () throws(VectorError) -> Void) -> VectorError.Code? {
            do throws(VectorError) {
                try body()
                return nil
            } catch { return error.code }
        }
        let codes = [
            code { () throws(VectorError) in try flat.add(base) },
            code { () throws(VectorError) in try lists.train(on: base) },
            code { () throws(VectorError) in _ = try KMeans(clusters: 4).fit(base) },
        ]
        #expect(flat.count == 0 && !lists.isTrained)
        return codes
    }

    @Test("Progress goes up to the whole", arguments: everyBuilder)
    func progress(description: IndexDescription) async throws {
        let base = try vectors(5000)
        let index = try VectorIndex(description, dimension: dimension)
        let training = Reports()
        try await index.train(on: base, progress: training.handler)
        let hasCentroids = "\(description)".contains("lists") || "\(description)".contains("subquantizers")
        if case let reports = training.sorted, hasCentroids {
            #expect(reports.count >= 10)
            #expect(reports.allSatisfy { $0.completed < $0.total && $0.total == reports[0].total })
            #expect(reports.map(\.completed) == Array(0..<reports.count))
        }
        let adding = Reports()
        try await index.add(base, progress: adding.handler)
        #expect(adding.sorted.last == OperationProgress(completed: 5000, total: 5000))
        #expect(adding.sorted.last?.fraction == 1)
        let searching = Reports()
        _ = try await index.search(base, k: 3, progress: searching.handler)
        #expect(searching.sorted.count > 1)
        #expect(searching.sorted.last == OperationProgress(completed: 5000, total: 5000))
        #expect(Set(searching.sorted.map(\.completed)).count == searching.sorted.count)
    }

    @Test("k-means reports every iteration of every run")
    func clusteringProgress() async throws {
        let reports = Reports()
        _ = try await KMeans(clusters: 5, iterations: 7, restarts: 3).fit(vectors(300), progress: reports.handler)
        #expect(reports.sorted == (0..<21).map { OperationProgress(completed: $0, total: 21) })
        #expect(OperationProgress(completed: 0, total: 0).fraction == 1)
    }
}

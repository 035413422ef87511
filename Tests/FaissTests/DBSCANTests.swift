import Faiss
import Foundation
import TestSupport
import Testing
import Vectors

/// Forty points of whole numbers, many of which are exactly 2 apart, with six border points that several clusters reach.
private let points = try? VectorMatrix(
    [
        4, 7, 10, 1, 7, 5, 0, 4, 7, 5, 8, 5, 10, 7, 11, 0, 6, 6, 6, 1, 2, 3, 8, 3, 3, 1, 11, 10, 6, 8, 1, 4, 7, 2, 0, 3,
        9, 0, 12, 9, 2, 11, 8, 7, 5, 2, 5, 1, 11, 3, 10, 6, 5, 11, 6, 8, 5, 1, 1, 3, 1, 5, 10, 5, 3, 8, 7, 10, 6, 2, 7,
        11, 11, 8, 2, 11, 4, 3, 9, 0,
    ],
    dimension: 2
)

/// Labels as scikit-learn has them.
private func numbers(_ labels: [Int?]) -> [Int] { labels.map { $0 ?? -1 } }

/// The paper's definitions in plain Swift and double precision, with scikit-learn's order: clusters grow from the lowest
/// core point, and the first to reach a border point keeps it.
private func reference(
    _ points: VectorMatrix,
    minimumPoints: Int,
    isNeighbor: ([Double], [Double]) -> Bool
) -> (labels: [Int], core: [Int]) {
    let rows = (0..<points.count).map { points[$0].map(Double.init) }
    let neighbors = rows.indices.map { row in
        rows.indices.filter { $0 == row || isNeighbor(rows[row], rows[$0]) }
    }
    let core = rows.indices.filter { neighbors[$0].count >= minimumPoints }
    let isCore = Set(core)
    var labels = [Int](repeating: -1, count: rows.count)
    var clusters = 0
    for start in core where labels[start] == -1 {
        var open = [start]
        while let row = open.popLast() {
            guard labels[row] == -1 else { continue }
            labels[row] = clusters
            if isCore.contains(row) { open.append(contentsOf: neighbors[row]) }
        }
        clusters += 1
    }
    return (labels, core)
}

private func euclidean(_ radius: Double) -> ([Double], [Double]) -> Bool {
    { zip($0, $1).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } <= radius * radius }
}

private func cosine(_ radius: Double) -> ([Double], [Double]) -> Bool {
    { first, second in
        func product(_ one: [Double], _ other: [Double]) -> Double { zip(one, other).reduce(0) { $0 + $1.0 * $1.1 } }
        return 1 - product(first, second) / (product(first, first) * product(second, second)).squareRoot() <= radius
    }
}

@Suite("DBSCAN")
struct DBSCANTests {
    @Test("Labels are scikit-learn's, border points that two clusters reach included")
    func scikitLearn() throws {
        let points = try #require(points)
        let model = try DBSCAN(radius: 2).fit(points)
        #expect(
            numbers(model.labels) == [
                -1, -1, 1, 0, 1, 1, 2, -1, 3, 4, 0, 1, 4, -1, 3, 0, 4, 0, -1, -1, -1, 1, 4, 4, -1, 2, -1, 3, 4, 0, 0, 1,
                -1, -1, 4, -1, 2, -1, 0, -1,
            ]
        )
        #expect(model.corePoints == [3, 5, 6, 8, 9, 10, 15, 16, 17, 22, 23, 28, 29, 34])
        #expect(model.clusterCount == 5)
        #expect(model.noiseCount == 14)
    }

    @Test("So they are by cosine distance")
    func scikitLearnCosine() throws {
        let points = try #require(points)
        let moved = try VectorMatrix(points.values.map { $0 + 1 }, dimension: 2)
        let model = try DBSCAN(radius: 0.001, minimumPoints: 4, metric: .cosine).fit(moved)
        #expect(
            numbers(model.labels) == [
                -1, -1, 0, -1, 0, 0, 0, -1, -1, 1, 2, -1, -1, -1, 2, -1, 1, -1, -1, 0, -1, -1, -1, 1, 1, -1, -1, 2, 1,
                -1, -1, -1, -1, 2, -1, 2, 0, -1, 0, -1,
            ]
        )
        #expect(model.corePoints.count == 15)
    }

    @Test(
        "Where distances equal the radius, labels are the definition's, from seed to seed",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func integers(seed: UInt64) throws {
        for (dimension, size, count, radius) in [(2, 30, 500, 2.0), (3, 12, 500, 2.0), (8, 3, 300, 3.0)] {
            let points = try TestVectors.integers(count, dimension: dimension, in: 0...size, seed: seed)
            for minimumPoints in [1, 2, 5, 8, 40] {
                let expected = reference(points, minimumPoints: minimumPoints, isNeighbor: euclidean(radius))
                let model = try DBSCAN(radius: radius, minimumPoints: minimumPoints, threads: 3).fit(points)
                #expect(numbers(model.labels) == expected.labels)
                #expect(model.corePoints == expected.core)
                #expect(model.clusterCount == (expected.labels.max() ?? -1) + 1)
            }
        }
    }

    @Test(
        "Single precision decides nothing: clouds far from the origin, tiny and huge ones",
        arguments: [Metric.squaredL2, .cosine]
    )
    func precision(metric: Metric) throws {
        let clouds = try TestVectors.gaussianMixture(600, dimension: 20, clouds: 12, spread: 0.1, seed: 5)
        let forms: [(scale: Float, offset: Float)] =
            metric == .cosine ? [(1, 0), (1e-18, 0), (1e12, 0)] : [(1, 0), (1, 300), (1e-25, 0), (1e13, 0)]
        for (scale, offset) in forms {
            let points = try VectorMatrix(clouds.values.map { $0 * scale + offset }, dimension: 20)
            for radius in metric == .cosine ? [0.001, 0.01, 0.02] : [0.4, 0.55, 0.7] {
                let radius = metric == .cosine ? radius : radius * Double(scale)
                let isNeighbor = metric == .cosine ? cosine(radius) : euclidean(radius)
                let expected = reference(points, minimumPoints: 6, isNeighbor: isNeighbor)
                let model = try DBSCAN(radius: radius, minimumPoints: 6, metric: metric).fit(points)
                #expect(numbers(model.labels) == expected.labels, "\(scale) \(offset) \(radius)")
            }
        }
    }

    @Test("Border points with more neighbours than are kept are settled as well")
    func crowdedBorders() throws {
        // Each crowd is too small by itself; with the bridge's points the densest ones come above the limit.
        for seed in 1...6 as ClosedRange<UInt64> {
            let points = try TestVectors.integers(700, dimension: 2, in: 0...40, seed: seed)
            for minimumPoints in [40, 45, 50, 55] {
                let expected = reference(points, minimumPoints: minimumPoints, isNeighbor: euclidean(6))
                let model = try DBSCAN(radius: 6, minimumPoints: minimumPoints).fit(points)
                #expect(numbers(model.labels) == expected.labels)
            }
        }
    }

    @Test("Threads and the order of the blocks change nothing")
    func threads() throws {
        let points = try TestVectors.gaussianMixture(3000, dimension: 6, clouds: 40, spread: 0.1, seed: 2)
        let one = try DBSCAN(radius: 0.25, threads: 1).fit(points)
        for threads in [2, 7] as [ThreadLimit] {
            #expect(try DBSCAN(radius: 0.25, threads: threads).fit(points) == one)
        }
        #expect(one.clusterCount >= 30 && one.noiseCount > 0)
    }

    @Test("Nothing, one point, copies of one, all within and none within the radius")
    func extremes() throws {
        let none = try DBSCAN(radius: 1).fit(VectorMatrix([], dimension: 3))
        #expect(none.labels.isEmpty && none.corePoints.isEmpty && none.clusterCount == 0)
        let one = try VectorMatrix([1, 2, 3], dimension: 3)
        #expect(try DBSCAN(radius: 1).fit(one).labels == [nil])
        #expect(try DBSCAN(radius: 1, minimumPoints: 1).fit(one).labels == [0])
        let copies = try VectorMatrix([Float](repeating: 0.1, count: 3 * 100), dimension: 3)
        for metric in [Metric.squaredL2, .cosine] {
            let model = try DBSCAN(radius: 1e-12, minimumPoints: 100, metric: metric).fit(copies)
            #expect(model.labels == [Int?](repeating: 0, count: 100))
            #expect(try DBSCAN(radius: 1e-12, minimumPoints: 101, metric: metric).fit(copies).noiseCount == 100)
        }
        let points = try vectors(200)
        #expect(try DBSCAN(radius: 1e30).fit(points).labels == [Int?](repeating: 0, count: 200))
        #expect(try DBSCAN(radius: 1e-30).fit(points).noiseCount == 200)
        #expect(try DBSCAN(radius: 1e30, minimumPoints: Int(Int32.max)).fit(points).noiseCount == 200)
    }

    @Test("The async call does the same, tells of its progress and stops when its task is cancelled")
    func asynchronous() async throws {
        let points = try vectors(2000)
        let counter = ProgressRecord()
        let model = try await DBSCAN(radius: 2).fit(points, progress: counter.handler)
        #expect(model == (try blocking(points)))
        #expect(counter.last == OperationProgress(completed: 2000, total: 2000))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await DBSCAN(radius: 2).fit(points)
        }
        await #expect(throws: VectorError(.cancelled, "cancelled")) { try await task.value }
    }

    private func blocking(_ points: VectorMatrix) throws -> DBSCANModel { try DBSCAN(radius: 2).fit(points) }

    @Test("What can't be clustered is refused")
    func refused() throws {
        let points = try vectors(20)
        for radius in [0, -1, .nan, .infinity] {
            expectFailure(.invalidArgument, naming: "\(radius)", "above 0") { try DBSCAN(radius: radius).fit(points) }
        }
        for minimum in [0, -3, Int.max] {
            expectFailure(.invalidArgument, naming: "\(minimum)") {
                try DBSCAN(radius: 1, minimumPoints: minimum).fit(points)
            }
        }
        expectFailure(.invalidArgument, naming: "inner product") {
            try DBSCAN(radius: 1, metric: .innerProduct).fit(points)
        }
        let zeros = try VectorMatrix([Float](repeating: 0, count: 8), dimension: 4)
        expectFailure(.invalidArgument, naming: "row 0", "zero") { try DBSCAN(radius: 1, metric: .cosine).fit(zeros) }
        let spoilt = try VectorMatrix([1, 2, .nan, 4], dimension: 2)
        expectFailure(.notFinite, naming: "row 1, column 0") { try DBSCAN(radius: 1).fit(spoilt) }
    }

    @Test(
        "The command line writes a label a line, -1 for noise, and its figures",
        .enabled(if: VectorsProgram.url != nil)
    )
    func command() throws {
        try withTemporaryFolder { folder in
            let points = try #require(points)
            let input = folder.appending(path: "points.npy")
            let output = folder.appending(path: "labels.txt")
            try VectorFile.write(points, to: input)
            let run = try VectorsProgram.run([
                "cluster", input.path, "--method", "dbscan", "--radius", "2", "--output", output.path, "--json",
            ])
            #expect(run.status == 0)
            #expect(run.figures["clusters"] as? Int == 5)
            #expect(run.figures["noise"] as? Int == 14)
            let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map { Int($0) }
            #expect(lines == numbers(try DBSCAN(radius: 2).fit(points).labels))
            for wrong in [
                ["--method", "dbscan"], ["--method", "dbscan", "--radius", "1", "-k", "3"], ["--radius", "1"],
            ] {
                #expect(try VectorsProgram.run(["cluster", input.path, "--output", output.path] + wrong).status == 64)
            }
        }
    }
}

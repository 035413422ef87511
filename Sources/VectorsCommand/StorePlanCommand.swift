import ArgumentParser
import Console
import Faiss
import Foundation
import VectorStorage
import Vectors

struct StorePlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Calculate what a collection would take with more rows, here and on a Milvus cluster.",
        discussion: """
            From what the collection takes here, by simple rules that the documentation of CapacityPlan states: a calculation, \
            not a promise.
            """
    )

    @Argument(help: "The store's folder.")
    var store: String

    @Option(help: "The collection.")
    var collection = "default"

    @Option(help: "The rows that are planned.")
    var rows: Int

    @Option(help: "GiB of memory of a machine of the cluster.")
    var nodeMemory = 64

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var plan: CapacityPlan
        var memoryHere: Int
        var fitsHere: Bool
    }

    func validate() throws {
        try checkPositive(rows, "--rows")
        try checkPositive(nodeMemory, "--node-memory")
    }

    /// Of so many rows an index is built to see how long it takes.
    private static let sampleCount = 100_000

    private func buildingSeconds(of collection: VectorCollection, _ sample: VectorMatrix) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let index = try VectorIndex(
            collection.index.description(count: sample.count),
            dimension: collection.dimension,
            metric: collection.metric
        )
        try await index.train(on: sample)
        try await index.add(sample)
        return (clock.now - start).seconds
    }

    func run() async throws {
        let clock = ContinuousClock()
        let plan = try await withStore(store, .readOnly, memory: .limit(nil)) { store in
            let start = clock.now
            let collection = try await store.collection(collection)
            let opening = (clock.now - start).seconds
            // What is brought into memory after that.
            await collection.waitForIndex()
            let statistics = collection.statistics
            var seconds: [Double] = []
            var sample = try VectorMatrix([], dimension: collection.dimension)
            for try await row in collection.rows() {
                if seconds.count < 100 {
                    let start = clock.now
                    _ = try await collection.search(row.vector, k: 10)
                    seconds.append((clock.now - start).seconds)
                }
                try sample.append(row.vector)
                if sample.count == Self.sampleCount { break }
            }
            let building = try await buildingSeconds(of: collection, sample)
            return try CapacityPlan(
                CapacityPlan.Measurement(
                    count: statistics.count,
                    dimension: collection.dimension,
                    diskSize: store.databaseFileSize + (statistics.indexFileSize ?? 0),
                    memorySize: statistics.tableMemorySize + statistics.indexMemorySize,
                    openingSeconds: opening,
                    searchSeconds: seconds.isEmpty ? 0 : median(seconds),
                    buildingSeconds: building
                        * CapacityPlan.buildingFactor(from: sample.count, to: statistics.count)
                ),
                count: rows,
                nodeMemory: min(nodeMemory, 1 << 20) << 30
            )
        }
        let memory = usableMemory
        let fits = plan.memorySize < memory / 10 * 7
        func gigabytes(_ size: Int) -> String { String(format: "%.2f GB", Double(size) / 1e9) }
        func line(
            _ title: String,
            disk: Int,
            memory: Int,
            opening: Double,
            building: Double,
            search: Double
        ) -> String {
            title + ": \(gigabytes(disk)) on disk, \(gigabytes(memory)) in memory, "
                + String(
                    format: "opened in %.2f s, the index built in %.1f s, a search in %.2f ms",
                    opening,
                    building,
                    search * 1000
                )
        }
        let here = plan.measurement
        try outputs.report(
            Figures(plan: plan, memoryHere: memory, fitsHere: fits),
            lines: [
                line(
                    "measured, \(here.count) rows of \(here.dimension) dimensions",
                    disk: here.diskSize,
                    memory: here.memorySize,
                    opening: here.openingSeconds,
                    building: here.buildingSeconds,
                    search: here.searchSeconds
                ),
                line(
                    "calculated, \(plan.count) rows",
                    disk: plan.diskSize,
                    memory: plan.memorySize,
                    opening: plan.openingSeconds,
                    building: plan.buildingSeconds,
                    search: plan.searchSeconds
                ),
                "this machine has \(gigabytes(memory)): "
                    + (fits ? "one like it does" : "one like it does not do"),
                "a Milvus cluster: \(gigabytes(plan.clusterMemorySize)) in memory, \(plan.clusterNodeCount) query nodes of "
                    + "\(nodeMemory) GiB, for one replica",
            ]
        )
    }
}

import ArgumentParser
import Console
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

    func run() async throws {
        let clock = ContinuousClock()
        let plan = try await withStore(store, .readOnly) { store in
            let start = clock.now
            let collection = try await store.collection(collection)
            let opening = (clock.now - start).seconds
            let statistics = collection.statistics
            var seconds: [Double] = []
            for try await row in collection.rows() {
                let start = clock.now
                _ = try await collection.search(row.vector, k: 10)
                seconds.append((clock.now - start).seconds)
                if seconds.count == 100 { break }
            }
            return try CapacityPlan(
                CapacityPlan.Measurement(
                    count: statistics.count,
                    dimension: collection.dimension,
                    diskSize: store.databaseFileSize + (statistics.indexFileSize ?? 0),
                    memorySize: statistics.tableMemorySize + statistics.indexMemorySize,
                    openingSeconds: opening,
                    searchSeconds: seconds.isEmpty ? 0 : median(seconds)
                ),
                count: rows,
                nodeMemory: min(nodeMemory, 1 << 20) << 30
            )
        }
        let memory = usableMemory
        let fits = plan.memorySize < memory / 10 * 7
        func gigabytes(_ size: Int) -> String { String(format: "%.2f GB", Double(size) / 1e9) }
        func lines(_ title: String, _ disk: Int, _ memory: Int, _ opening: Double, _ search: Double) -> String {
            title + ": \(gigabytes(disk)) on disk, \(gigabytes(memory)) in memory, "
                + String(format: "opened in %.2f s, a search in %.2f ms", opening, search * 1000)
        }
        let here = plan.measurement
        try outputs.report(
            Figures(plan: plan, memoryHere: memory, fitsHere: fits),
            lines: [
                lines(
                    "measured, \(here.count) rows of \(here.dimension) dimensions",
                    here.diskSize,
                    here.memorySize,
                    here.openingSeconds,
                    here.searchSeconds
                ),
                lines(
                    "calculated, \(plan.count) rows",
                    plan.diskSize,
                    plan.memorySize,
                    plan.openingSeconds,
                    plan.searchSeconds
                ),
                "this machine has \(gigabytes(memory)): "
                    + (fits ? "one like it does" : "one like it does not do"),
                "a Milvus cluster: \(gigabytes(plan.clusterMemorySize)) in memory, \(plan.clusterNodeCount) query nodes of "
                    + "\(nodeMemory) GiB, for one replica",
            ]
        )
    }
}

import ArgumentParser
import Console
import Foundation
import VectorStorage
import Vectors

struct StorePushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Copy a collection to a Milvus server, back, or to another store, and compare both.",
        discussion: """
            The collection is created where there is none. Rows that are there already are not written again, so a copy \
            that was cut short goes on where it was, and copying again after a change writes what has changed. At the end all rows of both are read \
            and compared; status 1 if they are not the same.
            """
    )

    @OptionGroup var place: CollectionArguments

    @Option(help: "Where the rows go: a folder, or the address of a Milvus server.")
    var to: String

    @Option(help: "The collection there; by default the same name.")
    var toCollection: String?

    @Option(help: "The index of a collection that is created: auto, flat, ivf-flat or hnsw.")
    var index = StoreCreateCommand.Index.auto

    @Flag(help: "Remove rows there that are not here.")
    var removeOthers = false

    @Option(help: "Rows a write.")
    var batch = 10_000

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable, Sendable {
        var written: Int
        var unchanged: Int
        var removed: Int
        var source: String
        var target: String
        var isEqual: Bool
        var copySeconds: Double
    }

    func validate() throws { try checkPositive(batch, "--batch") }

    func run() async throws {
        let name = toCollection ?? place.collection
        let figures = try await place.with(.readOnly) { source in
            try await withStore(at: to, .readWriteCreating) { store in
                let target =
                    try await store.collectionNames().contains(name)
                    ? try await store.collection(name)
                    : try await store.createCollection(
                        name,
                        dimension: source.dimension,
                        metric: source.metric,
                        index: index.index
                    )
                return try await copy(source, target)
            }
        }
        try outputs.report(
            figures,
            lines: [
                "written \(figures.written), unchanged \(figures.unchanged), removed \(figures.removed)",
                "here: \(figures.source)", "there: \(figures.target)",
            ]
        )
        guard figures.isEqual else {
            throw DataError("the rows there are not those here; --remove-others removes what only is there")
        }
    }

    private func copy(_ source: some StoredCollection, _ target: some StoredCollection) async throws -> Figures {
        let count = max(try await source.countAll(), 1)
        let bar = ProgressBar("copying")
        let start = ContinuousClock.now
        let copy = try await source.copy(to: target, batchSize: batch, removingOthers: removeOthers) {
            bar.update(Double($0) / Double(count))
        }
        await target.waitForBackgroundWork()
        let seconds = (ContinuousClock.now - start).seconds
        bar.finish("\(copy.written) rows written")
        let comparing = ProgressBar("comparing")
        let there = try await target.digest { comparing.update(Double($0) / Double(count)) }
        comparing.finish(there == copy.source ? "equal" : "different")
        return Figures(
            written: copy.written,
            unchanged: copy.unchanged,
            removed: copy.removed,
            source: "\(copy.source)",
            target: "\(there)",
            isEqual: there == copy.source,
            copySeconds: seconds
        )
    }
}

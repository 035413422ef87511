import ArgumentParser
import Faiss
import VectorStorage

struct StoreCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a collection, and the store where there is none."
    )

    @OptionGroup var place: CollectionArguments

    @Option(help: "The length of every vector.")
    var dimension: Int

    @Option(help: "l2, ip or cosine.")
    var metric = MetricArgument.cosine

    @Option(help: "auto, or one of: flat, ivf-flat, hnsw, sq8.")
    var index = Index.auto

    enum Index: String, ExpressibleByArgument, CaseIterable {
        case auto, flat
        case ivfFlat = "ivf-flat"
        case hnsw, sq8

        var index: CollectionIndex {
            switch self {
            case .auto: .automatic
            case .flat: .described(.flat)
            case .ivfFlat: .described(.ivfFlat())
            case .hnsw: .described(.hnsw())
            case .sq8: .described(.scalarQuantized())
            }
        }
    }

    func run() async throws {
        try await withStore(place.store, .readWriteCreating) { store in
            _ = try await store.createCollection(
                place.collection,
                dimension: dimension,
                metric: metric.metric,
                index: index.index
            )
        }
        print("created the collection '\(place.collection)' of \(dimension) dimensions, \(metric.metric)")
    }
}

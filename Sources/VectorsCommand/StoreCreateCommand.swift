import ArgumentParser
import Faiss
import VectorStorage
import Vectors

struct StoreCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a collection, and the store where there is none."
    )

    @OptionGroup var place: CollectionArguments

    @Option(help: "The length of every vector; a model has its own.")
    var dimension: Int?

    @OptionGroup var model: ModelArguments

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

    @OptionGroup var fullText: FullTextArguments

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var collection: String
        var dimension: Int
        var metric: String
        var index: String
    }

    func validate() throws {
        guard (dimension == nil) != (model.model == nil) else {
            throw ValidationError("give either --dimension or, for a collection of texts, --model FOLDER")
        }
        if let dimension, !(1...VectorMatrix.maximumDimension).contains(dimension) {
            throw ValidationError("--dimension \(dimension) is outside 1...\(VectorMatrix.maximumDimension)")
        }
    }

    func run() async throws {
        let dimension: Int
        if let given = self.dimension {
            dimension = given
            try await withStore(at: place.store, .readWriteCreating) { store in
                _ = try await store.createCollection(
                    place.collection,
                    dimension: dimension,
                    metric: metric.metric,
                    index: index.index,
                    fullText: fullText.index
                )
            }
        } else {
            let encoder = try model.encoder(for: "a collection of texts")
            dimension = encoder.dimension
            try await withStore(place.store, .readWriteCreating) { store in
                _ = try await store.createTextCollection(
                    place.collection,
                    embedder: encoder,
                    metric: metric.metric,
                    index: index.index,
                    fullText: fullText.index
                )
            }
        }
        try outputs.report(
            Figures(
                collection: place.collection,
                dimension: dimension,
                metric: metric.metric.rawValue,
                index: index.rawValue
            ),
            lines: ["created the collection '\(place.collection)' of \(dimension) dimensions, \(metric.metric)"]
        )
    }
}

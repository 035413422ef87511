import ArgumentParser
import Console
import SentenceEmbeddings
import VectorStorage
import Vectors

struct StoreReembedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reembed",
        abstract: "Change the model of a collection of texts: embed all of them again.",
        discussion: """
            The former model is not needed. Until all texts are embedded the collection stays as it was; a command that was \
            stopped goes on where it was when it is called again.
            """
    )

    @OptionGroup var place: CollectionArguments

    @Option(help: "The folder of the new model, as for 'vectors embed'.")
    var model: String

    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var count: Int
        var dimension: Int
        var model: String
        var seconds: Double
    }

    func run() async throws {
        let encoder = try SentenceEncoder(contentsOf: fileURL(model))
        let figures = try await withStore(place.store, .readWrite) { store in
            let bar = ProgressBar("embedding")
            let start = ContinuousClock.now
            let texts = try await store.reembedTextCollection(place.collection, with: encoder) { bar.update($0) }
            let count = try await texts.count()
            bar.finish("\(count) texts")
            await texts.vectors.waitForIndex()
            return Figures(
                count: count,
                dimension: encoder.dimension,
                model: encoder.identity.name,
                seconds: (ContinuousClock.now - start).seconds
            )
        }
        try outputs.report(
            figures,
            lines: ["\(figures.count) texts have vectors of '\(figures.model)', \(figures.dimension) dimensions"]
        )
    }
}

import ArgumentParser
import Console
import Foundation
import Vectors
import Word2Vec

struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write word vectors in another format.",
        discussion: """
            The output's extension says which: .bin, .vec or .txt for word vectors; .npy or .fvecs for the vectors \
            alone; .tsv for TensorFlow's Embedding Projector, with the words in --metadata.
            """
    )

    @Argument(help: "Word vectors: .bin, .vec or .txt, which .gz may follow.")
    var model: String

    @Option(help: "Where they go: .bin, .vec, .txt, .npy, .fvecs or .tsv.")
    var output: String

    @Option(help: "The words for .tsv, a line each: metadata.tsv.")
    var metadata: String?

    @OptionGroup var reading: ReadingArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var count: Int
        var dimension: Int
        /// Rows of the file that were left out.
        var omitted: Int
    }

    private var isProjector: Bool { output.lowercased().hasSuffix(".tsv") }

    func validate() throws {
        guard isProjector == (metadata != nil) else {
            throw ValidationError("--output FILE.tsv and --metadata FILE.tsv go together")
        }
    }

    func run() throws {
        let destination = try outputURL(output, extensions: ["bin", "vec", "txt", "npy", "fvecs", "tsv"])
        let metadataDestination = try metadata.map { try outputURL($0) }
        let (vectors, omitted) = try reading.options.words(fileURL(model))
        switch destination.pathExtension.lowercased() {
        case "npy", "fvecs": try VectorFile.write(vectors.matrix, to: destination)
        case "tsv":
            if let metadataDestination {
                try vectors.writeProjectorFiles(vectors: destination, metadata: metadataDestination)
            }
        default: try vectors.write(to: destination)
        }
        try outputs.report(
            Figures(count: vectors.count, dimension: vectors.dimension, omitted: omitted.rows.count),
            lines: ["\(vectors.count) vectors of dimension \(vectors.dimension) are in \(output)"]
        )
    }
}

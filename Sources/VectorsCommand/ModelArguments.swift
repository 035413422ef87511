import ArgumentParser
import SentenceEmbeddings
import VectorStorage

/// `--model`, the same for every subcommand of `store` that takes texts.
struct ModelArguments: ParsableArguments {
    @Option(help: "The folder of the model that turns texts into vectors, as for 'vectors embed'.")
    var model: String?

    /// The model; an option that needs one, such as `--text`, is named where there is none.
    func encoder(for option: String) throws -> SentenceEncoder {
        guard let model else { throw ValidationError("\(option) needs --model FOLDER") }
        return try SentenceEncoder(contentsOf: fileURL(model))
    }
}

import ArgumentParser
import VectorStorage
import Vectors

/// `--full-text` and `--tokenizer`.
struct FullTextArguments: ParsableArguments {
    @Option(
        name: .customLong("full-text"),
        help: "A field of the metadata whose words are found, too; several may be given."
    )
    var fields: [String] = []

    @Option(help: "How texts are cut: words, english (by their stems), trigrams (Chinese, Japanese). By default words.")
    var tokenizer: Tokenizer?

    enum Tokenizer: String, ExpressibleByArgument, CaseIterable {
        case words, english, trigrams

        var tokenizer: FullTextIndex.Tokenizer {
            switch self {
            case .words: .words
            case .english: .english
            case .trigrams: .trigrams
            }
        }
    }

    var index: FullTextIndex? {
        fields.isEmpty ? nil : FullTextIndex(fields: fields, tokenizer: tokenizer?.tokenizer ?? .words)
    }

    func validate() throws {
        if fields.isEmpty, tokenizer != nil { throw ValidationError("--tokenizer goes with --full-text FIELD") }
    }
}

struct StoreWordsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "words",
        abstract: "Make the rows of a collection findable by their words, or, without --full-text, end it."
    )

    @OptionGroup var place: CollectionArguments
    @OptionGroup var fullText: FullTextArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        var fields: [String]
        var tokenizer: String?
        var seconds: Double
    }

    func run() async throws {
        let start = ContinuousClock.now
        try await withStore(place.store, .readWrite) { store in
            try await store.collection(place.collection).setFullTextIndex(fullText.index)
        }
        let seconds = (ContinuousClock.now - start).seconds
        let index = fullText.index
        try outputs.report(
            Figures(fields: index?.fields ?? [], tokenizer: index?.tokenizer.rawValue, seconds: seconds),
            lines: [
                index.map { "the words of \($0.fields.joined(separator: ", ")) are found now" }
                    ?? "no words are found any more"
            ]
        )
    }
}

import ArgumentParser
import Console
import Word2Vec

struct SimilarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar",
        abstract: "Print the words most similar to some, as 'king woman --minus man'."
    )

    @Argument(help: "Word vectors: .bin, .vec or .txt.")
    var model: String

    @Argument(help: "Words that count for.")
    var words: [String]

    @Option(
        parsing: .upToNextOption,
        help:
            "Words that count against: all that follow, up to the next option; so the words that count for come first."
    )
    var minus: [String] = []

    @Option(name: [.customShort("k")], help: "How many words.")
    var count = 10

    @Option(help: "Look only among the first N words, the most frequent.")
    var restrict: Int?

    @Flag(help: "Combine the words by products (3CosMul of Levy and Goldberg) in place of sums.")
    var cosMul = false

    @OptionGroup var leniency: LenientArguments
    @OptionGroup var outputs: OutputArguments

    private struct Figures: Encodable {
        struct Word: Encodable {
            var word: String
            var similarity: Float
        }
        var positive: [String]
        var negative: [String]
        var words: [Word]
    }

    func validate() throws {
        try checkPositive(count, "-k")
        try checkPositive(restrict, "--restrict")
    }

    func run() throws {
        let vectors = try ReadingOptions(isLenient: leniency.lenient).words(fileURL(model)).vectors
        let similar =
            try cosMul
            ? vectors.mostSimilarCosMul(positive: words, negative: minus, top: count, restrict: restrict)
            : vectors.mostSimilar(positive: words, negative: minus, top: count, restrict: restrict)
        try outputs.report(
            Figures(
                positive: words,
                negative: minus,
                words: similar.map { Figures.Word(word: $0.word, similarity: $0.similarity) }
            ),
            lines: similar.map { "\($0.word)\t\(Double($0.similarity).formatted(decimals: 4))" }
        )
    }
}

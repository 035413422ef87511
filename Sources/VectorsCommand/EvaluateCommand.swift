import ArgumentParser
import Console
import Word2Vec

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Score word vectors on analogies or on similarity judgements, as gensim does.",
        discussion: "Accuracy and Spearman's correlation are given in percent."
    )

    @Argument(help: "Word vectors: .bin, .vec or .txt.")
    var model: String

    @Option(help: "Questions 'a b c d', sections headed by ': name', as Google's questions-words.txt.")
    var analogies: String?

    @Option(help: "Lines 'word word score', as WordSim-353, SimLex-999 or MEN.")
    var pairs: String?

    @Option(help: "Use the first N words only.")
    var restrict = 30_000

    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        guard (analogies == nil) != (pairs == nil) else {
            throw ValidationError("give either --analogies FILE or --pairs FILE")
        }
    }

    private struct AnalogyFigures: Encodable {
        var analogies: Double
        var questions: Int
    }

    private struct PairFigures: Encodable {
        var spearman: Double
        var pairs: Int
        var unknown: Int
    }

    func run() throws {
        let vectors = try WordVectors(contentsOf: fileURL(model))
        if let analogies {
            let result = try vectors.evaluateAnalogies(contentsOf: fileURL(analogies), restrict: restrict)
            guard result.asked > 0 else {
                throw DataError("no question of '\(analogies)' has all its words among the first \(restrict)")
            }
            var lines: [String] = []
            for section in result.sections where section.asked > 0 {
                lines.append("\(section.name): \(percent(section.accuracy)) of \(section.asked)")
            }
            lines.append("all: \(percent(result.accuracy)) of \(result.asked)")
            try outputs.report(
                AnalogyFigures(analogies: 100 * result.accuracy, questions: result.asked),
                lines: lines
            )
        } else if let pairs {
            let result = try vectors.evaluateWordPairs(contentsOf: fileURL(pairs), restrict: restrict)
            try outputs.report(
                PairFigures(spearman: 100 * result.spearman, pairs: result.pairs, unknown: result.unknown),
                lines: [
                    "Spearman \(percent(result.spearman)) on \(result.pairs) pairs, "
                        + "\(result.unknown) with unknown words"
                ]
            )
        }
    }

    private func percent(_ fraction: Double) -> String { "\((100 * fraction).formatted(decimals: 1)) %" }
}

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

    @OptionGroup var leniency: LenientArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        guard (analogies == nil) != (pairs == nil) else {
            throw ValidationError("give either --analogies FILE or --pairs FILE")
        }
        try checkPositive(restrict, "--restrict")
    }

    private struct AnalogyFigures: Encodable {
        struct Section: Encodable {
            var name: String
            /// In percent; nil where no question could be asked.
            var accuracy: Double?
            var correct: Int
            var asked: Int
            var skipped: Int
        }
        var analogies: Double
        var correct: Int
        var questions: Int
        var skipped: Int
        var sections: [Section]
    }

    private struct PairFigures: Encodable {
        var spearman: Double
        var pearson: Double
        var pairs: Int
        var unknown: Int
        var heading: String?
    }

    func run() throws {
        // The small files first: a mistake in them shows before the large one is read.
        if let analogies {
            try run(analogies, try AnalogyQuestions(contentsOf: fileURL(analogies)))
        } else if let pairs {
            try run(try WordPairs(contentsOf: fileURL(pairs)))
        }
    }

    private func run(_ path: String, _ questions: AnalogyQuestions) throws {
        let result = try readModel().evaluateAnalogies(questions, restrict: restrict)
        guard result.asked > 0 else {
            throw DataError("no question of '\(path)' has all its words among the first \(restrict)")
        }
        var lines: [String] = []
        for section in result.sections where section.asked > 0 {
            lines.append("\(section.name): \(percent(section.accuracy)) of \(section.asked)")
        }
        lines.append("all: \(percent(result.accuracy)) of \(result.asked), \(result.skipped) with unknown words")
        try outputs.report(
            AnalogyFigures(
                analogies: 100 * result.accuracy,
                correct: result.correct,
                questions: result.asked,
                skipped: result.skipped,
                sections: result.sections.map { section in
                    AnalogyFigures.Section(
                        name: section.name,
                        accuracy: section.asked > 0 ? 100 * section.accuracy : nil,
                        correct: section.correct,
                        asked: section.asked,
                        skipped: section.skipped
                    )
                }
            ),
            lines: lines
        )
    }

    private func run(_ pairs: WordPairs) throws {
        if let heading = pairs.heading { warn("the first line is taken for a heading: \(heading)") }
        let result = try readModel().evaluateWordPairs(pairs, restrict: restrict)
        try outputs.report(
            PairFigures(
                spearman: 100 * result.spearman,
                pearson: 100 * result.pearson,
                pairs: result.pairs,
                unknown: result.unknown,
                heading: pairs.heading
            ),
            lines: [
                "Spearman \(percent(result.spearman)) on \(result.pairs) pairs, \(result.unknown) with unknown words"
            ]
        )
    }

    /// The words that count, and no more of the file.
    private func readModel() throws -> WordVectors {
        try ReadingOptions(restrict: restrict, isLenient: leniency.lenient).words(fileURL(model)).vectors
    }

    private func percent(_ fraction: Double) -> String { "\((100 * fraction).formatted(decimals: 1)) %" }
}

import ArgumentParser
import Console
import Vectors
import Word2Vec

struct PhrasesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phrases",
        abstract: "Join the words of a text that belong together, 'new york' to 'new_york'."
    )

    @Argument(help: "The text, in one or more files, plain or gzip: words between white space, a sentence a line.")
    var corpus: [String]

    @Option(help: "Where the joined text goes.")
    var output: String

    @Option(help: "How often to learn and join: 1 for two words, 2 for up to four.")
    var passes = 1

    @Option(help: "default, word2vec's ratio of counts; or npmi, from -1 to 1.")
    var scoring = ScoringArgument.default

    @Option(parsing: .unconditional, help: "The score above which words are joined; by default 10, and 0.5 for npmi.")
    var threshold: Double?

    @Option(help: "Rarer pairs are not joined.")
    var minimumCount = 5

    @Option(help: "What stands between joined words.")
    var delimiter = "_"

    @Flag(help: "Let English articles, prepositions and conjunctions stand inside phrases: 'bank_of_america'.")
    var englishConnectors = false

    @Option(help: "The distinct words and pairs that are counted at once.")
    var maximumVocabulary = 40_000_000

    @Option(help: "A file for the last pass's phrases with score and count, tabs in between, the highest score first.")
    var scores: String?

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        guard (1...10).contains(passes) else { throw ValidationError("--passes \(passes) is outside 1...10") }
        try checkArguments { try learner.check() }
    }

    private var learner: PhraseLearner {
        var learner = PhraseLearner()
        learner.scoring = scoring == .npmi ? .npmi : .ratio
        learner.threshold = threshold ?? (scoring == .npmi ? 0.5 : 10)
        learner.minimumCount = minimumCount
        learner.delimiter = delimiter
        learner.connectorWords = englishConnectors ? PhraseLearner.englishConnectorWords : []
        learner.maximumVocabulary = maximumVocabulary
        learner.threads = threads.limit
        return learner
    }

    enum ScoringArgument: String, ExpressibleByArgument, CaseIterable {
        case `default`, npmi
    }

    private struct Figures: Encodable {
        var vocabulary: Int
        var tokens: Int
        var seconds: Double
        var phrases: Int?
        /// The best of them, as without --json; needs --scores.
        var best: [Found]?

        struct Found: Encodable {
            var phrase: String
            var score: Double
            var count: Int
        }
    }

    func run() throws {
        let learner = learner
        let destination = try outputURL(output)
        let scoresDestination = try scores.map { try outputURL($0) }
        var text = try Corpus(contentsOf: corpus.map(fileURL))
        var last: (phrases: Phrases, text: Corpus)?
        var seconds = 0.0
        for pass in 1...passes {
            let bar = ProgressBar(passes == 1 ? "phrases" : "phrases, pass \(pass)")
            let (phrases, time) = try timed { try learner.learn(from: text) { bar.update($0 / 2) } }
            let (joined, joiningTime) = try timed { try phrases.join(text) { bar.update(0.5 + $0 / 2) } }
            bar.finish("\(phrases.vocabularySize) distinct words and pairs")
            last = (phrases, text)
            text = joined
            seconds += time + joiningTime
        }
        try text.write(to: destination)
        var found: [Phrases.Found]?
        if let scoresDestination, let last {
            let phrases = try last.phrases.found(in: last.text)
            let file = try AtomicFile(replacing: scoresDestination)
            for found in phrases { try file.write("\(found.phrase)\t\(found.score)\t\(found.count)\n") }
            try file.commit()
            found = phrases
        }
        try outputs.report(
            Figures(
                vocabulary: last?.phrases.vocabularySize ?? 0,
                tokens: last?.phrases.corpusTotal ?? 0,
                seconds: seconds,
                phrases: found?.count,
                best: found?.prefix(20).map {
                    Figures.Found(phrase: $0.phrase, score: Double($0.score), count: $0.count)
                }
            ),
            lines: (found ?? []).prefix(20).map { "\($0.phrase)\t\($0.score.formatted(decimals: 1))\t\($0.count)" }
                + ["the joined text is in \(output)"]
        )
    }
}

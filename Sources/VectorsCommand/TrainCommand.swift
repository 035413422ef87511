import ArgumentParser
import Console
import Word2Vec

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train word vectors on a text."
    )

    @Argument(help: "The text: words between white space, a sentence a line (or one endless line).")
    var corpus: String

    @Option(help: "Where the word vectors go: .bin, .vec or .txt.")
    var output: String

    @Option(help: "skip-gram or cbow.")
    var architecture = ArchitectureArgument.skipGram

    @Option(help: "negative-sampling or hierarchical-softmax.")
    var loss = LossArgument.negativeSampling

    @Option(help: "Length of the vectors.")
    var dimension = 100

    @Option(help: "Words to each side that make the context.")
    var window = 5

    @Option(help: "Noise words a true one; for negative sampling.")
    var negative = 5

    @Option(help: "Passes over the text.")
    var epochs = 5

    @Option(help: "Rarer words are left out.")
    var minimumCount = 5

    @Option(help: "Threshold above which frequent words are thinned out; 0 keeps them all.")
    var sample = 1e-3

    @Option(help: "Learning rate at the start.")
    var learningRate = 0.025

    @Option(help: "Seed; with one thread the result depends on nothing else.")
    var seed: UInt64 = 1

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    enum ArchitectureArgument: String, ExpressibleByArgument, CaseIterable {
        case skipGram = "skip-gram"
        case cbow
    }

    enum LossArgument: String, ExpressibleByArgument, CaseIterable {
        case negativeSampling = "negative-sampling"
        case hierarchicalSoftmax = "hierarchical-softmax"
    }

    private struct Figures: Encodable {
        var vocabulary: Int
        var tokens: Int
        var trainSeconds: Double
        var wordsPerSecond: Double
        var loss: Double
    }

    func run() throws {
        var configuration = Word2VecConfiguration()
        configuration.architecture = architecture == .skipGram ? .skipGram : .cbow
        configuration.loss =
            loss == .negativeSampling ? .negativeSampling(negatives: negative) : .hierarchicalSoftmax
        configuration.dimension = dimension
        configuration.window = window
        configuration.epochs = epochs
        configuration.minimumCount = minimumCount
        configuration.sample = sample
        configuration.learningRate = learningRate
        // The rate falls to this; where it starts lower, it stays.
        configuration.minimumLearningRate = min(configuration.minimumLearningRate, learningRate)
        configuration.threads = threads.limit
        configuration.seed = seed

        let source = try Corpus(contentsOf: fileURL(corpus))
        let destination = try outputURL(output, extensions: ["bin", "vec", "txt"])
        let bar = ProgressBar("training")
        let model = try Word2VecTrainer(configuration).train(on: source) { progress in
            bar.update(
                progress.fraction,
                note: "epoch \(progress.epoch)/\(progress.epochs), "
                    + "\((progress.wordsPerSecond / 1000).formatted(decimals: 0))k words/s, "
                    + "loss \(progress.meanLoss.formatted(decimals: 3))"
            )
        }
        bar.finish("\(model.vectors.count) words, \((model.wordsPerSecond / 1000).formatted(decimals: 0))k words/s")
        try model.vectors.write(to: destination)
        try outputs.report(
            Figures(
                vocabulary: model.vectors.count,
                tokens: model.vocabulary.corpusTotal,
                trainSeconds: model.seconds,
                wordsPerSecond: model.wordsPerSecond,
                loss: model.losses.last ?? 0
            ),
            lines: ["\(model.vectors.count) vectors of dimension \(model.vectors.dimension) are in \(output)"]
        )
    }
}

import ArgumentParser
import Console
import Foundation
import Vectors
import Word2Vec

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train word vectors on a text."
    )

    @Argument(help: "The text, in one or more files, plain or gzip: words between white space, a sentence a line.")
    var corpus: [String]

    @Option(help: "Where the word vectors go: .bin, .vec or .txt.")
    var output: String

    @Option(help: "skip-gram or cbow; by default skip-gram.")
    var architecture: ArchitectureArgument?

    @Option(help: "negative-sampling or hierarchical-softmax; by default negative-sampling.")
    var loss: LossArgument?

    @Option(help: "Length of the vectors; by default 100.")
    var dimension: Int?

    @Option(help: "Words to each side that make the context; by default 5.")
    var window: Int?

    @Option(help: "Noise words a true one; for negative sampling; by default 5.")
    var negative: Int?

    @Option(help: "Passes over the text; by default 5.")
    var epochs: Int?

    @Option(help: "Rarer words are left out; by default 5.")
    var minimumCount: Int?

    @Option(help: "Threshold above which frequent words are thinned out; 0 keeps them all; by default 0.001.")
    var sample: Double?

    @Option(help: "Learning rate at the start; by default 0.025.")
    var learningRate: Double?

    @Option(help: "The learning rate's way down: linear or cosine; by default linear.")
    var decay: DecayArgument?

    @Option(help: "End after an epoch whose mean loss is not below the last one's by this part of it, such as 0.01.")
    var minimumImprovement: Double?

    @Option(help: "Seed; with one thread the result depends on nothing else; by default 1.")
    var seed: UInt64?

    @Option(help: "A file to save to now and then; if it exists, training goes on from it. Removed at the end.")
    var checkpoint: String?

    @Option(help: "Minutes from one saving to the next.")
    var checkpointMinutes = 10.0

    @Option(help: "Also write all that is needed to go on with more text, about twice the vectors.")
    var state: String?

    @Option(
        name: .customLong("continue"),
        help: """
            Go on from what --state wrote: its words stay, new ones of this text are added, and options that are not given \
            are those of that training.
            """
    )
    var continued: String?

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        // A week; far beyond what a duration holds there would be no telling.
        guard (0...10_080).contains(checkpointMinutes) else {
            throw ValidationError("--checkpoint-minutes \(checkpointMinutes) is outside 0...10080")
        }
        try checkArguments { try configuration(from: Word2VecConfiguration()).check() }
    }

    /// A configuration with what the options say in place of what it had.
    private func configuration(from base: Word2VecConfiguration) -> Word2VecConfiguration {
        var configuration = base
        if let architecture { configuration.architecture = architecture == .skipGram ? .skipGram : .cbow }
        switch (loss, configuration.loss) {
        case (.hierarchicalSoftmax?, _): configuration.loss = .hierarchicalSoftmax
        case (.negativeSampling?, .hierarchicalSoftmax): configuration.loss = .negativeSampling()
        case (.negativeSampling?, .negativeSampling), (nil, _): break
        }
        if let negative, case .negativeSampling(_, let exponent) = configuration.loss {
            configuration.loss = .negativeSampling(negatives: negative, exponent: exponent)
        }
        if let dimension { configuration.dimension = dimension }
        if let window { configuration.window = window }
        if let epochs { configuration.epochs = epochs }
        if let minimumCount { configuration.minimumCount = minimumCount }
        if let sample { configuration.sample = sample }
        if let learningRate { configuration.learningRate = learningRate }
        // The rate falls to this; where it starts lower, it stays.
        configuration.minimumLearningRate = min(configuration.minimumLearningRate, configuration.learningRate)
        if let decay { configuration.decay = decay == .linear ? .linear : .cosine }
        if let minimumImprovement { configuration.minimumImprovement = minimumImprovement }
        if let seed { configuration.seed = seed }
        configuration.threads = threads.limit
        return configuration
    }

    enum DecayArgument: String, ExpressibleByArgument, CaseIterable {
        case linear, cosine
    }

    enum ArchitectureArgument: String, ExpressibleByArgument, CaseIterable {
        case skipGram = "skip-gram"
        case cbow
    }

    enum LossArgument: String, ExpressibleByArgument, CaseIterable {
        case negativeSampling = "negative-sampling"
        case hierarchicalSoftmax = "hierarchical-softmax"
    }

    private struct Figures: Encodable {
        var dimension: Int
        var vocabulary: Int
        var tokens: Int
        var trainSeconds: Double
        var wordsPerSecond: Double
        var loss: Double
        var peakBytes: Int
    }

    func run() throws {
        let source = try Corpus(contentsOf: corpus.map(fileURL))
        let destination = try outputURL(output, extensions: ["bin", "vec", "txt"])
        let stateDestination = try state.map { try outputURL($0) }
        if let checkpoint { _ = try outputURL(checkpoint) }
        let old = try continued.map { try TrainingState(contentsOf: fileURL($0)) }
        let configuration = configuration(from: old?.configuration ?? Word2VecConfiguration())
        var trainer = Word2VecTrainer(configuration)
        trainer.keepsState = state != nil
        trainer.checkpoint = try checkpoint.map {
            Checkpoint(at: try fileURL($0), every: .seconds(checkpointMinutes * 60))
        }
        let bar = ProgressBar("training")
        var reported: VectorError?
        let model = try trainer.train(on: source, continuing: old) { progress in
            if let failure = progress.checkpointFailure, failure != reported {
                warn("no checkpoint was written: \(failure)")
            }
            reported = progress.checkpointFailure
            bar.update(
                progress.fraction,
                note: "epoch \(progress.epoch)/\(progress.epochs), "
                    + "\((progress.wordsPerSecond / 1000).formatted(decimals: 0))k words/s, "
                    + "loss \(progress.meanLoss.formatted(decimals: 3))"
            )
        }
        bar.finish(
            "\(model.vectors.count) words, \((model.wordsPerSecond / 1000).formatted(decimals: 0))k words/s"
                + (model.losses.count < configuration.epochs
                    ? ", ended after epoch \(model.losses.count) of \(configuration.epochs)" : "")
        )
        try model.vectors.write(to: destination)
        if let stateDestination { try model.state?.write(to: stateDestination) }
        try trainer.checkpoint?.remove()
        try outputs.report(
            Figures(
                dimension: model.vectors.dimension,
                vocabulary: model.vectors.count,
                tokens: model.vocabulary.corpusTotal,
                trainSeconds: model.seconds,
                wordsPerSecond: model.wordsPerSecond,
                loss: model.losses.last { $0.isFinite } ?? 0,
                peakBytes: peakMemory
            ),
            lines: ["\(model.vectors.count) vectors of dimension \(model.vectors.dimension) are in \(output)"]
        )
    }
}

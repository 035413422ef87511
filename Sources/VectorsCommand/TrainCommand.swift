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

    @Option(help: "The learning rate's way down: linear or cosine.")
    var decay = DecayArgument.linear

    @Option(help: "End after an epoch whose mean loss is not below the last one's by this part of it, such as 0.01.")
    var minimumImprovement: Double?

    @Option(help: "Seed; with one thread the result depends on nothing else.")
    var seed: UInt64 = 1

    @Option(help: "A file to save to now and then; if it exists, training goes on from it. Removed at the end.")
    var checkpoint: String?

    @Option(help: "Minutes from one saving to the next.")
    var checkpointMinutes = 10.0

    @Option(help: "Also write all that is needed to go on with more text, about twice the vectors.")
    var state: String?

    @Option(
        name: .customLong("continue"),
        help: "Go on from what --state wrote: its words stay, new ones of this text are added."
    )
    var continued: String?

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        // A week; far beyond what a duration holds there would be no telling.
        guard (0...10_080).contains(checkpointMinutes) else {
            throw ValidationError("--checkpoint-minutes \(checkpointMinutes) is outside 0...10080")
        }
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
        var vocabulary: Int
        var tokens: Int
        var trainSeconds: Double
        var wordsPerSecond: Double
        var loss: Double
        var peakBytes: Int
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
        configuration.decay = decay == .linear ? .linear : .cosine
        configuration.minimumImprovement = minimumImprovement
        configuration.threads = threads.limit
        configuration.seed = seed

        let source = try Corpus(contentsOf: corpus.map(fileURL))
        let destination = try outputURL(output, extensions: ["bin", "vec", "txt"])
        let stateDestination = try state.map { try outputURL($0) }
        var trainer = Word2VecTrainer(configuration)
        trainer.keepsState = state != nil
        trainer.checkpoint = try checkpoint.map {
            Checkpoint(at: try fileURL($0), every: .seconds(checkpointMinutes * 60))
        }
        let old = try continued.map { try TrainingState(contentsOf: fileURL($0)) }
        let bar = ProgressBar("training")
        var reported: Word2VecError?
        let model = try trainer.train(on: source, continuing: old) { progress in
            if let failure = progress.checkpointFailure, failure != reported {
                FileHandle.standardError.write(Data("warning: no checkpoint was written: \(failure)\n".utf8))
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
                + (model.losses.count < epochs ? ", ended after epoch \(model.losses.count) of \(epochs)" : "")
        )
        try model.vectors.write(to: destination)
        if let stateDestination { try model.state?.write(to: stateDestination) }
        try trainer.checkpoint?.remove()
        try outputs.report(
            Figures(
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

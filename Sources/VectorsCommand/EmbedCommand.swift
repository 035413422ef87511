import ArgumentParser
import Console
import Foundation
import SentenceEmbeddings
import Vectors

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turn texts into vectors by a pre-trained model of sentences."
    )

    @Argument(help: "The model's folder: config.json, model.safetensors, tokenizer.json or vocab.txt.")
    var model: String

    @Argument(help: "The texts, in UTF-8, one a line; an empty line is an empty text.")
    var texts: String

    @Option(help: "Where the vectors go: .npy, .fvecs.")
    var output: String

    @Option(help: "float32, or int8: faster, and a little less exact.")
    var precision = PrecisionArgument.float32

    @Option(help: "What goes before each text; by default what the model's settings say.")
    var prompt: String?

    @Option(help: "Texts that are handed to the model at once; by default all. The vectors don't depend on it.")
    var batch: Int?

    @Option(help: "How often to encode the texts: for measuring.")
    var rounds = 1

    @OptionGroup var threads: ThreadArguments
    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        try checkPositive(batch, "--batch")
        try checkPositive(rounds, "--rounds")
    }

    enum PrecisionArgument: String, ExpressibleByArgument, CaseIterable {
        case float32, int8
    }

    private struct Figures: Encodable {
        var texts: Int
        var dimension: Int
        var maximumTokens: Int
        var fingerprint: String
        var loadSeconds: Double
        /// Of the last round.
        var seconds: Double
        /// Of the fastest round.
        var textsPerSecond: Double
        var roundSeconds: [Double]
        var peakBytes: Int
    }

    func run() throws {
        let destination = try outputURL(output, extensions: ["npy", "fvecs"])
        let lines = try readLines(texts)
        let folder = try fileURL(model)
        let (encoder, loadSeconds) = try timed {
            try SentenceEncoder(contentsOf: folder, precision: precision == .float32 ? .float32 : .int8)
        }
        let size = batch ?? max(lines.count, 1)
        var vectors = try VectorMatrix([], dimension: encoder.dimension)
        var times: [Double] = []
        for round in 1...rounds {
            let bar = ProgressBar(rounds == 1 ? "encoding" : "encoding, round \(round)")
            var values: [Float] = []
            let (_, seconds) = try timed {
                for start in stride(from: 0, to: lines.count, by: size) {
                    let part = lines[start..<min(start + size, lines.count)]
                    let encoded = try encoder.encode(part, prompt: prompt, threads: threads.limit) { share in
                        bar.update((Double(start) + share * Double(part.count)) / Double(lines.count))
                    }
                    values += encoded.values
                }
            }
            times.append(seconds)
            vectors = try VectorMatrix(values, dimension: encoder.dimension)
            bar.finish("\(lines.count) texts, \((Double(lines.count) / seconds).formatted(decimals: 1)) texts/s")
        }
        try VectorFile.write(vectors, to: destination)
        try outputs.report(
            Figures(
                texts: lines.count,
                dimension: encoder.dimension,
                maximumTokens: encoder.maximumTokens,
                fingerprint: encoder.fingerprint,
                loadSeconds: loadSeconds,
                seconds: times[times.count - 1],
                textsPerSecond: Double(lines.count) / max(times.min() ?? 0, 1e-9),
                roundSeconds: times,
                peakBytes: peakMemory
            ),
            lines: ["\(vectors.count) vectors of dimension \(vectors.dimension) are in \(output)"]
        )
    }

    /// The lines of a text file, without their ends, be they LF or CR LF, and without a byte-order mark.
    private func readLines(_ path: String) throws -> [String] {
        let file = try InputFile(fileURL(path))
        var bytes = try file.bytes(0..<file.size)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return try lines.enumerated().map { number, line in
            let line = line.last == 0x0D ? line.dropLast() : line
            guard !line.contains(0), let text = String(validating: line, as: UTF8.self) else {
                throw DataError("'\(path)', line \(number + 1): this is no UTF-8, or has a NUL byte")
            }
            return text
        }
    }
}

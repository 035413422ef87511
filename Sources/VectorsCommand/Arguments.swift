import ArgumentParser
import Faiss
import Foundation
import Vectors
import Word2Vec

/// `--threads`, the same for every subcommand.
struct ThreadArguments: ParsableArguments {
    @Option(help: "Threads to use; by default as many as there are processors.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...ThreadLimit.maximum).contains(threads) {
            throw ValidationError("--threads \(threads) is outside 1...\(ThreadLimit.maximum)")
        }
    }

    var limit: ThreadLimit { threads.map { .threads($0) } ?? .automatic }
}

/// `--json`, the same for every subcommand.
struct OutputArguments: ParsableArguments {
    @Flag(help: "Make the last line of standard output a JSON object with the figures.")
    var json = false

    /// Prints figures: as JSON, or as lines for a person.
    func report(_ figures: some Encodable, lines: [String]) throws {
        guard json else {
            for line in lines { print(line) }
            return
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}

/// The metrics by their short names.
enum MetricArgument: String, ExpressibleByArgument, CaseIterable {
    case l2, ip, cosine

    var metric: Metric {
        switch self {
        case .l2: .squaredL2
        case .ip: .innerProduct
        case .cosine: .cosine
        }
    }
}

/// A path on the command line.
func fileURL(_ path: String) throws -> URL {
    guard !path.isEmpty else { throw ValidationError("a file name is empty") }
    return URL(filePath: path)
}

/// A path that will be written. Refused before the work, not after it, where it can't be or its extension is none of
/// those that the content may have.
func outputURL(_ path: String, extensions: [String] = []) throws -> URL {
    let url = try fileURL(path)
    guard extensions.isEmpty || extensions.contains(url.pathExtension.lowercased()) else {
        let names = extensions.map { ".\($0)" }.joined(separator: ", ")
        throw ValidationError("'\(path)' has none of the extensions \(names)")
    }
    // Opens a temporary file beside the destination, which goes away with the value.
    _ = try AtomicFile(replacing: url)
    return url
}

/// The vectors of a file of any kind that the package reads.
func readVectors(_ path: String) throws -> VectorMatrix { try readVectorsAndWords(path).vectors }

/// The vectors of a file of any kind that the package reads, and their words, if they are word vectors.
func readVectorsAndWords(_ path: String) throws -> (vectors: VectorMatrix, words: [String]?) {
    let url = try fileURL(path)
    switch url.pathExtension.lowercased() {
    case "bin", "vec", "txt", "gz":
        let model = try WordVectors(contentsOf: url)
        return (model.matrix, model.words)
    case "fvecs", "bvecs", "npy": return (try VectorFile.read(url), nil)
    default:
        throw ValidationError("'\(path)' has none of the extensions .fvecs, .bvecs, .npy, .bin, .vec, .txt, .gz")
    }
}

/// An index file of either format.
func readIndex(_ path: String) throws -> VectorIndex {
    let url = try fileURL(path)
    return try isFaissFile(url) ? VectorIndex(faissFile: url) : VectorIndex(contentsOf: url)
}

/// Whether a file is in Faiss's own format, which its extension says.
func isFaissFile(_ url: URL) -> Bool { url.pathExtension.lowercased() == "faiss" }

/// Runs and times some work.
func timed<Result>(_ work: () throws -> Result) rethrows -> (result: Result, seconds: Double) {
    let start = ContinuousClock.now
    let result = try work()
    return (result, (ContinuousClock.now - start) / .seconds(1))
}

/// What is wrong with the data that a command was given: one line, and exit code 1, where a mistake in the command's own
/// words is a `ValidationError` with its usage and exit code 64.
struct DataError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

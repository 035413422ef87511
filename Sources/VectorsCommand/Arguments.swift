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
    @Flag(help: "Make the last line of standard output a JSON object with the results.")
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

/// Refuses a number below 1, which no option that counts something may be.
func checkPositive(_ value: Int?, _ name: String) throws {
    if let value, value < 1 { throw ValidationError("\(name) \(value) is less than 1") }
}

/// Runs a check of the library's on what options say: its failure is a mistake in the command's own words.
func checkArguments(_ check: () throws -> Void) throws {
    do { try check() } catch { throw ValidationError("\(error)") }
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

/// A file of vectors of any kind that the package reads, whose header has been checked and whose content waits.
struct VectorInput {
    let path: String
    /// How many vectors there are; nil for word vectors, which have to be read for that.
    let count: Int?
    /// Their dimension; nil for word vectors whose first line doesn't say it.
    let dimension: Int?
    private let url: URL
    private let hasWords: Bool

    init(_ path: String) throws {
        self.path = path
        url = try fileURL(path)
        switch url.pathExtension.lowercased() {
        case "bin", "vec", "txt", "gz":
            hasWords = true
            count = nil
            dimension = try WordVectors.header(of: url)?.dimension
        case "fvecs", "bvecs", "npy":
            hasWords = false
            let shape = try VectorFile.shape(of: url)
            count = shape.count
            dimension = shape.dimension
        default:
            throw ValidationError("'\(path)' has none of the extensions .fvecs, .bvecs, .npy, .bin, .vec, .txt, .gz")
        }
    }

    /// Refuses vectors of another dimension, as far as it is known yet.
    func check(dimension expected: Int, of owner: String) throws {
        guard let dimension, dimension != expected else { return }
        throw DataError("'\(path)' has dimension \(dimension), \(owner) \(expected)")
    }

    /// Reads the vectors, and their words, if they are word vectors.
    func read() throws -> (vectors: VectorMatrix, words: [String]?) {
        guard hasWords else { return (try VectorFile.read(url), nil) }
        let model = try WordVectors(contentsOf: url)
        return (model.matrix, model.words)
    }
}

/// An index file of either format.
func readIndex(_ path: String) throws -> VectorIndex {
    let url = try fileURL(path)
    return try isFaissFile(url) ? VectorIndex(faissFile: url) : VectorIndex(contentsOf: url)
}

/// Whether a file is in Faiss's own format, which its extension says.
func isFaissFile(_ url: URL) -> Bool { url.pathExtension.lowercased() == "faiss" }

/// Says something beside the results, on standard error.
func warn(_ text: String) { FileHandle.standardError.write(Data("warning: \(text)\n".utf8)) }

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

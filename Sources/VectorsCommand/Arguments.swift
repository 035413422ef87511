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

/// `--lenient`, the same for every subcommand that reads word vectors.
struct LenientArguments: ParsableArguments {
    @Flag(help: "Leave out rows that can't be used, and say which, where otherwise the file is refused.")
    var lenient = false
}

/// `--restrict` and `--lenient`, the same for every subcommand that reads vectors to make something of them.
struct ReadingArguments: ParsableArguments {
    @Option(help: "Read the first N rows alone, of words the most frequent.")
    var restrict: Int?

    @OptionGroup var leniency: LenientArguments

    func validate() throws { try checkPositive(restrict, "--restrict") }

    var options: ReadingOptions { ReadingOptions(restrict: restrict, isLenient: leniency.lenient) }
}

/// How a file of vectors is read.
struct ReadingOptions {
    var restrict: Int?
    var isLenient = false

    /// Whether so many lines of a file beside the vectors go with so many rows. Of vectors that are not read to their end,
    /// the lines may go on, too.
    func allow(lines: Int, rows: Int) -> Bool { lines == rows || restrict != nil && lines > rows }

    /// Word vectors, and what was left out, which is said.
    func words(_ url: URL) throws -> (vectors: WordVectors, omitted: OmittedRows) {
        var omitted = OmittedRows()
        guard isLenient else { return (try WordVectors(contentsOf: url, limit: restrict), omitted) }
        let vectors = try WordVectors(contentsOf: url, limit: restrict, omitted: &omitted)
        if !omitted.isEmpty { warn("\(omitted); \(omitted.messages.joined(separator: "; "))") }
        return (vectors, omitted)
    }
}

/// A file of vectors of any kind that the package reads, whose header has been checked and whose content waits.
struct VectorInput {
    let path: String
    /// How many vectors will be read; nil for word vectors, which have to be read for that.
    let count: Int?
    /// Their dimension; nil for word vectors whose first line doesn't say it.
    let dimension: Int?
    private let url: URL
    private let hasWords: Bool
    private let reading: ReadingOptions

    init(_ path: String, _ reading: ReadingOptions = ReadingOptions()) throws {
        self.path = path
        self.reading = reading
        url = try fileURL(path)
        switch url.pathExtension.lowercased() {
        case "bin", "vec", "txt", "gz":
            hasWords = true
            count = nil
            dimension = try WordVectors.header(of: url)?.dimension
        case "fvecs", "bvecs", "npy":
            hasWords = false
            let shape = try VectorFile.shape(of: url)
            count = min(shape.count, reading.restrict ?? .max)
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

    /// The vectors, and their words, if they are word vectors.
    struct Content {
        var vectors: VectorMatrix
        var words: [String]?
        /// The rows of the file that were left out, ascending.
        var omitted: [Int] = []

        /// How many rows of the file were looked at.
        var rowCount: Int { vectors.count + omitted.count }

        /// The row of the file that each vector was.
        var rows: [Int] {
            guard !omitted.isEmpty else { return Array(0..<vectors.count) }
            let gone = Set(omitted)
            return (0..<rowCount).filter { !gone.contains($0) }
        }
    }

    /// Reads the vectors. Where the metric is the cosine, a lenient reading leaves zero vectors out, which have no
    /// direction.
    func read(for metric: Metric = .squaredL2) throws -> Content {
        var content: Content
        if hasWords {
            let (model, omitted) = try reading.words(url)
            content = Content(vectors: model.matrix, words: model.words, omitted: omitted.rows)
        } else {
            content = Content(vectors: try VectorFile.read(url, limit: reading.restrict))
        }
        guard reading.isLenient, metric == .cosine else { return content }
        let kept = (0..<content.vectors.count).filter { row in content.vectors[row].contains { $0 != 0 } }
        guard kept.count < content.vectors.count else { return content }
        let rows = content.rows
        let zero = Set(0..<content.vectors.count).subtracting(kept).map { rows[$0] }.sorted()
        warn("\(zero.count) zero vectors are left out, the first in row \(zero[0]); rows count from 0")
        content.omitted = (content.omitted + zero).sorted()
        content.vectors = content.vectors.gathering(kept)
        content.words = content.words.map { words in kept.map { words[$0] } }
        return content
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

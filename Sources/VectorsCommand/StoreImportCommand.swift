import ArgumentParser
import Console
import Foundation
import VectorStorage
import Vectors
import Word2Vec

struct StoreImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Store the vectors of a file, in batches, and build the index.",
        discussion: """
            Keys are the words of word vectors, else the row numbers, unless --metadata names others: a file with a JSON \
            object a line, in the order of the vectors, each {"key": …, "metadata": {…}}, both optional.
            """
    )

    @OptionGroup var place: CollectionArguments

    @Argument(help: "Vectors or word vectors.")
    var input: String

    @Option(help: "Keys and metadata, JSON lines.")
    var metadata: String?

    @Option(help: "Rows a transaction.")
    var batch = 10_000

    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        if batch < 1 { throw ValidationError("--batch \(batch) is less than 1") }
    }

    private struct Figures: Encodable {
        var count: Int
        var importSeconds: Double
        var indexSeconds: Double
    }

    func run() async throws {
        let (vectors, words) = try readVectorsAndWords(input)
        let lines = try metadata.map { try readLines($0, count: vectors.count) }
        let figures = try await place.with(.readWrite) { collection in
            let bar = ProgressBar("storing")
            let start = ContinuousClock.now
            for first in stride(from: 0, to: vectors.count, by: batch) {
                let rows = (first..<min(first + batch, vectors.count)).map { row in
                    StoredVector(
                        key: VectorKey(lines?[row].key ?? words?[row] ?? String(row)),
                        vector: Array(vectors[row]),
                        metadata: lines?[row].metadata ?? [:]
                    )
                }
                try await collection.upsert(rows)
                bar.update(Double(first + rows.count) / Double(vectors.count))
            }
            let stored = ContinuousClock.now
            bar.finish("\(vectors.count) vectors")
            let indexing = ProgressBar("index")
            await collection.waitForIndex()
            indexing.finish(collection.statistics.indexDescription ?? "none needed")
            return Figures(
                count: collection.count,
                importSeconds: (stored - start).seconds,
                indexSeconds: (ContinuousClock.now - stored).seconds
            )
        }
        try outputs.report(figures, lines: ["the collection holds \(figures.count) vectors"])
    }

    private func readLines(_ path: String, count: Int) throws -> [RowLine] {
        let decoder = JSONDecoder()
        let lines = try String(contentsOf: fileURL(path), encoding: .utf8).split(separator: "\n").enumerated().map {
            guard let line = try? decoder.decode(RowLine.self, from: Data($1.utf8)) else {
                throw DataError(
                    "line \($0 + 1) of '\(path)' is no object with a key and metadata: \($1.prefix(80))"
                )
            }
            return line
        }
        guard lines.count == count else {
            throw DataError("'\(path)' has \(lines.count) lines for \(count) vectors")
        }
        return lines
    }
}

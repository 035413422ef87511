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
            object a line, in the order of the vectors, each {"key": …, "metadata": {…}}, both optional. At a row that \
            can't be stored the command ends and has stored all rows before it, unless --all-or-nothing is given; --skip \
            goes on behind them.

            With --text-field the input is such lines itself, and the vectors are made of a field of their metadata by the \
            model of the collection, which `create --model` has named.
            """
    )

    @OptionGroup var place: CollectionArguments

    @Argument(help: "Vectors or word vectors; JSON lines with --text-field.")
    var input: String

    @Option(help: "Keys and metadata, JSON lines.")
    var metadata: String?

    @Option(help: "The field that holds a row's text.")
    var textField: String?

    @OptionGroup var model: ModelArguments
    @OptionGroup var batches: BatchArguments
    @OptionGroup var reading: ReadingArguments

    @Option(help: "Leave out so many rows at the start, such as those that are stored already.")
    var skip = 0

    @Option(
        help:
            "MiB of memory that the collection may take; what has no place stays on the disk. By default all is in memory."
    )
    var memory: Int?

    @OptionGroup var outputs: OutputArguments

    func validate() throws {
        if let memory { try checkPositive(memory, "--memory") }
        if skip < 0 { throw ValidationError("--skip \(skip) is negative") }
        guard (textField == nil) == (model.model == nil) else {
            throw ValidationError("--text-field and --model go together")
        }
        if textField != nil, metadata != nil || batches.allOrNothing {
            throw ValidationError("--text-field does not go with --metadata or --all-or-nothing")
        }
    }

    private struct Figures: Encodable {
        var stored: Int
        var count: Int
        /// Rows of the file that were left out.
        var omitted: Int
        var importSeconds: Double
        var indexSeconds: Double
    }

    func run() async throws {
        let figures: Figures
        if let textField {
            figures = try await importTexts(textField)
        } else {
            figures = try await importVectors()
        }
        try outputs.report(figures, lines: ["the collection holds \(figures.count) vectors"])
    }

    private var memoryLimit: CommandStore.Memory { .limit(memory.map { min($0, 1 << 40) << 20 }) }

    private func importTexts(_ field: String) async throws -> Figures {
        let encoder = try model.encoder(for: "--text-field")
        let texts = TextImport(path: input, field: field, skip: skip, batch: min(batches.batch, 1000))
        return try await withStore(place.store, .readWrite, memory: memoryLimit) { store in
            let collection = try await store.textCollection(place.collection, embedder: encoder)
            let start = ContinuousClock.now
            let count = try await texts.run(into: collection)
            let stored = ContinuousClock.now
            await collection.vectors.waitForIndex()
            return Figures(
                stored: count,
                count: try await collection.count(),
                omitted: 0,
                importSeconds: (stored - start).seconds,
                indexSeconds: (ContinuousClock.now - stored).seconds
            )
        }
    }

    private func importVectors() async throws -> Figures {
        let input = try VectorInput(input, reading.options)
        let lines = try metadata.map { TextLines(try ByteStream(fileURL($0))) }
        return try await place.with(.readWrite, memory: memoryLimit) { collection in
            try input.check(dimension: collection.dimension, of: "the collection '\(collection.name)'")
            let descriptions = try lines.map { try readDescriptions($0, count: input.count) }
            let content = try input.read(for: collection.metric)
            let (vectors, rows) = (content.vectors, content.rows)
            if let descriptions { try check(descriptions.count, count: content.rowCount) }
            let keys = rows.enumerated().map { place, row in
                descriptions?[row].key ?? VectorKey(content.words?[place] ?? String(row))
            }
            let repeated = keys.count - Set(keys).count
            if repeated > 0 { warn("\(repeated) rows have a key that a later row has, too, which counts") }

            let bar = ProgressBar("storing")
            let start = ContinuousClock.now
            let batch = batches.allOrNothing ? max(vectors.count, 1) : batches.batch
            for first in stride(from: min(skip, vectors.count), to: vectors.count, by: batch) {
                let some = (first..<min(first + batch, vectors.count)).map { place in
                    StoredVector(
                        key: keys[place],
                        vector: Array(vectors[place]),
                        metadata: descriptions?[rows[place]].metadata ?? [:]
                    )
                }
                try await store(some, from: first, in: collection)
                bar.update(Double(first + some.count) / Double(vectors.count))
            }
            let stored = ContinuousClock.now
            bar.finish("\(vectors.count) vectors")
            if let local = collection as? VectorCollection {
                let indexing = ProgressBar("index")
                await local.waitForIndex()
                indexing.finish(local.statistics.indexDescription ?? "none needed")
            }
            return Figures(
                stored: max(vectors.count - skip, 0),
                count: try await collection.countAll(),
                omitted: content.omitted.count,
                importSeconds: (stored - start).seconds,
                indexSeconds: (ContinuousClock.now - stored).seconds
            )
        }
    }

    /// Stores rows, or those before the first that can't be, and then says which they were.
    private func store(_ rows: [StoredVector], from first: Int, in collection: some StoredCollection) async throws {
        do {
            try await collection.upsert(rows)
        } catch {
            let good = batches.allOrNothing ? 0 : rows.firstIndex { (try? collection.validate($0)) == nil } ?? 0
            if good > 0 { try? await collection.upsert(Array(rows[..<good])) }
            let end = first + good
            throw DataError(
                "row \(end) of '\(input)': \(error); "
                    + (end == skip
                        ? "nothing is stored"
                        : "the rows \(skip)..<\(end) are stored: --skip \(end) goes on from there")
            )
        }
    }

    private func check(_ lines: Int, count: Int) throws {
        guard reading.options.allow(lines: lines, rows: count) else {
            throw DataError("'\(metadata ?? "")' has \(lines) lines, '\(input)' \(count) vectors")
        }
    }

    private func readDescriptions(_ lines: TextLines, count: Int?) throws -> [RowLine] {
        var lines = lines
        var descriptions: [RowLine] = []
        while let line = try lines.nextFilled() {
            do {
                descriptions.append(try RowLine(parsing: line))
            } catch {
                throw DataError("line \(lines.number) of '\(metadata ?? "")', \(error)")
            }
        }
        if let count { try check(descriptions.count, count: count) }
        return descriptions
    }
}

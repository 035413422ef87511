import Console
import SentenceEmbeddings
import VectorStorage
import Word2Vec

/// Rows of a file of JSON lines, in whose metadata a field holds the text to be embedded.
struct TextImport {
    let path: String
    let field: String
    /// Lines to leave out at the start.
    let skip: Int
    let batch: Int

    /// Stores the texts, in batches, and returns how many.
    func run(into collection: TextCollection) async throws -> Int {
        var lines = TextLines(try ByteStream(fileURL(path)))
        let bar = ProgressBar("storing")
        var batch: [StoredText] = []
        var (read, stored) = (0, 0)
        func store() async throws {
            do {
                try await collection.upsert(batch)
            } catch {
                throw DataError(
                    "lines \(skip + stored + 1) to \(skip + stored + batch.count) of '\(path)': \(error); "
                        + "--skip \(skip + stored) goes on from there"
                )
            }
            stored += batch.count
            batch = []
            bar.update(0, note: "\(stored) texts")
        }
        while let bytes = try lines.nextFilled() {
            read += 1
            if read <= skip { continue }
            batch.append(try text(bytes, number: read))
            if batch.count == self.batch { try await store() }
        }
        try await store()
        bar.finish("\(stored) texts")
        return stored
    }

    private func text(_ line: ArraySlice<UInt8>, number: Int) throws -> StoredText {
        do {
            let row = try RowLine(parsing: line)
            var metadata = row.metadata ?? [:]
            guard case .string(let text) = metadata.removeValue(forKey: field) else {
                throw DataError("its metadata have no text in '\(field)'")
            }
            return StoredText(key: row.key ?? VectorKey(String(number - 1)), text: text, metadata: metadata)
        } catch {
            throw DataError("line \(number) of '\(path)', \(error)")
        }
    }
}

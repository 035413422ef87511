public import Vectors

public import struct Foundation.URL

extension WordVectors {
    /// Writes the two files that TensorFlow's Embedding Projector loads, <https://projector.tensorflow.org>: the
    /// vectors, a row a line with tabs between the numbers, and beside them what to show of each.
    ///
    /// Each file is written whole or not at all. Numbers keep every bit.
    ///
    /// - Parameters:
    ///   - vectors: the file of vectors, by convention `vectors.tsv`.
    ///   - metadata: the file of words, by convention `metadata.tsv`: a word a line; with `columns` a heading, and a
    ///     column for each, by which the projector can colour points.
    ///   - columns: more about each word by its name, such as its cluster; as many values as there are words.
    ///   - restrict: write only so many words from the start, the most frequent; nil writes all. The projector becomes
    ///     slow beyond some 10,000.
    /// - Throws: `VectorError` with code `inputOutput`, or `invalidArgument` for a `restrict` below 1, a column with
    ///   more or fewer values than there are words, or a tab or a line's end in a word, name or value.
    public func writeProjectorFiles(
        vectors: URL,
        metadata: URL,
        columns: KeyValuePairs<String, [String]> = [:],
        restrict: Int? = nil
    ) throws(VectorError) {
        let limit = try limit(restrict)
        for (name, values) in columns where values.count != count {
            throw VectorError(
                .invalidArgument,
                "the column '\(name.prefix(40))' has \(values.count) values for \(count) words"
            )
        }
        var lines: [[String]] = columns.isEmpty ? [] : [["word"] + columns.map(\.key)]
        for row in 0..<limit { lines.append([words[row]] + columns.map { $0.value[row] }) }
        for field in lines.joined() where field.utf8.contains(where: { [0x09, 0x0A, 0x0D].contains($0) }) {
            throw VectorError(
                .invalidArgument,
                "'\(field.prefix(40))' holds a tab or a line's end, which separate the fields of the projector's files"
            )
        }
        let (vectorFile, metadataFile) = (try AtomicFile(replacing: vectors), try AtomicFile(replacing: metadata))
        for row in 0..<limit {
            try vectorFile.write(matrix[row].map(\.description).joined(separator: "\t") + "\n")
        }
        for line in lines { try metadataFile.write(line.joined(separator: "\t") + "\n") }
        try vectorFile.commit()
        try metadataFile.commit()
    }
    /// As `writeProjectorFiles(vectors:metadata:columns:restrict:)`, off the cooperative pool.
    public func writeProjectorFiles(
        vectors: URL,
        metadata: URL,
        columns: KeyValuePairs<String, [String]> = [:],
        restrict: Int? = nil
    ) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in
            try writeProjectorFiles(vectors: vectors, metadata: metadata, columns: columns, restrict: restrict)
        }
    }
}

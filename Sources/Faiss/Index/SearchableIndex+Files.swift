public import Foundation
public import Vectors

extension SearchableIndex {
    /// Writes the index to a file that `init(contentsOf:)` reads: Faiss's own data in an envelope with the ids,
    /// the metric and checksums.
    ///
    /// The file is there whole or not at all, and on the disk when the call returns; until then a file of this name
    /// stays as it was. Searches go on meanwhile.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `notTrained`, `damaged`.
    public func write(to url: URL) throws(VectorError) { try core.write(to: url) }

    /// As the blocking `write`, off the cooperative pool.
    public func write(to url: URL) async throws(VectorError) {
        try await runWatched { [core] _ throws(VectorError) in try core.write(to: url) }
    }

    /// Reads an index that `write(to:)` wrote. Every byte is verified before Faiss sees the first.
    ///
    /// Memory: the file and the index at the same time, for as long as it takes.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `tooLarge`, `unsupported` (numbers instead of
    ///   bits, or bits instead of numbers).
    public init(contentsOf url: URL) throws(VectorError) {
        self.init(try IndexCore(envelope: url, areBits: Vectors.areBits))
    }

    /// As the blocking `init(contentsOf:)`, off the cooperative pool.
    public init(contentsOf url: URL) async throws(VectorError) {
        self.init(
            try await runWatched { _ throws(VectorError) in try IndexCore(envelope: url, areBits: Vectors.areBits) }
        )
    }

    /// Writes the index in Faiss's own format, for Faiss in other languages. Ids other than 0, 1, 2, … are kept in an
    /// `IndexIDMap2` or `IndexBinaryIDMap2`; cosine becomes inner product over normalised vectors.
    ///
    /// The format has no checksum: use `write(to:)` for files of your own. As there, the file is there whole
    /// or not at all.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `notTrained`, `damaged`, or `unsupported` for an index with hidden
    ///   vectors, which the format can't mark.
    public func writeFaissFile(to url: URL) throws(VectorError) { try core.writeFaissFile(to: url) }

    /// As the blocking `writeFaissFile`, off the cooperative pool.
    public func writeFaissFile(to url: URL) async throws(VectorError) {
        try await runWatched { [core] _ throws(VectorError) in try core.writeFaissFile(to: url) }
    }

    /// Reads an index in Faiss's own format, such as `faiss.write_index` or `faiss.write_index_binary` of Python's Faiss
    /// makes.
    ///
    /// What the builders of ``IndexDescription`` make can be read, with squared L2 or inner product, and `IndexIDMap` or
    /// `IndexIDMap2` around it; some other types become what is nearest to them, see <doc:FileFormats>. Of indexes over bits
    /// these are `IndexBinaryFlat`, `IndexBinaryIVF` and `IndexBinaryHNSW`. What can't be read is refused by Faiss's name
    /// for it. The structure of the file is verified before Faiss sees it, but the format has no checksum: a wrong number
    /// among the vectors goes unnoticed.
    ///
    /// - Throws: `VectorError` with code `inputOutput`, `invalidFormat`, `unsupported`, `tooLarge`.
    public init(faissFile url: URL) throws(VectorError) {
        self.init(try IndexCore(faissFile: url, areBits: Vectors.areBits))
    }

    /// As the blocking `init(faissFile:)`, off the cooperative pool.
    public init(faissFile url: URL) async throws(VectorError) {
        self.init(
            try await runWatched { _ throws(VectorError) in try IndexCore(faissFile: url, areBits: Vectors.areBits) }
        )
    }
}

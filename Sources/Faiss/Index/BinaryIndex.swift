public import Vectors

/// An index over binary vectors: give it vectors under ids, ask it for those that differ from a query in the fewest bits.
///
/// ```swift
/// let index = try BinaryIndex(.flat, dimension: 256)
/// try index.add(BinaryMatrix(signsOf: vectors))
/// let hits = try index.search(BinaryMatrix(signsOf: queries), k: 10)
/// ```
///
/// All calls are those of ``VectorIndex``, with bytes of eight bits in place of numbers. A neighbour's distance is
/// the Hamming distance, the number of different bits, always whole. Many vectors are equally far: of these, the ones
/// with the smallest ids are found, but for a graph, where it is those that it meets.
///
/// | builder | Faiss | answers | memory a vector of d bits | training |
/// |---|---|---|---|---|
/// | ``IndexDescription/flat`` | `IndexBinaryFlat` | exact | d / 8 | no |
/// | ``IndexDescription/ivfFlat(lists:)`` | `IndexBinaryIVF` | exact within the lists it visits | d / 8 + 8 | yes |
/// | ``IndexDescription/hnsw(neighbors:efConstruction:)`` | `IndexBinaryHNSW` | approximate | d / 8 + about 8 neighbors | no |
///
/// Graphs can't search within a distance, and hide removed vectors, which keep their memory.
public final class BinaryIndex: IndexStorage, SearchableIndex, @unchecked Sendable {
    /// The vectors that it holds.
    public typealias Vectors = BinaryMatrix

    /// Makes an empty index.
    ///
    /// - Parameters:
    ///   - description: ``IndexDescription/flat``, ``IndexDescription/ivfFlat(lists:)`` or
    ///     ``IndexDescription/hnsw(neighbors:efConstruction:)``.
    ///   - dimension: the bits of every vector, a multiple of 8 in 8…65,536.
    /// - Throws: `invalidArgument` if the description can't work for this dimension,
    ///   `unsupported` for any other builder.
    public convenience init(_ description: IndexDescription = .flat, dimension: Int) throws(VectorError) {
        self.init(try IndexCore(description, dimension: dimension, kind: .bits))
    }
}

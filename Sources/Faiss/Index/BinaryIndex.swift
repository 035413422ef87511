import Vectors

/// An index over binary vectors: give it vectors under ids, ask it for those that differ from a query in the fewest bits.
///
/// ```swift
/// let index = try BinaryIndex(.flat, dimension: 256)
/// try index.add(BinaryMatrix(signsOf: vectors))
/// let hits = try index.search(BinaryMatrix(signsOf: queries), k: 10)
/// ```
///
/// All is as in ``VectorIndex``: ids, options, filters, removal, files, threads, and errors. A neighbour's distance is
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
public final class BinaryIndex: Sendable {
    /// The bits of every vector.
    public let dimension: Int

    typealias State = IndexState<NativeBinaryIndex>

    let state: ReadWriteLocked<State>

    /// Makes an empty index.
    ///
    /// - Parameters:
    ///   - description: ``IndexDescription/flat``, ``IndexDescription/ivfFlat(lists:)`` or
    ///     ``IndexDescription/hnsw(neighbors:efConstruction:)``.
    ///   - dimension: the bits of every vector, a multiple of 8 in 8…65,536.
    /// - Throws: ``FaissError/Code/invalidArgument`` if the description can't work for this dimension,
    ///   ``FaissError/Code/unsupported`` for any other builder.
    public init(_ description: IndexDescription = .flat, dimension: Int) throws(FaissError) {
        try withFaissError { try BinaryMatrix.check(dimension: dimension) }
        guard description.holdsBits else {
            throw FaissError(.unsupported, "\(description) can't hold binary vectors: only flat, ivfFlat and hnsw can")
        }
        try description.validate(dimension: dimension)
        var state = State(description: description)
        if !description.needsTraining { state.native = try NativeBinaryIndex(description, dimension: dimension) }
        self.dimension = dimension
        self.state = ReadWriteLocked(state)
    }

    /// An index that has been read from a file.
    init(_ contents: Contents) {
        dimension = contents.dimension
        state = contents.state
    }

    /// The kind of index. ``IndexDescription/ListCount/automatic`` becomes a number when the index is trained.
    public var indexDescription: IndexDescription { state.read { $0.description } }

    /// The number of vectors that a search can find.
    public var count: Int { state.read { $0.ids.count } }

    /// Whether vectors can be added.
    public var isTrained: Bool { state.read { $0.native != nil } }

    /// The ids of all vectors, in the order of their addition unless some were removed or the index came from a file.
    ///
    /// Complexity: O(count) time and memory.
    public var ids: [Int64] { state.read { $0.ids.ids } }

    /// Whether a vector has this id.
    ///
    /// Complexity: O(log count) or better.
    public func contains(_ id: Int64) -> Bool { state.read { $0.ids.position(of: id) != nil } }

    /// The bytes of memory that the vectors, lists and links take; ids outside of inverted lists come on top, as in
    /// ``VectorIndex/memorySize``.
    public var memorySize: Int {
        state.read { state in
            switch state.native {
            // Asking for the shape of a live index can't fail.
            case .some(let native): (try? native.shape().bytes) ?? 0
            case .none: 0
            }
        }
    }

    func check(_ vectors: BinaryMatrix) throws(FaissError) {
        guard vectors.dimension == dimension else {
            throw FaissError(
                .dimensionMismatch,
                "vectors of \(vectors.dimension) bits don't fit an index of \(dimension)"
            )
        }
    }
}

extension BinaryIndex: CustomStringConvertible {
    /// The kind and the size, such as "flat, 256 bits, 5000 vectors".
    public var description: String {
        "\(indexDescription), \(dimension) bits, " + (isTrained ? "\(count) vectors" : "not trained")
    }
}

extension IndexDescription {
    /// Whether binary vectors can be held so.
    fileprivate var holdsBits: Bool {
        switch kind {
        case .flat, .hnsw: true
        case .ivf(_, let storing): storing == .flat
        default: false
        }
    }
}

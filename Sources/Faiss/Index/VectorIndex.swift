public import Vectors

/// An index over vectors: give it vectors under ids, ask it for the nearest ones.
///
/// ```swift
/// let index = try VectorIndex(.ivfPQ(lists: 1024, subquantizers: 16), dimension: 128, metric: .cosine)
/// try index.train(on: vectors)
/// try index.add(vectors)
/// let hits = try index.search(query, k: 10)
/// ```
///
/// The index is a shared object and safe to use from any thread: searches run side by side, whatever changes the index
/// runs alone and waits for the searches before it. Every call blocks until it is done; from an async function the
/// overloads marked `async` are taken instead, which work on threads outside Swift's cooperative pool and stop when
/// their task is cancelled.
///
/// How it is made: the state (a native index in the C++ core and the ids of its vectors) lives behind one
/// reader-writer lock. All arguments are checked here, before Faiss sees them, because Faiss answers wrong ones with
/// anything from an exception to a crash. Ids are this layer's own: Faiss numbers vectors by position, except in
/// inverted lists, which store the ids themselves.
public final class VectorIndex: Sendable {
    /// The length of every vector.
    public let dimension: Int
    /// How nearness is measured.
    public let metric: Metric

    typealias State = IndexState<NativeIndex>

    let state: ReadWriteLocked<State>
    /// The largest magnitude of a component that the kind of index can store.
    private let storableMagnitude: Float
    /// The same of a query.
    private let queryMagnitude: Float

    /// The largest magnitude of a component: beyond it squared distances would overflow single precision. Half-precision
    /// types store less: ``IndexDescription/maximumMagnitude(dimension:)``. Behind a whitening PCA the limit is a millionth
    /// of it, for queries, too.
    public static let maximumMagnitude: Float = 1e15

    /// Makes an empty index.
    ///
    /// - Parameters:
    ///   - description: the kind of index.
    ///   - dimension: the length of every vector, 1…65,536.
    ///   - metric: how nearness is measured.
    /// - Throws: ``FaissError/Code/invalidArgument`` if the description can't work for this dimension or metric,
    ///   ``FaissError/Code/tooLarge`` if its training would not fit in memory.
    public init(
        _ description: IndexDescription,
        dimension: Int,
        metric: Metric = .squaredL2
    ) throws(FaissError) {
        try description.validate(dimension: dimension)
        try description.validate(metric: metric)
        var state = State(description: description)
        if !description.needsTraining {
            state.native = try NativeIndex(description, dimension: dimension, metric: metric)
        }
        self.dimension = dimension
        self.metric = metric
        storableMagnitude = description.maximumMagnitude(dimension: dimension)
        queryMagnitude = description.maximumQueryMagnitude
        self.state = ReadWriteLocked(state)
    }

    /// An index that has been read from a file.
    init(_ contents: Contents) {
        dimension = contents.dimension
        metric = contents.metric
        state = contents.state
        let description = state.read { $0.description }
        storableMagnitude = description.maximumMagnitude(dimension: contents.dimension)
        queryMagnitude = description.maximumQueryMagnitude
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

    /// The bytes of memory that the vectors, codes, lists, tables and links take. Ids outside of inverted lists take
    /// up to 8 bytes more each, or a hash table's entry where they don't ascend.
    public var memorySize: Int {
        state.read { state in
            switch state.native {
            // Asking for the shape of a live index can't fail.
            case .some(let native): (try? native.shape().bytes) ?? 0
            case .none: 0
            }
        }
    }
}

extension VectorIndex: CustomStringConvertible {
    /// The kind, the metric, the size, such as "ivfFlat(lists: 64), 128 dimensions, cosine, 5000 vectors, 2.6 MB".
    public var description: String {
        let size = Double(memorySize)
        let memory =
            size < 1e6 ? "\((size / 1e3 * 10).rounded() / 10) kB" : "\((size / 1e6 * 10).rounded() / 10) MB"
        return "\(indexDescription), \(dimension) dimensions, \(metric), "
            + (isTrained ? "\(count) vectors, \(memory)" : "not trained")
    }
}

// MARK: - Checks that every call shares

extension VectorIndex {
    func checkDimension(_ other: Int) throws(FaissError) {
        guard other == dimension else {
            throw FaissError(.dimensionMismatch, "vectors of dimension \(other) don't fit an index of \(dimension)")
        }
    }

    /// Refuses values that Faiss would turn into wrong answers: NaN, infinities, overflowing magnitudes, and for
    /// cosine rows of zeros, which have no direction.
    ///
    /// - Parameter areStored: whether they must fit what the index stores as well.
    func checkValues(_ values: UnsafeBufferPointer<Float>, areStored: Bool) throws(FaissError) {
        // By cosine, what is stored has been normalised.
        let limit = metric == .cosine ? Self.maximumMagnitude : areStored ? storableMagnitude : queryMagnitude
        try checkFinite(values, dimension: dimension, limit: limit)
        guard metric == .cosine else { return }
        for row in 0..<values.count / dimension
        where values[row * dimension..<(row + 1) * dimension].allSatisfy({ $0 == 0 }) {
            throw FaissError(.invalidArgument, "row \(row) is all zeros: the cosine to it is not defined")
        }
    }

    /// The vectors as Faiss is to see them: as they are, or normalised for cosine.
    func withPrepared<Result>(
        _ values: UnsafeBufferPointer<Float>,
        _ body: (UnsafeBufferPointer<Float>) throws(FaissError) -> Result
    ) throws(FaissError) -> Result {
        guard metric == .cosine else { return try body(values) }
        var copy = Array(values)
        normalizeRows(&copy, dimension: dimension)
        return try copy.withUnsafeBufferPointer(body)
    }
}

/// Refuses NaN, infinities and magnitudes beyond the limit, naming the place.
func checkFinite(
    _ values: UnsafeBufferPointer<Float>,
    dimension: Int,
    limit largest: Float = VectorIndex.maximumMagnitude
) throws(FaissError) {
    guard let place = firstPlace(in: values, beyond: largest) else { return }
    throw FaissError(
        .notFinite,
        "the value \(values[place]) in row \(place / dimension), column \(place % dimension) is "
            + "not finite or larger than \(largest)"
    )
}

/// The place of the first value that is not finite or whose magnitude is larger than the limit.
package func firstPlace(
    in values: UnsafeBufferPointer<Float>,
    beyond largest: Float = VectorIndex.maximumMagnitude
) -> Int? {
    // On the bits, where NaN and infinity are larger than any finite magnitude, in a loop without a branch.
    let limit = largest.bitPattern
    var excess: UInt32 = 0
    for value in values {
        let magnitude = value.bitPattern & 0x7FFF_FFFF
        excess |= magnitude > limit ? 1 : 0
    }
    return excess == 0 ? nil : values.firstIndex { !($0.magnitude <= largest) }
}

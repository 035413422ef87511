import Vectors

/// What an index is inside: its state behind a lock, and the checks that protect Faiss. Vectors come as bytes, row after
/// row, so that all of this is written once for numbers and bits.
struct IndexCore: Sendable {
    let dimension: Int
    let kind: VectorKind
    let state: ReadWriteLocked<IndexState>
    /// The largest magnitude of a component that the kind of index can store.
    private let storableMagnitude: Float
    /// The same of a query.
    private let queryMagnitude: Float

    init(_ state: consuming IndexState, dimension: Int, kind: VectorKind) {
        storableMagnitude = state.description.maximumMagnitude(dimension: dimension)
        queryMagnitude = state.description.maximumQueryMagnitude
        self.dimension = dimension
        self.kind = kind
        self.state = ReadWriteLocked(state)
    }

    /// An empty index.
    init(_ description: IndexDescription, dimension: Int, kind: VectorKind) throws(VectorError) {
        try kind.validate(description, dimension: dimension)
        var state = IndexState(description: description)
        if !description.needsTraining {
            state.native = try NativeIndex(description, dimension: dimension, kind: kind)
        }
        self.init(state, dimension: dimension, kind: kind)
    }

    /// The bytes of a vector.
    var rowBytes: Int { kind.rowBytes(dimension) }

    /// A vector as vectors.
    func matrix<Vectors: IndexableVectors>(of vector: some Collection<Vectors.Component>) throws(VectorError) -> Vectors
    {
        try check(vector)
        return try Vectors(Array(vector), dimension: dimension)
    }

    // MARK: Checks

    func check<Component>(_ vector: some Collection<Component>) throws(VectorError) {
        try checkDimension(vector.count * MemoryLayout<Component>.stride * dimension / rowBytes)
    }

    func checkDimension(_ other: Int) throws(VectorError) {
        guard other == dimension else {
            throw VectorError(.dimensionMismatch, "\(kind.vectors(other)) don't fit an index of \(dimension)")
        }
    }

    /// Refuses values that Faiss would turn into wrong answers: NaN, infinities, overflowing magnitudes, and for
    /// cosine rows of zeros, which have no direction.
    ///
    /// - Parameter areStored: whether they must fit what the index stores as well.
    private func checkValues(_ vectors: UnsafeRawBufferPointer, areStored: Bool) throws(VectorError) {
        guard let metric = kind.metric else { return }
        let values = vectors.assumingMemoryBound(to: Float.self)
        // By cosine, what is stored has been normalised.
        let limit =
            metric == .cosine ? VectorIndex.maximumMagnitude : areStored ? storableMagnitude : queryMagnitude
        try checkFinite(values, dimension: dimension, limit: limit)
        guard metric == .cosine else { return }
        for row in 0..<values.count / dimension
        where values[row * dimension..<(row + 1) * dimension].allSatisfy({ $0 == 0 }) {
            throw VectorError(.invalidArgument, "row \(row) is all zeros: the cosine to it is not defined")
        }
    }

    /// Calls `body` with the bytes of vectors that have passed all checks.
    func withChecked<Vectors: IndexableVectors, Result>(
        _ vectors: Vectors,
        areStored: Bool,
        _ body: (UnsafeRawBufferPointer) throws(VectorError) -> Result
    ) throws(VectorError) -> Result {
        try checkDimension(vectors.dimension)
        return try withChecked(vectors.components, areStored: areStored, body)
    }

    func withChecked<Component, Result>(
        _ components: [Component],
        areStored: Bool,
        _ body: (UnsafeRawBufferPointer) throws(VectorError) -> Result
    ) throws(VectorError) -> Result {
        try components.withUnsafeBufferPointer { components throws(VectorError) in
            let bytes = UnsafeRawBufferPointer(components)
            try checkValues(bytes, areStored: areStored)
            return try body(bytes)
        }
    }

    /// Calls `body` with rows as Faiss is to see them: as they are, or normalised for cosine.
    func withPrepared<Result>(
        _ rows: Range<Int>,
        of vectors: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(VectorError) -> Result
    ) throws(VectorError) -> Result {
        let slice = vectors[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]
        let bytes = UnsafeRawBufferPointer(rebasing: slice)
        guard case .numbers(.cosine) = kind else { return try body(bytes) }
        var copy = Array(bytes.assumingMemoryBound(to: Float.self))
        normalizeRows(&copy, dimension: dimension)
        return try copy.withUnsafeBufferPointer { values throws(VectorError) in
            try body(UnsafeRawBufferPointer(values))
        }
    }
}

public import Vectors

extension SearchableIndex {
    /// Takes in all vectors of another index, under their ids. Faiss: `merge_from`, which empties the other index; here
    /// it stays as it is.
    ///
    /// A ``VectorIndex`` takes in codes without decoding and encoding them. Both must have been trained the same, to the bit:
    /// train one, and `copy()` it as often as there are parts to be filled; or use a type that needs no training. The
    /// result is the same as if all vectors had been added to one index. What `pca`, `opq` and other builders nest is
    /// merged with them; a graph is not. A ``BinaryIndex``, which keeps vectors as they are, takes in any other.
    ///
    /// All or nothing: if the call throws, nothing was taken in; where memory runs out in the middle of it, the index is
    /// `damaged`, as after an `add`. Searches of both go on but for the moments in which the vectors are copied. The other
    /// index's codes are in memory once more until the call returns.
    ///
    /// Complexity: O(count of both).
    ///
    /// - Parameter other: an index of the same dimension that has none of this index's ids; over numbers of the same kind,
    ///   metric and training, too.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `invalidArgument` (another kind, metric or training, with
    ///   the part that differs), `duplicateID`, `unsupported` (HNSW), `notTrained`, `tooLarge`, `damaged`.
    public func merge(_ other: Self) throws(VectorError) { try merge(other, watch: Watch()) }

    /// As the blocking `merge`, off the cooperative pool.
    public func merge(_ other: Self) async throws(VectorError) {
        try await runWatched { watch throws(VectorError) in try self.merge(other, watch: watch) }
    }

    private func merge(_ other: Self, watch: Watch) throws(VectorError) {
        guard Vectors.areBits else { return try core.merge(other.core) }
        try core.checkMerging(other.core)
        let ids = other.ids
        try core.add(other.reconstruct(ids), under: .given(ids), threads: .automatic, watch: watch)
    }

    /// An index of its own with the same vectors and training. Faiss: `clone_index`.
    ///
    /// Searches go on meanwhile; changes wait. Until the call returns, the vectors are in memory three times.
    ///
    /// Complexity: O(count).
    ///
    /// - Throws: `VectorError` with code `tooLarge`, `damaged`.
    public func copy() throws(VectorError) -> Self { try Self(core.copy()) }

    /// As the blocking `copy`, off the cooperative pool.
    public func copy() async throws(VectorError) -> Self {
        Self(try await runWatched { [core] _ throws(VectorError) in try core.copy() })
    }
}

/// The calls that ``VectorIndex`` and ``BinaryIndex`` share; no other type can conform.
///
/// An index is a shared object and safe to use from any thread: searches run side by side, whatever changes the index
/// runs alone and waits for the searches before it. Every call blocks until it is done; from an async function the
/// overloads marked `async` are taken instead, which work on threads outside Swift's cooperative pool and stop when
/// their task is cancelled.
public protocol SearchableIndex: IndexStorage, CustomStringConvertible {
    /// The vectors that it holds: `VectorMatrix` or `BinaryMatrix`.
    associatedtype Vectors: IndexableVectors
}

extension SearchableIndex {
    /// The numbers or bits of every vector.
    public var dimension: Int { core.dimension }

    /// The kind of index. ``IndexDescription/ListCount/automatic`` becomes a number when the index is trained.
    public var indexDescription: IndexDescription { core.state.read { $0.description } }

    /// The number of vectors that a search can find.
    public var count: Int { core.state.read { $0.ids.count } }

    /// Whether vectors can be added.
    public var isTrained: Bool { core.state.read { $0.native != nil } }

    /// The ids of all vectors, in the order of their addition unless some were removed or the index came from a file.
    ///
    /// Complexity: O(count) time and memory.
    public var ids: [Int64] { core.state.read { $0.ids.ids } }

    /// Whether a vector has this id.
    ///
    /// Complexity: O(log count) or better.
    public func contains(_ id: Int64) -> Bool { core.state.read { $0.ids.position(of: id) != nil } }

    /// The bytes of memory that the vectors, codes, lists, tables and links take. Ids outside of inverted lists take
    /// up to 8 bytes more each, or a hash table's entry where they don't ascend.
    public var memorySize: Int {
        core.state.read { state in
            switch state.native {
            // Asking for the shape of a live index can't fail.
            case .some(let native): (try? native.shape().bytes) ?? 0
            case .none: 0
            }
        }
    }

    /// The kind, the metric, the size, such as "ivfFlat(lists: 64), 128 dimensions, cosine, 5000 vectors, 2.6 MB", or
    /// "flat, 256 bits, 5000 vectors, 160.0 kB".
    public var description: String {
        let size = Double(memorySize)
        let memory =
            size < 1e6 ? "\((size / 1e3 * 10).rounded() / 10) kB" : "\((size / 1e6 * 10).rounded() / 10) MB"
        let vectors = core.kind.metric.map { "\(dimension) dimensions, \($0)" } ?? "\(dimension) bits"
        return "\(indexDescription), \(vectors), " + (isTrained ? "\(count) vectors, \(memory)" : "not trained")
    }
}

public import Vectors

/// What a copy of a collection's rows into another did; see ``StoredCollection/copy(to:batchSize:removingOthers:progress:)``.
public struct CollectionCopy: Sendable, Hashable, Codable {
    /// Rows that were written.
    public var written = 0
    /// Rows that the target had already.
    public var unchanged = 0
    /// Rows of the target that the source does not have, and that were removed.
    public var removed = 0
    /// What the source's rows come to, as they were read to be copied.
    public var source = CollectionDigest()
}

extension StoredCollection {
    /// Copies all rows into another collection, which may be on other machines.
    ///
    /// Rows that the target has already, equal in vector and metadata, are not written again: so a copy that was cut short
    /// goes on where it was, and copying again after a change writes what has changed. Compare ``digest(progress:)`` of
    /// both afterwards.
    ///
    /// - Parameters:
    ///   - target: of the same dimension and metric.
    ///   - batchSize: rows a write.
    ///   - removingOthers: whether rows of the target that the source does not have are removed.
    ///   - progress: the rows that have been copied or found equal.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `invalidArgument` (another metric; a row out of the target's
    ///   limits), and what reading from one and writing to the other throw. What was written stays.
    public func copy(
        to target: some StoredCollection,
        batchSize: Int = 10_000,
        removingOthers: Bool = false,
        progress: ((_ count: Int) -> Void)? = nil
    ) async throws(VectorError) -> CollectionCopy {
        try checkRange(batchSize, 1...1_000_000, "the batch size")
        guard dimension == target.dimension else {
            throw VectorError(
                .dimensionMismatch,
                "'\(name)' has dimension \(dimension), '\(target.name)' has \(target.dimension)"
            )
        }
        guard metric == target.metric else {
            throw VectorError(
                .invalidArgument,
                "'\(name)' has the metric \(metric), '\(target.name)' has \(target.metric)"
            )
        }
        let isEmpty = try await target.count(where: nil) == 0
        var copy = CollectionCopy()
        var batch: [StoredVector] = []
        func write() async throws(VectorError) {
            let found = isEmpty ? nil : try await target.get(batch.map(\.key))
            let changed = found.map { found in zip(batch, found).filter { $0 != $1 }.map(\.0) } ?? batch
            try await target.upsert(changed)
            copy.written += changed.count
            copy.unchanged += batch.count - changed.count
            batch = []
            progress?(copy.written + copy.unchanged)
        }
        for try await row in rows() {
            copy.source.insert(row)
            batch.append(row)
            if batch.count == batchSize { try await write() }
        }
        try await write()
        guard removingOthers, !isEmpty else { return copy }
        var keys: [VectorKey] = []
        func remove() async throws(VectorError) {
            let found = try await get(keys)
            copy.removed += try await target.delete(zip(keys, found).filter { $1 == nil }.map(\.0))
            keys = []
        }
        for try await row in target.rows() {
            keys.append(row.key)
            if keys.count == batchSize { try await remove() }
        }
        try await remove()
        return copy
    }
}

public import Vectors

/// Vectors of one dimension under keys, with metadata.
///
/// A collection is in memory while it is used, as far as ``StoreOptions/memoryBudget`` lets it: the vectors, the keys, numbers
/// and hashes of the metadata, and an index. What is not, is read from the disk when it is needed. Rows are written to the
/// database first, and are searchable when a write returns.
public final class VectorCollection: Sendable {
    let live: LiveCollection
    let maintenance: IndexMaintenance

    init(core: StoreCore, id: Int64) throws(VectorError) {
        live = try LiveCollection(core: core, id: id)
        maintenance = IndexMaintenance(of: live)
    }

    /// The name, which ``VectorStore/renameCollection(_:to:)`` changes.
    public var name: String { live.record.name }

    /// The length of every vector.
    public var dimension: Int { live.dimension }

    /// How nearness is measured.
    public var metric: Metric { live.metric }

    /// Which index is kept.
    public var index: CollectionIndex { live.index }

    /// The number of rows.
    public var count: Int { live.state.withLock { $0.version.liveCount } }

    /// The size and condition of the collection and its index.
    public var statistics: CollectionStatistics {
        let (record, version, words, problem) = live.state.withLock {
            ($0.record, $0.version, $0.wordMemory.size, $0.fileProblem)
        }
        return CollectionStatistics(
            count: version.liveCount,
            sequence: version.sequence,
            indexDescription: version.main?.index.indexDescription.description,
            recentCount: version.table.count - version.firstRecentSlot,
            deletedCount: version.deletedCount,
            tableMemorySize: version.table.memorySize + words,
            indexMemorySize: version.main?.index.memorySize ?? 0,
            indexFileSize: record.sidecar?.length,
            rowsOnDiskCount: version.table.filedCount,
            indexProblem: maintenance.failure ?? problem
        )
    }

    /// Waits until the background work on the index is done. Until then searches may be slower, and exact.
    public func waitForIndex() async { await maintenance.wait() }

    /// Builds the index again and removes deleted rows, if rows were added or deleted since it was built.
    ///
    /// - Throws: `VectorError` with code `readOnly`, `index`, `closed`.
    public func rebuildIndex() async throws(VectorError) { try await maintenance.rebuild() }
}

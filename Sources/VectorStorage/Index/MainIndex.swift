import Faiss
import Vectors

/// The index over the rows up to some id.
struct MainIndex: Sendable {
    let index: VectorIndex
    /// Every row up to this id that was there when it was added is in the index.
    private(set) var through: Int64
    /// As many rows as the index was trained for.
    let trainedCount: Int

    /// An index that was read from its file.
    init(_ index: VectorIndex, through: Int64) {
        self.index = index
        self.through = through
        trainedCount = max(index.count, 1)
    }

    /// Trains an index and fills it with all rows of a version.
    init(_ description: IndexDescription, of version: CollectionVersion) async throws(VectorError) {
        let (vectors, ids) = try await Self.contents(of: version, in: 0..<version.table.count)
        let (dimension, metric) = (version.table.dimension, version.table.metric)
        index = try VectorIndex(description, dimension: dimension, metric: metric)
        through = version.sequence
        trainedCount = max(ids.count, 1)
        // A collection that grows has its index built again and again: a sample of 64 rows a list, and 6 iterations, cost a
        // third of Faiss's defaults and hardly any recall.
        try await index.train(
            on: vectors,
            options: TrainingOptions(iterations: 6, maximumPointsPerCentroid: 64, expectedCount: ids.count)
        )
        try await index.add(vectors, ids: ids)
    }

    /// Adds the rows of a version that are newer than the index.
    mutating func absorbRecentRows(of version: CollectionVersion) async throws(VectorError) {
        let (vectors, ids) = try await Self.contents(of: version, in: version.firstRecentSlot..<version.table.count)
        try await index.add(vectors, ids: ids)
        through = version.sequence
    }

    private static func contents(
        of version: CollectionVersion,
        in slots: Range<Int>
    ) async throws(VectorError) -> (vectors: VectorMatrix, ids: [Int64]) {
        try await runBlocking { _ throws(VectorError) in
            try version.contents(of: version.visible, in: slots)
        }
    }
}

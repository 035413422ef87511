import Faiss
import Vectors

/// The index over the rows up to some id.
struct MainIndex: Sendable {
    let index: VectorIndex
    /// Every row up to this id that was there when it was added is in the index.
    private(set) var through: Int64
    /// As many rows as the index was trained for.
    private(set) var trainedCount: Int
    /// Where its inverted lists are in the file, up to which id: rows that were added since are in memory.
    private let fileThrough: Int64?

    /// The bytes of memory that the index took when its file was opened.
    private let openedSize: Int

    var isInFile: Bool { fileThrough != nil }
    /// The bytes of memory that rows take which were added to lists in a file.
    var addedSize: Int { index.memorySize - openedSize }

    /// An index that was read from its file.
    init(_ index: VectorIndex, through: Int64, isInFile: Bool) {
        self.index = index
        self.through = through
        fileThrough = isInFile ? through : nil
        openedSize = index.memorySize
        trainedCount = max(index.count, 1)
    }

    /// The same, trained for as many rows as an index that it takes the place of.
    func replacing(_ other: MainIndex?) -> MainIndex {
        var main = self
        if let other { main.trainedCount = other.trainedCount }
        return main
    }

    /// Trains an index and fills it with all rows of a version.
    init(
        _ description: IndexDescription,
        of version: CollectionVersion,
        from source: RowSource
    ) async throws(VectorError) {
        let table = version.table
        let slots = version.visible.slots(in: 0..<table.count)
        index = try VectorIndex(description, dimension: table.dimension, metric: table.metric)
        through = version.sequence
        fileThrough = nil
        openedSize = 0
        trainedCount = max(slots.count, 1)
        // Of rows that are not in memory as few as can be: there are no more than four times the root of their number of
        // lists, each of which takes 64.
        let most = table.filed == nil ? slots.count : min(slots.count, 256 * Int(Double(slots.count).squareRoot()))
        let sample = most == slots.count ? slots : (0..<most).map { slots[$0 * slots.count / most] }
        let (vectors, ids) = try await Self.contents(of: sample, version, source)
        // A collection that grows has its index built again and again: a sample of 64 rows a list, and 6 iterations, cost a
        // third of Faiss's defaults and hardly any recall.
        try await index.train(
            on: vectors,
            options: TrainingOptions(iterations: 6, maximumPointsPerCentroid: 64, expectedCount: slots.count)
        )
        if most == slots.count {
            try await index.add(vectors, ids: ids)
            return
        }
        for first in stride(from: 0, to: slots.count, by: 65_536) {
            try await add(Array(slots[first..<min(first + 65_536, slots.count)]), version, source)
        }
    }

    private func add(
        _ slots: [Int],
        _ version: CollectionVersion,
        _ source: RowSource
    ) async throws(VectorError) {
        let (vectors, ids) = try await Self.contents(of: slots, version, source)
        try await index.add(vectors, ids: ids)
    }

    /// Adds the rows of a version that are newer than the index.
    mutating func absorbRecentRows(
        of version: CollectionVersion,
        from source: RowSource
    ) async throws(VectorError) {
        let slots = version.visible.slots(in: version.firstRecentSlot..<version.table.count)
        try await add(slots, version, source)
        through = version.sequence
    }

    private static func contents(
        of slots: [Int],
        _ version: CollectionVersion,
        _ source: RowSource
    ) async throws(VectorError) -> (vectors: VectorMatrix, ids: [Int64]) {
        try await runBlocking { _ throws(VectorError) in try version.contents(of: slots, from: source) }
    }
}

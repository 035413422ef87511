/// A step by which the index and the files follow the rows; each leaves the collection whole.
enum IndexStep: Sendable {
    /// Train and fill a new index.
    case rebuild
    /// Add the recent rows to the index.
    case absorb
    /// Write the index file.
    case save
    /// Make a table without the rows that are gone.
    case shrink
    /// Write the row file.
    case file
    /// Leave the index's inverted lists in the index file.
    case leaveLists
    /// Remove the row file of so few rows.
    case unfile
    /// Bring rows and lists into memory that are in files only.
    case load
    /// Remove an index that so few rows don't need.
    case drop

    /// As many recent rows as a search may compare one by one, before they are added to the index.
    static let recentLimit = 2048

    /// As many rows as a file may lack, before it is written again. Rows that it lacks are read when the collection is opened,
    /// so that while nothing else is written it is better to write it soon.
    private static func fileLimit(_ count: Int, isCalm: Bool) -> Int {
        max(2 * recentLimit, count / (isCalm ? 250 : 10))
    }

    /// What pays now; nil if nothing does.
    ///
    /// - Parameters:
    ///   - mayBuild: whether to do more than to remove; not if that has failed.
    ///   - isCalm: whether nothing is being written.
    static func next(
        for version: CollectionVersion,
        _ record: CollectionRecord,
        mayBuild: Bool,
        isCalm: Bool
    ) -> IndexStep? {
        let live = version.liveCount
        // Where they are in a file, each takes more memory than one that is there.
        if version.deletedCount > max(10_000, version.table.filed == nil ? live / 2 : live / 8) { return .shrink }
        let least = record.index.minimumCount
        // Well below the number from which one is built, so that it doesn't come and go.
        if version.main != nil || record.sidecar != nil, live < least / 2 { return .drop }
        guard mayBuild, live >= least else { return nil }
        guard let main = version.main else { return .rebuild }
        let dead = main.index.count - version.indexedCount
        if live > 2 * main.trainedCount || dead > max(2 * recentLimit, main.index.count / 4) { return .rebuild }
        if version.table.count - version.firstRecentSlot >= recentLimit { return .absorb }
        guard let sidecar = record.sidecar else { return .save }
        let unsaved = version.firstRecentSlot - version.table.firstSlot(fromID: sidecar.through + 1)
        return unsaved >= fileLimit(live, isCalm: isCalm) ? .save : nil
    }

    /// Rows of which there is no row file: they are read as fast.
    static let leastFiledCount = 10_000

    /// What pays now for the row file.
    static func next(for version: CollectionVersion, _ file: RowFileRecord?, isCalm: Bool) -> IndexStep? {
        let live = version.liveCount
        guard let file else { return live >= leastFiledCount ? .file : nil }
        if live < leastFiledCount / 2 { return version.table.filed == nil ? .unfile : .load }
        let missing = version.table.fullChunksCount - version.table.firstSlot(fromID: file.through + 1)
        return missing >= fileLimit(live, isCalm: isCalm) ? .file : nil
    }

    /// What it takes until the row file is one of all rows.
    static func all(for version: CollectionVersion, _ file: RowFileRecord?) -> [IndexStep] {
        if version.liveCount >= leastFiledCount { return [.file] }
        return file == nil ? [] : version.table.filed == nil ? [.unfile] : [.load, .unfile]
    }

    /// What it takes until nothing is left of rows that are gone, and the index is one of all rows.
    static func all(for version: CollectionVersion, _ record: CollectionRecord) -> [IndexStep] {
        var steps: [IndexStep] = version.isWhole ? [] : [.shrink]
        if version.liveCount < record.index.minimumCount {
            if version.main != nil || record.sidecar != nil { steps.append(.drop) }
        } else if version.main?.index.count != version.liveCount || version.main?.trainedCount != version.liveCount {
            steps.append(.rebuild)
        } else if record.sidecar?.through != version.main?.through {
            steps.append(.save)
        }
        return steps
    }
}

import Faiss
import Foundation
import Vectors

/// Keeping the index up with the rows, in the background: one step at a time, each of which leaves the collection whole.
extension VectorCollection {
    struct Maintenance {
        /// Does what is asked for, then ends.
        var worker: Task<Void, Never>?
        var request = Request.none
        /// When the last change asked for something.
        var lastRequest = ContinuousClock.now
        /// How many wait until all is done.
        var waitingCount = 0
        var isEnded = false
        /// Why the last step failed, if it did, and at which number of rows; it is tried again with a tenth more.
        var failure: String?
        var failedCount = 0
    }

    /// What the worker is asked for; a later one includes those before.
    enum Request: Int {
        case none, look, rebuild
    }

    /// What pays now.
    enum Step: Sendable {
        /// Train and fill a new index.
        case rebuild
        /// Add the recent rows to the index.
        case absorb
        /// Write the index file.
        case save
        /// Make a table without the rows that are gone.
        case shrink
        /// Give up an index that so few rows don't need.
        case drop
    }

    /// As many recent rows as may be looked at one by one in every search, before they are added to the index.
    private static let recentLimit = 2048

    private func nextStep() -> Step? {
        let (record, view) = state.withLock { ($0.record, $0.view) }
        let live = view.liveCount
        let gone = view.table.count - live
        if gone > max(10_000, live / 2) { return .shrink }
        // Well below the number from which one is built, so that it doesn't come and go.
        if view.main != nil || record.sidecar != nil, live < index.minimumCount / 2 { return .drop }
        let mayBuild = maintenance.withLock { $0.failure == nil || live > $0.failedCount + $0.failedCount / 10 }
        guard mayBuild, live >= index.minimumCount else { return nil }
        guard let main = view.main else { return .rebuild }
        let dead = main.index.count - view.indexedCount
        if live > 2 * main.trainedCount || dead > max(2 * Self.recentLimit, main.index.count / 4) { return .rebuild }
        if view.table.count - view.firstRecentSlot >= Self.recentLimit { return .absorb }
        guard let sidecar = record.sidecar else { return .save }
        let unsaved = view.firstRecentSlot - view.table.firstSlot(fromID: sidecar.through + 1)
        return unsaved >= max(2 * Self.recentLimit, live / 10) ? .save : nil
    }

    /// Looks in the background at what is to be done, and does it.
    func maintain() {
        guard core.options.access != .readOnly, nextStep() != nil else { return }
        request(.look)
    }

    /// Waits until nothing is being done in the background: until then searches may be exact and slower.
    public func waitForIndex() async {
        maintenance.withLock { $0.waitingCount += 1 }
        defer { maintenance.withLock { $0.waitingCount -= 1 } }
        maintain()
        while let worker = maintenance.withLock({ $0.worker }) { await worker.value }
    }

    /// Builds the index anew and removes deleted rows, if any were added or deleted since it was built.
    ///
    /// - Throws: ``StorageError`` with code `readOnly`, `index`, `closed`.
    public func rebuildIndex() async throws(StorageError) {
        guard core.options.access != .readOnly else {
            throw StorageError(.readOnly, "'\(core.url.path(percentEncoded: false))' was opened for reading only")
        }
        try core.checkOpen()
        maintenance.withLock { $0.failure = nil }
        request(.rebuild)
        await waitForIndex()
        if let failure = maintenance.withLock({ $0.failure }) { throw StorageError(.index, failure) }
    }

    /// Ends what is under way and begins nothing new.
    func endMaintenance() async {
        let worker = maintenance.withLock { maintenance in
            maintenance.isEnded = true
            maintenance.worker?.cancel()
            return maintenance.worker
        }
        await worker?.value
    }

    private func request(_ request: Request) {
        maintenance.withLock { maintenance in
            if maintenance.isEnded { return }
            if request.rawValue > maintenance.request.rawValue { maintenance.request = request }
            maintenance.lastRequest = .now
            guard maintenance.worker == nil else { return }
            maintenance.worker = Task.detached(priority: .utility) { await self.work() }
        }
    }

    private func work() async {
        while true {
            let request = maintenance.withLock { maintenance in
                if maintenance.isEnded { maintenance.request = .none }
                if maintenance.request == .none { maintenance.worker = nil }
                defer { maintenance.request = .none }
                return maintenance.request
            }
            switch request {
            case .none: return
            case .look:
                while !Task.isCancelled, let step = nextStep() {
                    if step == .rebuild { await waitForCalm() }
                    guard await attempt(step) else { break }
                }
            case .rebuild: for step in stepsToCompact() { guard await attempt(step) else { break } }
            }
        }
    }

    /// Waits until no more rows come in: an index that is made during an import takes the import's time, and is
    /// outgrown at its end. Not for long, as searches look at all rows until there is one, and not at all if somebody
    /// waits for it.
    private func waitForCalm() async {
        let end = ContinuousClock.now + .seconds(2)
        while !Task.isCancelled, ContinuousClock.now < end {
            let (last, isAwaited) = maintenance.withLock { ($0.lastRequest, $0.waitingCount > 0) }
            if isAwaited || ContinuousClock.now - last >= .milliseconds(100) { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func stepsToCompact() -> [Step] {
        let view = state.withLock { $0.view }
        var steps: [Step] = view.isWhole ? [] : [.shrink]
        guard view.liveCount >= index.minimumCount else {
            return steps + (view.main == nil && record.sidecar == nil ? [] : [.drop])
        }
        if view.main?.index.count != view.liveCount || view.main?.trainedCount != view.liveCount {
            steps.append(.rebuild)
        } else if record.sidecar?.through != view.main?.through {
            steps.append(.save)
        }
        return steps
    }

    /// Does a step; false if it failed, which is kept for ``statistics``.
    private func attempt(_ step: Step) async -> Bool {
        do throws(StorageError) {
            switch step {
            case .rebuild: try await rebuild()
            case .absorb: try await absorb()
            case .save: try await save()
            case .shrink: try await shrink()
            case .drop: try await drop()
            }
            maintenance.withLock { $0.failure = nil }
            return true
        } catch {
            if error.code == .cancelled || error.code == .closed { return false }
            maintenance.withLock { maintenance in
                maintenance.failure = error.message
                maintenance.failedCount = count
            }
            return false
        }
    }

    private func rebuild() async throws(StorageError) {
        let view = state.withLock { $0.view }
        let description = index.description
        let (vectors, ids) = try await runBlocking { _ throws(StorageError) in
            try withStorageError { try view.contents(of: view.visible, in: 0..<view.table.count) }
        }
        let index = try withStorageError {
            try VectorIndex(description, dimension: dimension, metric: metric)
        }
        do {
            // A collection that grows has its index built again and again: a sample of 64 rows a list, and 6 iterations,
            // cost a third of Faiss's defaults and hardly any recall.
            try await index.train(
                on: vectors,
                options: TrainingOptions(iterations: 6, maximumPointsPerCentroid: 64, expectedCount: ids.count)
            )
            try await index.add(vectors, ids: ids)
        } catch {
            throw StorageError(error)
        }
        try await install(MainIndex(index: index, through: view.sequence, trainedCount: max(ids.count, 1)))
        try await save()
    }

    private func absorb() async throws(StorageError) {
        let view = state.withLock { $0.view }
        guard var main = view.main else { return }
        let (vectors, ids) = try await runBlocking { _ throws(StorageError) in
            try withStorageError {
                try view.contents(of: view.visible, in: view.firstRecentSlot..<view.table.count)
            }
        }
        do {
            try await main.index.add(vectors, ids: ids)
        } catch {
            throw StorageError(error)
        }
        main.through = view.sequence
        try await install(main)
    }

    /// Lets searches use an index, or none, from now on.
    private func install(_ main: MainIndex?) async throws(StorageError) {
        try await runBlocking { _ throws(StorageError) in
            try self.core.change { sequence throws(StorageError) in
                let view = self.state.withLock { $0.view }
                let next = CollectionView(
                    sequence: view.sequence,
                    table: view.table,
                    liveCount: view.liveCount,
                    main: main
                )
                self.state.withLock { state in
                    state.view = next
                    state.sidecarProblem = nil
                }
                return ((), sequence)
            }
        }
    }

    /// Writes the index to a new file, records the file, and deletes the one before.
    private func save() async throws(StorageError) {
        let (record, main) = state.withLock { ($0.record, $0.view.main) }
        guard let main else { return }
        let random = String(UInt64.random(in: .min ... .max), radix: 36)
        let name = "collection-\(record.id)-\(main.through)-\(random).\(StoreCore.sidecarExtension)"
        let url = core.url.appending(path: name)
        try await runBlocking { _ throws(StorageError) in
            try withStorageError { try main.index.write(to: url) }
            do throws(StorageError) {
                let file = try withStorageError { try InputFile(url) }
                let sidecar = CollectionRecord.Sidecar(
                    name: name,
                    length: file.size,
                    checksum: try fileChecksum(file),
                    through: main.through
                )
                try self.name(sidecar)
            } catch {
                try? FileManager.default.removeItem(at: url)
                throw error
            }
        }
    }

    /// Makes an index file the collection's, or none, and removes the one before.
    private func name(_ sidecar: CollectionRecord.Sidecar?) throws(StorageError) {
        let previous = try core.change { sequence throws(StorageError) in
            if self.isDeleted { throw StorageError.closed }
            var record = self.record
            let previous = record.sidecar
            record.sidecar = sidecar
            try self.core.database.update(record)
            self.state.withLock { $0.record = record }
            return (previous, sequence)
        }
        // Nobody misses it: readers have read theirs, and who opens a store finds the new one.
        if let previous { core.removeSidecar(previous.name) }
    }

    /// Gives the index up, in memory and on the disk.
    private func drop() async throws(StorageError) {
        try await install(nil)
        try await runBlocking { _ throws(StorageError) in try self.name(nil) }
    }

    /// Replaces the table by one of the rows that are there. Whoever holds an older view keeps the older table.
    private func shrink() async throws(StorageError) {
        try await runBlocking { _ throws(StorageError) in
            try self.core.change { sequence throws(StorageError) in
                let view = self.state.withLock { $0.view }
                let table = try withStorageError { try view.table.copy(of: view.visible) }
                let next = CollectionView(
                    sequence: view.sequence,
                    table: table,
                    liveCount: view.liveCount,
                    main: view.main
                )
                var keys: [VectorKey: Int] = [:]
                keys.reserveCapacity(table.count)
                for slot in 0..<table.count { keys[table.key(slot)] = slot }
                self.state.withLock { state in
                    state.view = next
                    state.keys = keys
                }
                return ((), sequence)
            }
        }
    }
}

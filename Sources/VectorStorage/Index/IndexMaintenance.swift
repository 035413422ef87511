import Vectors

/// The background work that keeps a collection's index and row file up with its rows, one ``IndexStep`` at a time.
final class IndexMaintenance: Sendable {
    private let live: LiveCollection
    private let state = Locked(State())

    private struct State {
        /// Does what is asked for, then ends.
        var worker: Task<Void, Never>?
        var request = Request.none
        /// How many changes are under way, and when there was last reason to look: one of them, or a search that met a
        /// problem.
        var changeCount = 0
        var lastRequest = ContinuousClock.now
        /// How many wait until all is done.
        var waitingCount = 0
        var isEnded = false
        /// Why the last step failed, if it did, and at which number of rows; it is tried again with a tenth more.
        var failure: String?
        var failedCount = 0
    }

    /// What the worker is asked for; a later one includes those before.
    private enum Request: Int {
        case none, look, rebuild
    }

    init(of live: LiveCollection) { self.live = live }

    /// Why the last step failed, if it did.
    var failure: String? { state.withLock { $0.failure } }

    /// Does in the background what pays now, if anything.
    func look() {
        state.withLock { $0.lastRequest = .now }
        if nextStep(isCalm: true) != nil { request(.look) }
    }

    /// Has the background work wait for a change.
    func beginChange() { state.withLock { $0.changeCount += 1 } }

    /// Looks once a change has been made or has failed.
    func endChange() {
        state.withLock { $0.changeCount -= 1 }
        look()
    }

    /// Waits until nothing is left to do.
    func wait() async {
        state.withLock { $0.waitingCount += 1 }
        defer { state.withLock { $0.waitingCount -= 1 } }
        look()
        while let worker = state.withLock({ $0.worker }) { await worker.value }
    }

    /// Brings the index, its file and the table to what a new store of the rows would have.
    func rebuild() async throws(VectorError) {
        try live.core.checkWritable()
        try live.core.checkOpen()
        state.withLock { $0.failure = nil }
        request(.rebuild)
        await wait()
        if let failure { throw VectorError(.index, failure) }
    }

    /// Stops the current step and begins nothing new.
    func end() async {
        let worker = state.withLock { state in
            state.isEnded = true
            state.worker?.cancel()
            return state.worker
        }
        await worker?.value
    }

    private func request(_ request: Request) {
        state.withLock { state in
            if state.isEnded { return }
            if request.rawValue > state.request.rawValue { state.request = request }
            guard state.worker == nil else { return }
            state.worker = Task.detached(priority: .utility) { await self.work() }
        }
    }

    private func work() async {
        while true {
            let request = state.withLock { state in
                if state.isEnded { state.request = .none }
                if state.request == .none { state.worker = nil }
                defer { state.request = .none }
                return state.request
            }
            switch request {
            case .none: return
            case .look:
                while !Task.isCancelled, let step = nextStep() {
                    if step == .rebuild || step == .file { _ = await waitForCalm(.milliseconds(100)) }
                    guard await attempt(step) else { break }
                }
                while !Task.isCancelled, state.withLock({ $0.request == .none }), let step = nextStep(isCalm: true),
                    await waitForCalm(.seconds(1))
                { guard await attempt(step) else { break } }
            case .rebuild:
                let (version, record, rowFile) = live.state.withLock { ($0.version, $0.record, $0.rowFile) }
                var steps = IndexStep.all(for: version, record)
                if live.core.hasRowFiles { steps += IndexStep.all(for: version, rowFile) }
                for step in steps { guard await attempt(step) else { break } }
            }
        }
    }

    private func nextStep(isCalm: Bool = false) -> IndexStep? {
        let (version, record, rowFile) = live.state.withLock { ($0.version, $0.record, $0.rowFile) }
        let mayBuild = state.withLock {
            $0.failure == nil || version.liveCount > $0.failedCount + $0.failedCount / 10
        }
        if mayBuild, let step = live.memoryStep { return step }
        if live.core.options.access == .readOnly { return nil }
        if let step = IndexStep.next(for: version, record, mayBuild: mayBuild, isCalm: isCalm) { return step }
        return mayBuild && live.core.hasRowFiles ? IndexStep.next(for: version, rowFile, isCalm: isCalm) : nil
    }

    /// Waits until no more rows come in: an index that is built during an import slows the import down, and is outgrown at
    /// its end. Not for long, unless the collection goes on growing by a quarter every two seconds, as searches compare all
    /// rows until there is one; and not at all if somebody waits for it.
    ///
    /// - Returns: whether none came in for so long, or somebody waits.
    private func waitForCalm(_ time: Duration) async -> Bool {
        var count = 0
        var end = ContinuousClock.now
        while !Task.isCancelled {
            let isCalm = state.withLock { state in
                state.waitingCount > 0 || state.changeCount == 0 && .now - state.lastRequest >= time
            }
            if isCalm { return true }
            if ContinuousClock.now >= end {
                let grown = live.state.withLock { $0.version.liveCount }
                if grown <= count + count / 4 { return false }
                (count, end) = (grown, .now + .seconds(2))
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    /// Takes a step; false if it failed, which is kept for ``CollectionStatistics/indexProblem``.
    private func attempt(_ step: IndexStep) async -> Bool {
        do throws(VectorError) {
            try await take(step)
            state.withLock { $0.failure = nil }
            return true
        } catch {
            if error.code == .cancelled || error.code == .closed { return false }
            let count = live.state.withLock { $0.version.liveCount }
            state.withLock { state in
                state.failure = error.message
                state.failedCount = count
            }
            return false
        }
    }

    private func take(_ step: IndexStep) async throws(VectorError) {
        let version = live.state.withLock { $0.version }
        switch step {
        case .rebuild:
            let main = try await MainIndex(live.index.description, of: version, from: live.source)
            try await change { live throws(VectorError) in try live.install(main) }
            try await take(.save)
        case .absorb:
            guard var main = version.main else { return }
            try await main.absorbRecentRows(of: version, from: live.source)
            try await change { [main] live throws(VectorError) in try live.install(main) }
        case .save:
            guard let main = version.main else { return }
            try await change { live throws(VectorError) in
                try Sidecar.write(main, of: live.record.id, in: live.core.url) { sidecar throws(VectorError) in
                    try live.setSidecar(sidecar)
                }
            }
        case .load:
            try await runBlocking { [live] cancellation throws(VectorError) in
                try live.load(cancellation: cancellation)
            }
        case .file:
            try await change { live throws(VectorError) in
                try live.fileRows(isLeavingMemory: live.memoryStep == .file)
            }
        case .leaveLists: try await change { live throws(VectorError) in try live.reopenIndex(isInFile: true) }
        case .unfile: try await change { live throws(VectorError) in try live.removeRowFile() }
        case .shrink:
            try await runBlocking { [live] cancellation throws(VectorError) in
                try live.shrink(cancellation: cancellation)
            }
        case .drop:
            try await change { live throws(VectorError) in
                try live.install(nil)
                try live.setSidecar(nil)
            }
        }
    }

    private func change(
        _ body: @escaping @Sendable (LiveCollection) throws(VectorError) -> Void
    ) async throws(VectorError) {
        try await runBlocking { [live] _ throws(VectorError) in try body(live) }
    }
}

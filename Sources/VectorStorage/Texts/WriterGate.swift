import Vectors

/// Lets writers through side by side, or has them wait while somebody needs that nothing is written.
final class WriterGate: Sendable {
    private struct State {
        var writerCount = 0
        var isClosed = false
        /// Writers that wait until it is open again.
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Who has closed it, while writers are under way.
        var closer: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())

    /// Makes a change, once the gate is open.
    func pass<Result>(_ change: () async throws(VectorError) -> Result) async throws(VectorError) -> Result {
        while !enter() {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if state.isClosed { state.waiting.append(continuation) }
                    return !state.isClosed
                }
                if isOpen { continuation.resume() }
            }
        }
        defer { leave() }
        return try await change()
    }

    private func enter() -> Bool {
        state.withLock { state in
            if !state.isClosed { state.writerCount += 1 }
            return !state.isClosed
        }
    }

    private func leave() {
        let closer = state.withLock { state in
            state.writerCount -= 1
            guard state.writerCount == 0 else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.closer = nil }
            return state.closer
        }
        closer?.resume()
    }

    /// Has those that come wait, and waits for those that are under way. One at a time may do so, and opens it again.
    func close() async {
        await withCheckedContinuation { continuation in
            let isQuiet = state.withLock { state in
                state.isClosed = true
                if state.writerCount > 0 { state.closer = continuation }
                return state.writerCount == 0
            }
            if isQuiet { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.isClosed = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for writer in waiting { writer.resume() }
    }
}

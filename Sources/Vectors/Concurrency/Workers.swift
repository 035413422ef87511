import Dispatch
import Synchronization

/// Works on the calling thread and, side by side, on up to `count` − 1 others; returns when none is at work any more.
///
/// For work that takes long: the helpers are on threads outside the pool that Swift's tasks run on. Both closures take
/// ``Pieces`` from a common stock until it is empty. A helper for which the system has no thread before the caller is
/// done is not waited for: many callers at once could otherwise wait for each other for ever.
package func withWorkers<Failure: Error>(
    _ count: Int,
    helper: @escaping @Sendable () -> Void,
    caller: () throws(Failure) -> Void
) throws(Failure) {
    let crew = Crew()
    for _ in 1..<max(1, count) {
        // A serial queue each gets a thread of its own; see runBlocking.
        DispatchQueue(label: "swift-faiss.helper").async {
            guard crew.begin() else { return }
            helper()
            crew.end()
        }
    }
    defer { crew.close() }
    try caller()
}

/// Who is at work.
private final class Crew: Sendable {
    private let state = Mutex((working: 0, isClosed: false))
    private let allDone = DispatchSemaphore(value: 0)

    /// Whether a helper may begin.
    func begin() -> Bool {
        state.withLock { state in
            if !state.isClosed { state.working += 1 }
            return !state.isClosed
        }
    }

    func end() {
        let isLast = state.withLock { state in
            state.working -= 1
            return state.isClosed && state.working == 0
        }
        if isLast { allDone.signal() }
    }

    /// Lets no more helpers begin and waits for those at work.
    func close() {
        let mustWait = state.withLock { state in
            state.isClosed = true
            return state.working > 0
        }
        if mustWait { allDone.wait() }
    }
}

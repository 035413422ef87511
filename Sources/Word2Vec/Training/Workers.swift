import Dispatch
import Synchronization
import Vectors

/// Works on the calling thread and, side by side, on up to `count` − 1 others; returns when none is at work any more.
///
/// Both closures take pieces from a common stock until it is empty. A helper for which the system has no thread to
/// spare before the caller is done is not waited for: many callers at once could otherwise wait for each other for
/// ever.
func withWorkers<Failure: Error>(
    _ count: Int,
    helper: @escaping @Sendable () -> Void,
    caller: () throws(Failure) -> Void
) throws(Failure) {
    let crew = Crew()
    for _ in 1..<max(1, count) {
        // A serial queue each, so that they get threads outside the pool that Swift's tasks run on; see runBlocking.
        DispatchQueue(label: "swift-faiss.helper").async {
            guard crew.begin() else { return }
            helper()
            crew.end()
        }
    }
    defer { crew.close() }
    try caller()
}

/// Calls `body` with stretches of `0..<count`, side by side on up to `threads` threads, and returns when all is done.
///
/// - Parameters:
///   - doing: what the work is, for the error's message.
///   - progress: called on the calling thread with the share of the stretches that has been handed out.
/// - Throws: ``Word2VecError/Code/cancelled`` if the work is cancelled before that.
func inStretches(
    of count: Int,
    length: Int,
    threads: Int,
    cancellation: Cancellation,
    doing: @autoclosure () -> String,
    progress: (Double) -> Void = { _ in },
    _ body: @escaping @Sendable (Range<Int>) -> Void
) throws(Word2VecError) {
    let stretches = Stretches(count: count, length: length)
    withWorkers(min(threads, stretches.number)) {
        while !cancellation.isCancelled, let stretch = stretches.next() { body(stretch) }
    } caller: {
        while !cancellation.isCancelled, let stretch = stretches.next() {
            body(stretch)
            progress(stretches.shareTaken)
        }
    }
    if cancellation.isCancelled { throw Word2VecError(.cancelled, "\(doing()) was cancelled") }
}

/// Hands out stretches of a range.
private final class Stretches: Sendable {
    private let count: Int
    private let length: Int
    private let taken = Atomic(0)

    init(count: Int, length: Int) {
        (self.count, self.length) = (count, max(1, length))
    }

    /// How many there are.
    var number: Int { count / length + (count.isMultiple(of: length) ? 0 : 1) }

    /// The share of them that has been handed out, from 0 to 1.
    var shareTaken: Double { min(1, Double(taken.load(ordering: .relaxed)) / Double(max(1, number))) }

    func next() -> Range<Int>? {
        let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        let start = number * length
        return start < count ? start..<min(count, start + length) : nil
    }
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

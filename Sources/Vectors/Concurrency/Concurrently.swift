import Dispatch

/// Calls `body` with 0..<workers, side by side on the calling thread and threads of the system's pool, and returns when
/// all calls have returned. None of them is on the cooperative pool unless the caller is.
package func concurrently(_ workers: Int, _ body: (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
        // Unsafe only on paper: what the body captures is the caller's, who waits here. That its calls don't touch
        // the same memory unguarded is the caller's duty, as the borrowed captures can't be Sendable.
        nonisolated(unsafe) let shared = body
        DispatchQueue.concurrentPerform(iterations: workers) { shared($0) }
    }
}

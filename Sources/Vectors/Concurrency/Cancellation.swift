import Dispatch
import Synchronization

/// A request to stop that long work looks at between its steps.
///
/// It is set by ``cancel()`` from anywhere, and also when the task on whose thread ``isCancelled`` is asked has been
/// cancelled: once one thread of the work has seen that, all of them do.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    fileprivate static let key = DispatchSpecificKey<Cancellation>()

    /// That of the work which `runBlocking(_:)` does here; elsewhere a new one. So an async form has only to run the call
    /// that blocks.
    package static var current: Cancellation { DispatchQueue.getSpecific(key: key) ?? Cancellation() }

    package init() {}

    package func cancel() { flag.store(true, ordering: .relaxed) }

    package var isCancelled: Bool {
        if flag.load(ordering: .relaxed) { return true }
        guard Task.isCancelled else { return false }
        cancel()
        return true
    }

    /// Throws if the work is cancelled.
    package func check(_ work: @autoclosure () -> String) throws(VectorError) {
        if isCancelled { throw VectorError(.cancelled, "\(work()) was cancelled") }
    }
}

/// Runs blocking work on a thread outside the cooperative pool and waits for it without blocking. Cancelling the
/// waiting task sets the work's ``Cancellation``.
package func runBlocking<Success: Sendable, Failure: Error>(
    _ work: @escaping @Sendable (Cancellation) throws(Failure) -> Success
) async throws(Failure) -> Success {
    let cancellation = Cancellation()
    let result = await withTaskCancellationHandler {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result<Success, Failure>, Never>) in
            // A serial queue of its own gets a thread of its own. A concurrent queue would not do: where Dispatch runs
            // on its own thread pool (Linux), it shares as many threads as there are processors with the cooperative
            // pool, and long work on all of them would stop every task, even the one that wants to cancel.
            let queue = DispatchQueue(label: "swift-faiss.blocking")
            queue.setSpecific(key: Cancellation.key, value: cancellation)
            queue.async {
                let result: Result<Success, Failure>
                do throws(Failure) {
                    result = .success(try work(cancellation))
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
    } onCancel: {
        cancellation.cancel()
    }
    return try result.get()
}

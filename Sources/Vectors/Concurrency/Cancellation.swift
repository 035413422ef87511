import Dispatch
import Synchronization

/// A request to stop that long work looks at between its steps.
///
/// It is set by ``cancel()`` from anywhere, and also when the task on whose thread ``isCancelled`` is asked has been
/// cancelled: once one thread of the work has seen that, all of them do.
package final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    /// A task-local value serves threads without a task, too. (One specific to a queue would cost a wake-up of another
    /// thread, on which Dispatch releases it.)
    @TaskLocal fileprivate static var ofThisWork: Cancellation?

    /// That of the work which `runBlocking(_:)` does here; elsewhere a new one. So an async form has only to run the call
    /// that blocks.
    package static var current: Cancellation { ofThisWork ?? Cancellation() }

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
///
/// - Parameter here: whether the work is so short that it is done on this thread: having two threads wake each other takes
///   as long as a small search.
package func runBlocking<Success: Sendable, Failure: Error>(
    here isShort: Bool = false,
    _ work: @escaping @Sendable (Cancellation) throws(Failure) -> Success
) async throws(Failure) -> Success {
    let cancellation = Cancellation()
    if isShort { return try work(cancellation) }
    let result = await withTaskCancellationHandler {
        await withCheckedContinuation { (continuation: CheckedContinuation<Result<Success, Failure>, Never>) in
            // A serial queue of its own gets a thread of its own. A concurrent queue would not do: where Dispatch runs
            // on its own thread pool (Linux), it shares as many threads as there are processors with the cooperative
            // pool, and long work on all of them would stop every task, even the one that wants to cancel.
            DispatchQueue(label: "swift-faiss.blocking").async {
                let result: Result<Success, Failure> = Cancellation.$ofThisWork.withValue(cancellation) {
                    do throws(Failure) {
                        return .success(try work(cancellation))
                    } catch {
                        return .failure(error)
                    }
                }
                continuation.resume(returning: result)
            }
        }
    } onCancel: {
        cancellation.cancel()
    }
    return try result.get()
}

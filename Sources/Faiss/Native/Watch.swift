import FaissC
import Vectors

/// The progress handler and the cancellation of long work.
struct Watch: Sendable {
    let cancellation: Cancellation
    let progress: OperationProgress.Handler?

    /// By default only cancelling the task that runs the work stops it.
    init(_ progress: OperationProgress.Handler? = nil, cancellation: Cancellation = Cancellation()) {
        self.cancellation = cancellation
        self.progress = progress
    }

    /// For a part of the work whose progress is not reported.
    var silent: Watch { Watch(cancellation: cancellation) }

    /// Calls native work with the threads and a progress function that serves this watch.
    func run(threads: ThreadLimit, _ body: (inout FaissWork) -> Int32) throws(VectorError) {
        let observer = Observer(watch: self)
        var work = FaissWork(
            threads: threads.openMP,
            progress: { context, step, steps in
                let watch = Unmanaged<Observer>.fromOpaque(context!).takeUnretainedValue().watch
                if watch.cancellation.isCancelled { return 1 }
                watch.progress?(OperationProgress(completed: step, total: steps))
                return 0
            },
            context: Unmanaged.passUnretained(observer).toOpaque()
        )
        let code = withExtendedLifetime(observer) { body(&work) }
        try check(code)
    }

    func checkCancellation() throws(VectorError) {
        if cancellation.isCancelled { throw .cancelled }
    }

    /// C can carry the address of an object only.
    private final class Observer {
        let watch: Watch
        init(watch: Watch) { self.watch = watch }
    }
}

/// Runs blocking work on a thread outside the cooperative pool; it is cancelled with the waiting task.
func runWatched<Result: Sendable>(
    _ progress: OperationProgress.Handler? = nil,
    _ work: @escaping @Sendable (Watch) throws(VectorError) -> Result
) async throws(VectorError) -> Result {
    try await runBlocking { cancellation throws(VectorError) in try work(Watch(progress, cancellation: cancellation)) }
}

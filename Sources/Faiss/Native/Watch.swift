import FaissC
import Vectors

/// Who follows the progress of native work, and who may stop it.
struct Watch {
    let cancellation: Cancellation
    let progress: OperationProgress.Handler?

    /// Calls native work with the threads and a progress function that serves this watch.
    func run(threads: ThreadLimit, _ body: (inout FaissWork) -> Int32) throws(FaissError) {
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

    func checkCancellation() throws(FaissError) {
        if cancellation.isCancelled { throw .cancelled }
    }

    /// C can carry the address of an object only.
    private final class Observer {
        let watch: Watch
        init(watch: Watch) { self.watch = watch }
    }
}

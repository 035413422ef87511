import CFaiss
import FaissC
import Vectors

/// Turns a code of the C API into an error with the calling thread's message.
func check(_ code: Int32) throws(FaissError) {
    if code == 0 { return }
    if code == Int32(FAISS_CANCELLED) { throw .cancelled }
    let message = String(cString: faiss_get_last_error())
    throw code == Int32(FAISS_OUT_OF_MEMORY)
        ? FaissError(.tooLarge, "Faiss ran out of memory") : FaissError(.faiss, "Faiss: \(message)")
}

/// Calls a C constructor, which hands its object out through a pointer.
func make(_ create: (UnsafeMutablePointer<OpaquePointer?>) -> Int32) throws(FaissError) -> OpaquePointer {
    var pointer: OpaquePointer?
    try check(create(&pointer))
    guard let pointer else { throw FaissError(.faiss, "Faiss made no object") }
    return pointer
}

/// Who is told about the progress of native work and who may stop it.
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

extension ThreadLimit {
    /// The threads for an OpenMP team. More than a few for each processor only wait for each other, and libgomp ends
    /// the process if the system refuses to start one.
    var openMP: Int32 { Int32(min(count, max(16, 4 * ThreadLimit.automatic.count))) }
}

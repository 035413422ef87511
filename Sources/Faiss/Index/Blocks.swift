import Synchronization
import Vectors

/// Rows cut into blocks that several threads take one after the other.
struct Blocks {
    /// How many blocks there are.
    var count: Int { (rows + size - 1) / size }

    private let rows: Int
    private let size: Int
    private let workers: Int

    /// - Parameter size: the most rows in a block.
    init(_ rows: Int, size: Int, threads: ThreadLimit) {
        // Small batches are cut so that every thread has a block, but not below what is worth a thread's start.
        let share = (rows + threads.count - 1) / threads.count
        self.rows = rows
        self.size = max(1, min(size, max(share, 8)))
        workers = min(threads.count, (rows + self.size - 1) / self.size)
    }

    /// Calls `body` with each block's number and its rows, with none any more after a failure, which is thrown, or a
    /// cancellation. Progress is reported after every block, in rows.
    func run(
        watch: Watch,
        _ body: (Int, Range<Int>) throws(FaissError) -> Void
    ) throws(FaissError) {
        if count == 1 {
            try watch.checkCancellation()
            try body(0, 0..<rows)
            watch.progress?(OperationProgress(completed: rows, total: rows))
            return
        }
        let next = Atomic(0)
        let outcome = Mutex((failure: FaissError?.none, done: 0))
        concurrently(workers) { _ in
            while true {
                let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if block >= count { return }
                do throws(FaissError) {
                    try watch.checkCancellation()
                    let range = block * size..<min((block + 1) * size, rows)
                    try body(block, range)
                    let done = outcome.withLock {
                        $0.done += range.count
                        return $0.done
                    }
                    watch.progress?(OperationProgress(completed: done, total: rows))
                } catch {
                    outcome.withLock { $0.failure = $0.failure ?? error }
                    next.store(count, ordering: .relaxed)
                    return
                }
            }
        }
        if let failure = outcome.withLock({ $0.failure }) { throw failure }
    }
}

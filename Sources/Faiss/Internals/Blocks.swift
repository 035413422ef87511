import Synchronization
import Vectors

/// Rows cut into blocks that several threads take one after the other. Which thread takes which is chance, so the blocks'
/// results must not depend on it.
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

    /// Calls `body` with each block's number and its rows. After a failure, which is thrown, no further block is begun.
    func forEach<Failure: Error>(_ body: (Int, Range<Int>) throws(Failure) -> Void) throws(Failure) {
        if count == 1 { return try body(0, 0..<rows) }
        let pieces = Pieces(of: rows, size: size)
        let outcome = Locked(Failure?.none)
        concurrently(workers) { _ in
            do throws(Failure) {
                while let piece = pieces.next() { try body(piece.lowerBound / size, piece) }
            } catch {
                outcome.withLock { $0 = $0 ?? error }
                pieces.stop()
            }
        }
        if let failure = outcome.withLock({ $0 }) { throw failure }
    }

    /// The same, until it is cancelled. Progress is reported after every block, in rows.
    func run(watch: Watch, _ body: (Int, Range<Int>) throws(VectorError) -> Void) throws(VectorError) {
        let done = Atomic(0)
        try forEach { number, rows throws(VectorError) in
            try watch.checkCancellation()
            try body(number, rows)
            let completed = done.add(rows.count, ordering: .relaxed).newValue
            watch.progress?(OperationProgress(completed: completed, total: self.rows))
        }
    }
}

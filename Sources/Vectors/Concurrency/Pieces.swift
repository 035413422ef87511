import Synchronization

/// A range from 0 cut into pieces that several threads take one after the other.
///
/// Which thread takes which piece is chance, so results must not depend on it.
package final class Pieces: Sendable {
    /// How many pieces there are.
    package let count: Int
    private let end: Int
    private let size: Int
    private let taken = Atomic(0)

    /// - Parameter size: the length of each piece but the last; at least 1.
    package init(of end: Int, size: Int) {
        self.end = end
        self.size = max(1, size)
        count = end / self.size + (end.isMultiple(of: self.size) ? 0 : 1)
    }

    /// The share of the pieces that has been taken, from 0 to 1.
    package var shareTaken: Double { min(1, Double(taken.load(ordering: .relaxed)) / Double(max(1, count))) }

    /// The next piece; nil if none is left.
    package func next() -> Range<Int>? {
        let number = taken.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number * size..<min(end, (number + 1) * size) : nil
    }

    /// Leaves no more pieces to be taken.
    package func stop() { taken.store(count, ordering: .relaxed) }
}

/// Calls `body` with pieces of `0..<count`, side by side by ``withWorkers(_:helper:caller:)``, and returns when all are
/// done. After a failure no more pieces are begun, and it is thrown.
///
/// - Parameters:
///   - size: the length of each piece but the last.
///   - threads: the most threads.
///   - progress: called on the calling thread with the share of the pieces that has been taken.
package func inPieces<Failure: Error>(
    of count: Int,
    size: Int,
    threads: ThreadLimit,
    progress: ((Double) -> Void)? = nil,
    _ body: @escaping @Sendable (Range<Int>) throws(Failure) -> Void
) throws(Failure) {
    let pieces = Pieces(of: count, size: size)
    let failure = Locked<Failure?>(nil)
    let work: @Sendable (((Double) -> Void)?) -> Void = { progress in
        do throws(Failure) {
            while let piece = pieces.next() {
                try body(piece)
                progress?(pieces.shareTaken)
            }
        } catch {
            failure.withLock { $0 = $0 ?? error }
            pieces.stop()
        }
    }
    withWorkers(min(threads.count, pieces.count)) {
        work(nil)
    } caller: {
        work(progress)
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
}

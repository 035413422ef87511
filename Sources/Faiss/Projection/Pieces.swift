import Synchronization
import Vectors

/// Cuts 0..<count into pieces that threads take one after the other. Which thread takes which is chance, so the pieces'
/// results must not depend on it.
func inPieces(_ count: Int, of size: Int, threads: ThreadLimit, _ body: (Range<Int>) -> Void) {
    let pieces = (count + size - 1) / size
    let next = Atomic(0)
    concurrently(min(threads.count, pieces)) { _ in
        while true {
            let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if piece >= pieces { return }
            body(piece * size..<min((piece + 1) * size, count))
        }
    }
}

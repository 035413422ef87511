#if Milvus
import Vectors

/// How many rows some conditions held for a little while ago: enough to choose how to search, where it is not close.
final class RecentCounts: Sendable {
    private let counts = Locked<[String: (count: Int, time: ContinuousClock.Instant)]>([:])

    private static let lifetime = Duration.seconds(30)

    func remember(_ count: Int, of expression: String) {
        counts.withLock { counts in
            if counts.count >= 256 { counts = counts.filter { ContinuousClock.now - $0.value.time < Self.lifetime } }
            if counts.count < 256 { counts[expression] = (count, .now) }
        }
    }

    /// The count, if it is not old.
    func count(of expression: String) -> Int? {
        counts.withLock { counts in
            guard let known = counts[expression], ContinuousClock.now - known.time < Self.lifetime else { return nil }
            return known.count
        }
    }
}
#endif

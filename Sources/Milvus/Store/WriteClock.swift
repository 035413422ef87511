#if Milvus
import Vectors

/// What this process wrote to a collection last, by the server's clock.
final class WriteClock: Sendable {
    private struct State {
        /// The timestamp of the newest write; 0 before the first, and on servers that show every write at once.
        var newest: UInt64 = 0
        /// Whether a read has seen all that was there when the collection was opened.
        var hasCaughtUp = false
    }

    private let state = Locked(State())

    func wrote(_ timestamp: UInt64) { state.withLock { $0.newest = max($0.newest, timestamp) } }

    /// What a read must wait for.
    func guarantee(_ consistency: MilvusConsistency) -> (level: WireConsistencyLevel, timestamp: UInt64) {
        switch consistency {
        case .allWrites: (.strong, 0)
        case .visible: (.eventually, 1)
        case .ownWrites:
            state.withLock { state in
                if !state.hasCaughtUp { return (.strong, 0) }
                return state.newest == 0 ? (.eventually, 1) : (.customized, state.newest)
            }
        }
    }

    /// A read with this guarantee has succeeded.
    func didRead(_ level: WireConsistencyLevel) {
        if level == .strong { state.withLock { $0.hasCaughtUp = true } }
    }
}
#endif

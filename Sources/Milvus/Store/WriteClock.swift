#if Milvus
import Vectors

/// What this process wrote to a collection last, by the server's clock.
final class WriteClock: Sendable {
    private struct State {
        /// The timestamp of the newest write that had one.
        var newest: UInt64 = 0
        /// Writes without a timestamp, which are all deletions; the opening of the collection is one, too.
        var untimed = 1
        /// How many of these a read of everything has seen.
        var seen = 0
    }

    /// What a read has to wait for.
    struct Guarantee {
        let level: WireConsistencyLevel
        let timestamp: UInt64
        fileprivate let untimed: Int
    }

    private let state = Locked(State())

    /// - Parameter timestamp: of the answer to a write; 0 where the server gave none.
    func wrote(_ timestamp: UInt64) {
        state.withLock { state in
            if timestamp == 0 { state.untimed += 1 } else { state.newest = max(state.newest, timestamp) }
        }
    }

    func guarantee(_ consistency: MilvusConsistency) -> Guarantee {
        state.withLock { state in
            let (level, timestamp): (WireConsistencyLevel, UInt64) =
                switch consistency {
                case .allWrites: (.strong, 0)
                case .visible: (.eventually, 1)
                // What has no timestamp can't be waited for alone.
                case .ownWrites where state.seen < state.untimed: (.strong, 0)
                case .ownWrites: state.newest == 0 ? (.eventually, 1) : (.customized, state.newest)
                }
            return Guarantee(level: level, timestamp: timestamp, untimed: state.untimed)
        }
    }

    /// A read with this guarantee has succeeded.
    func didRead(_ guarantee: Guarantee) {
        guard guarantee.level == .strong else { return }
        state.withLock { $0.seen = max($0.seen, guarantee.untimed) }
    }
}
#endif

#if Milvus
/// What a read of a ``MilvusCollection`` sees.
///
/// A Milvus server makes writes visible in ticks of 200 ms. A read that must see more than the last tick waits for the
/// next.
public enum MilvusConsistency: String, Sendable, Hashable, CaseIterable {
    /// Every write that this process was told of as done, through the same ``MilvusStore``, and all that was there when
    /// the collection was opened. A read right after a write waits up to 200 ms; others don't.
    case ownWrites
    /// Every write that anybody was told of as done. Each read waits about 200 ms.
    case allWrites
    /// What is visible now: reads never wait, and may miss the writes of the last tick, this process's too.
    case visible
}
#endif

/// How a store is opened.
public struct StoreOptions: Sendable, Hashable {
    /// What may be done with it.
    public enum Access: Sendable, Hashable {
        /// Everything; an empty or missing folder becomes a new store.
        case readWriteCreating
        /// Everything, with a store that is there.
        case readWrite
        /// Reading, beside a process that writes. Each call sees what has been committed by then; after a change by
        /// another process the collection is read again.
        case readOnly
    }

    /// What an acknowledged write survives.
    public enum Durability: Sendable, Hashable {
        /// A crash of the process, of the system, and a power failure: every commit waits for the disk.
        case full
        /// A crash of the process. A crash of the system or a power failure may take the last commits with it, latest
        /// first, each whole; what is there is consistent. Many times faster for single writes.
        case fast
    }

    /// What may be done with it.
    public var access: Access
    /// What an acknowledged write survives.
    public var durability: Durability
    /// Open the store even if it is known that acknowledged writes are missing, because the write-ahead log was damaged
    /// or removed. Otherwise that is an error, so that nobody takes an old state for the last one.
    public var acceptsLostWrites: Bool

    /// Makes options.
    public init(
        access: Access = .readWriteCreating,
        durability: Durability = .full,
        acceptsLostWrites: Bool = false
    ) {
        self.access = access
        self.durability = durability
        self.acceptsLostWrites = acceptsLostWrites
    }
}

import Vectors

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
    /// The bytes of memory that all collections may take together, from 1 MiB; nil for as much as they like.
    ///
    /// Rows that have no place in it are read from the disk when they are needed: a search then takes some times as long,
    /// and an exact one, which reads all rows, very long. Building an index takes memory beside it, a quarter of what the
    /// vectors take.
    public var memoryBudget: Int?

    /// Makes options.
    public init(
        access: Access = .readWriteCreating,
        durability: Durability = .full,
        acceptsLostWrites: Bool = false,
        memoryBudget: Int? = nil
    ) {
        self.access = access
        self.durability = durability
        self.acceptsLostWrites = acceptsLostWrites
        self.memoryBudget = memoryBudget
    }

    func validate() throws(VectorError) {
        if let memoryBudget { try checkRange(memoryBudget, 1 << 20...Int.max, "the memory budget in bytes") }
    }
}

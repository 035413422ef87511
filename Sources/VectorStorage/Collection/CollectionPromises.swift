/// What a collection promises of its reads and writes, so that a program that works with several kinds can ask.
public struct CollectionPromises: Sendable, Hashable {
    /// Whether all rows of a write are stored or none, and no reader ever sees some of them.
    public var writesAreAtomic: Bool
    /// Whether a call that reads several things (all queries of a batch, all rows of an iteration) reads one state.
    public var readsAreSnapshots: Bool
    /// Whether a read sees every write that was acknowledged to this process before.
    public var readsOwnWrites: Bool
    /// Whether a read sees every write that was acknowledged to anybody before.
    public var readsAllWrites: Bool
    /// Whether scores are always computed from the stored vectors; otherwise an index that compresses answers with its own.
    public var scoresAreExact: Bool
    /// Whether equally near rows come in the order of their writing; otherwise in any.
    public var tiesAreInWritingOrder: Bool

    /// Puts promises together.
    public init(
        writesAreAtomic: Bool,
        readsAreSnapshots: Bool,
        readsOwnWrites: Bool,
        readsAllWrites: Bool,
        scoresAreExact: Bool,
        tiesAreInWritingOrder: Bool
    ) {
        self.writesAreAtomic = writesAreAtomic
        self.readsAreSnapshots = readsAreSnapshots
        self.readsOwnWrites = readsOwnWrites
        self.readsAllWrites = readsAllWrites
        self.scoresAreExact = scoresAreExact
        self.tiesAreInWritingOrder = tiesAreInWritingOrder
    }

    /// What ``VectorCollection`` promises: everything.
    public static let embedded = CollectionPromises(
        writesAreAtomic: true,
        readsAreSnapshots: true,
        readsOwnWrites: true,
        readsAllWrites: true,
        scoresAreExact: true,
        tiesAreInWritingOrder: true
    )
}

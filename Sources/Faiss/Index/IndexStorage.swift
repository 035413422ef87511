/// The memory behind a ``VectorIndex`` or a ``BinaryIndex``: an index in the C++ core and the ids of its vectors, behind one
/// reader-writer lock. It has no calls of its own: see ``SearchableIndex``.
///
/// `@unchecked Sendable`: all that it stores is a constant of a `Sendable` type, but the compiler infers that for final
/// classes only.
public class IndexStorage: @unchecked Sendable {
    let core: IndexCore

    required init(_ core: IndexCore) { self.core = core }
}

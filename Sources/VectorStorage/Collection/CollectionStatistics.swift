/// The size and condition of a collection and its index.
public struct CollectionStatistics: Sendable, Hashable, Codable {
    /// The number of rows.
    public var count: Int
    /// The sequence number of the last change.
    public var sequence: Int64
    /// The index that proposes candidates; nil while searches compare the query with every row.
    public var indexDescription: String?
    /// Rows, deleted ones included, that are not yet in the index, so that every search compares the query with them.
    public var recentCount: Int
    /// Deleted and replaced rows that still take memory.
    public var deletedCount: Int
    /// Bytes of memory that rows take: vectors, keys, numbers and hashes of the metadata, and what searches by words keep.
    public var tableMemorySize: Int
    /// Bytes of memory that the index takes.
    public var indexMemorySize: Int
    /// Bytes of the index file; nil if there is none.
    public var indexFileSize: Int?
    /// Rows, deleted ones included, that are on the disk only: all that have no place in memory, or, for a moment after the
    /// collection was opened, nearly all.
    public var rowsOnDiskCount: Int
    /// Why the index or row file could not be used, or why building or writing one failed. Searches are right meanwhile.
    public var indexProblem: String?
}

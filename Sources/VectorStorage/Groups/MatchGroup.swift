/// The nearest rows of those that share a value, such as the pieces of one document; see
/// ``VectorCollection/search(_:k:groupedBy:perGroup:where:options:)``.
public struct MatchGroup: Sendable, Hashable {
    /// What they share.
    public var value: MetadataValue
    /// Nearest first, at least one.
    public var matches: [VectorMatch]
}

/// A value of a field, and how many rows have it; see ``VectorCollection/valueCounts(of:where:limit:)``.
public struct ValueCount: Sendable, Hashable {
    /// The value; of lists of strings each string.
    public var value: MetadataValue
    /// How many rows have it.
    public var count: Int
}

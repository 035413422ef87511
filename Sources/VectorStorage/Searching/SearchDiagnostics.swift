/// How a search was done.
public struct SearchDiagnostics: Sendable, Hashable {
    /// How candidates were found.
    public enum Strategy: String, Sendable, Hashable, Codable {
        /// The query was compared with every vector that passes the condition: the answer is exact.
        case exact
        /// The index proposed candidates; rows newer than the index were all compared.
        case index
    }

    /// How candidates were found.
    public var strategy: Strategy
    /// How many vectors pass the condition, all of them where there is none; nil where a server was not asked.
    public var matching: Int?
    /// How many vectors' scores were computed one by one; nil where a server did it.
    public var scored: Int?
    /// The sequence number of the state that was searched: all that was written up to it, and nothing later; nil where
    /// there is no such state (``CollectionPromises/readsAreSnapshots``).
    public var sequence: Int64?

    /// Puts diagnostics together.
    public init(strategy: Strategy, matching: Int? = nil, scored: Int? = nil, sequence: Int64? = nil) {
        self.strategy = strategy
        self.matching = matching
        self.scored = scored
        self.sequence = sequence
    }
}

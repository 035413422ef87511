public import Vectors

/// How one search is done.
public struct QueryOptions: Sendable {
    /// Compare the query with every vector that passes the condition, without the index.
    public var exact: Bool
    /// Inverted lists to visit, where the index has any; by default 1.5 times the square root of their number, which on
    /// descriptors of images finds 96 of 100 neighbours, and more under a condition that few vectors pass.
    public var probes: Int?
    /// Candidates that an HNSW index keeps, at least; by default 64, and more under a condition.
    public var ef: Int?
    /// How many candidates the index proposes, from k up, of which the k best by their stored vectors are answered. By
    /// default 2 k + 16, times the ratio of the index's rows to those of them that are still there, 16 at most. More
    /// candidates raise the recall of an index that compresses.
    public var candidates: Int?
    /// Threads for a batch of queries.
    public var threads: ThreadLimit

    /// Makes options.
    public init(
        exact: Bool = false,
        probes: Int? = nil,
        ef: Int? = nil,
        candidates: Int? = nil,
        threads: ThreadLimit = .automatic
    ) {
        self.exact = exact
        self.probes = probes
        self.ef = ef
        self.candidates = candidates
        self.threads = threads
    }

    package func validate(k: Int) throws(VectorError) {
        for (name, value) in [("k", k), ("probes", probes), ("ef", ef), ("candidates", candidates)] {
            if let value, value < 1 { throw VectorError(.invalidArgument, "\(name) \(value) is less than 1") }
        }
    }
}

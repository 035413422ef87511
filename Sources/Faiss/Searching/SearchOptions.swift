public import Vectors

/// How one search is done. A value of the call, not of the index: searches with different options run side by side.
public struct SearchOptions: Sendable {
    /// The number of inverted lists that an IVF index visits, from 1; more than there are means all of them.
    ///
    /// By default the square root of the number of lists, which on most data finds nine in ten neighbours. Faiss's own
    /// default, 1, finds about half. Other index types ignore it. Faiss: `nprobe`.
    public var probes: Int?

    /// The number of candidates that an HNSW index keeps, from 1; at least k are kept, at most all vectors.
    ///
    /// By default 64, where Faiss has 16. Where so many candidates cost more than looking at every vector does, that is
    /// done instead, and the answer is exact. Other index types ignore it. Faiss: `efSearch`.
    public var ef: Int?

    /// The candidates an answer that a refined index compares again, 1…1,000; by default the factor of its builder.
    /// Other index types ignore it. Faiss: `k_factor`.
    public var refinement: Float?

    /// Which ids may be found; nil lets all pass.
    public var filter: IDFilter?

    /// How many threads a batch of queries is spread over. A single query runs on the calling thread; only in a flat
    /// index of many megabytes it is shared, too, unless other searches go on in this process.
    public var threads: ThreadLimit

    /// Makes options.
    public init(
        probes: Int? = nil,
        ef: Int? = nil,
        refinement: Float? = nil,
        filter: IDFilter? = nil,
        threads: ThreadLimit = .automatic
    ) {
        self.probes = probes
        self.ef = ef
        self.refinement = refinement
        self.filter = filter
        self.threads = threads
    }

    func validate() throws(VectorError) {
        if let probes, probes < 1 { throw VectorError(.invalidArgument, "probes \(probes) is less than 1") }
        if let ef, ef < 1 { throw VectorError(.invalidArgument, "ef \(ef) is less than 1") }
        if let refinement, !(1...1000).contains(refinement) {
            throw VectorError(.invalidArgument, "refinement \(refinement) is outside 1...1000")
        }
        if let filter, filter.nodes.count > IDFilter.maximumPartCount {
            throw VectorError(
                .invalidArgument,
                "the filter has \(filter.nodes.count) parts, more than \(IDFilter.maximumPartCount)"
            )
        }
    }
}

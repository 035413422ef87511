/// One answer of a search.
public struct Neighbor: Sendable, Hashable {
    /// The id under which the vector was added. Never negative.
    public var id: Int64
    /// How near it is, in the unit of the index's ``Metric``: a squared distance, an inner product or a cosine.
    public var distance: Float

    /// Makes a neighbour.
    public init(id: Int64, distance: Float) {
        self.id = id
        self.distance = distance
    }
}

/// The answers to a batch of queries: one list a query, nearest first, in one block of memory.
///
/// Lists may differ in length: a search within a distance finds what there is, and a filter or an approximate index
/// may find fewer than `k`.
public struct NeighborLists: Sendable, Hashable, RandomAccessCollection {
    /// All neighbours, list after list.
    public private(set) var neighbors: [Neighbor]
    /// Where each list ends in ``neighbors``.
    private var ends: [Int]

    /// Makes an empty collection.
    public init() {
        neighbors = []
        ends = []
    }

    /// Makes an empty collection with room for so many lists and neighbours. Not public: a number too large would trap.
    package init(minimumCapacity queries: Int, neighbors: Int) {
        self.init()
        self.neighbors.reserveCapacity(neighbors)
        ends.reserveCapacity(queries)
    }

    /// Adds the list of the next query.
    public mutating func append(_ list: some Sequence<Neighbor>) {
        neighbors.append(contentsOf: list)
        ends.append(neighbors.count)
    }

    /// Adds all lists of another collection, in order.
    public mutating func append(contentsOf other: NeighborLists) {
        let base = neighbors.count
        neighbors.append(contentsOf: other.neighbors)
        ends.append(contentsOf: other.ends.lazy.map { $0 + base })
    }

    /// Zero.
    public var startIndex: Int { 0 }
    /// The number of queries.
    public var endIndex: Int { ends.count }

    /// The neighbours of the query with this number, nearest first.
    public subscript(query: Int) -> ArraySlice<Neighbor> {
        neighbors[(query == 0 ? 0 : ends[query - 1])..<ends[query]]
    }
}

import FaissC
import Vectors

/// The parameters of one search in the form that C takes. The memory they point at lives as long as this value.
struct SearchParameters: ~Copyable {
    private(set) var options: FaissSearchOptions
    private let filter: IDFilter?
    private let nodes: UnsafeMutableBufferPointer<FaissFilterNode>

    /// - Parameters:
    ///   - refinement: candidates an answer, 0 for the factor of the refined index.
    ///   - threads: how many may share few queries.
    ///   - externalIDs: the ids by position, where labels are positions and not ids themselves.
    init(
        probes: Int,
        ef: Int,
        refinement: Float = 0,
        threads: ThreadLimit,
        filter: IDFilter?,
        externalIDs: UnsafeBufferPointer<Int64>?,
        hasRemoved: Bool
    ) {
        self.filter = filter
        let filterNodes = filter?.nodes ?? []
        nodes = .allocate(capacity: filterNodes.count)
        _ = nodes.initialize(from: filterNodes.map(FaissFilterNode.init))
        options = FaissSearchOptions(
            nprobe: probes,
            efSearch: Int32(ef),
            k_factor: refinement,
            threads: threads.openMP,
            filter: UnsafePointer(nodes.baseAddress),
            filter_count: nodes.count,
            external_ids: externalIDs?.baseAddress,
            external_id_count: externalIDs?.count ?? 0,
            has_removed: hasRemoved ? 1 : 0,
            are_bounds: 0
        )
    }

    deinit { nodes.deallocate() }
}

extension FaissFilterNode {
    /// Borrows the memory of the node's id set.
    fileprivate init(_ node: IDFilter.Node) {
        self.init()
        switch node {
        case .range(let range):
            operation = FAISS_FILTER_RANGE
            first = range.lowerBound
            last = range.upperBound
        case .ids(let set):
            switch set.form {
            case .ascending(let list):
                operation = FAISS_FILTER_ASCENDING
                ids = UnsafePointer(list.baseAddress)
                id_count = list.count
            case .bits(let words, let range):
                operation = FAISS_FILTER_BITMAP
                first = range.lowerBound
                last = range.upperBound
                bits = UnsafePointer(words.baseAddress)
            }
        case .and: operation = FAISS_FILTER_AND
        case .or: operation = FAISS_FILTER_OR
        case .not: operation = FAISS_FILTER_NOT
        }
    }
}

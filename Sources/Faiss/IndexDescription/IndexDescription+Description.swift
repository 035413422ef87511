extension IndexDescription: CustomStringConvertible {
    /// The builder as it is written in code, such as `ivfFlat(lists: 1024)`.
    public var description: String {
        if isTooDeep { return "more than \(Self.maximumDepth) nested builders" }
        func to(_ dimension: Int?) -> String { dimension.map { "to: \($0), " } ?? "" }
        switch kind {
        case .flat: return "flat"
        case .scalarQuantized(let type): return "scalarQuantized(\(type))"
        case .pq(let subquantizers, let bitsPerCode):
            return "pq(subquantizers: \(subquantizers), bitsPerCode: \(bitsPerCode))"
        case .pqFastScan(let subquantizers): return "pqFastScan(subquantizers: \(subquantizers))"
        case .rabitq(let bits): return "rabitq(bits: \(bits))"
        case .hnsw(let neighbors, let efConstruction):
            return "hnsw(neighbors: \(neighbors), efConstruction: \(efConstruction))"
        case .ivf(let lists, let storing):
            switch storing.kind {
            case .flat: return "ivfFlat(lists: \(lists))"
            case .pq(let subquantizers, let bitsPerCode):
                return "ivfPQ(lists: \(lists), subquantizers: \(subquantizers), bitsPerCode: \(bitsPerCode))"
            case .rabitq(let bits): return "ivfRaBitQ(lists: \(lists), bits: \(bits))"
            default: return "ivf(lists: \(lists), storing: \(storing))"
            }
        case .pca(let dimension, nil, let inner): return "pca(to: \(dimension), then: \(inner))"
        case .pca(let dimension, let variant?, let inner):
            return "pca(to: \(dimension), isWhitened: \(variant.isWhitened), isRotated: \(variant.isRotated), "
                + "then: \(inner))"
        case .normalized(let inner): return "normalized(then: \(inner))"
        case .opq(let subquantizers, let dimension, let inner):
            return "opq(subquantizers: \(subquantizers), \(to(dimension))then: \(inner))"
        case .randomRotation(let dimension, let inner): return "randomRotation(\(to(dimension))then: \(inner))"
        case .refined(let base, let factor): return "refined(\(base), by: \(factor))"
        }
    }
}

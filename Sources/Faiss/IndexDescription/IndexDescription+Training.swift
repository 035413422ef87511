extension IndexDescription {
    /// Whether an index of this kind must be trained before vectors can be added.
    public var needsTraining: Bool {
        switch kind {
        case .flat, .hnsw, .scalarQuantized(.float16): false
        case .scalarQuantized, .pq, .pqFastScan, .rabitq, .ivf, .pca, .opq, .randomRotation: true
        case .normalized(let inner), .refined(let inner, _): inner.needsTraining
        }
    }

    /// The fewest vectors that training needs.
    var minimumTrainingCount: Int {
        switch kind {
        case .scalarQuantized, .rabitq: 1
        case .pq(_, let bitsPerCode): 1 << bitsPerCode
        case .pqFastScan: 16
        case .ivf(let lists, let storing): max(lists.number ?? 1, storing.minimumTrainingCount)
        default: inner?.minimumTrainingCount ?? 0
        }
    }

    /// The number of inverted lists, however deep they lie, where there are any and their number is decided.
    public var listCount: Int? {
        if case .ivf(let lists, _) = kind { return lists.number }
        return inner?.listCount
    }

    /// The description with its number of lists decided.
    func resolved(count: Int, trainingCount: Int) -> IndexDescription {
        func resolved(_ inner: IndexDescription) -> IndexDescription {
            inner.resolved(count: count, trainingCount: trainingCount)
        }
        switch kind {
        case .flat, .scalarQuantized, .pq, .pqFastScan, .rabitq, .hnsw: return self
        case .ivf(let lists, let storing):
            return .ivf(lists: .count(lists.resolved(count: count, trainingCount: trainingCount)), storing: storing)
        case .pca(let dimension, let variant, let inner):
            return .pca(to: dimension, variant: variant, then: resolved(inner))
        case .normalized(let inner): return .normalized(then: resolved(inner))
        case .opq(let subquantizers, let dimension, let inner):
            return .opq(subquantizers: subquantizers, to: dimension, then: resolved(inner))
        case .randomRotation(let dimension, let inner): return .randomRotation(to: dimension, then: resolved(inner))
        case .refined(let base, let factor): return .refined(resolved(base), by: factor)
        }
    }
}

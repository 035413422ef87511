public import Vectors

extension IndexDescription {
    /// Refuses what can't be built for vectors of this dimension.
    ///
    /// - Throws: `invalidArgument` with the value and its limit, `tooLarge` where
    ///   what training needs does not fit in the machine's memory.
    public func validate(dimension: Int) throws(VectorError) {
        guard !isTooDeep else {
            throw VectorError(.invalidArgument, "builders are nested more than \(Self.maximumDepth) deep")
        }
        try checkRange(dimension, 1...VectorMatrix.maximumDimension, "dimension")
        switch kind {
        case .flat, .scalarQuantized, .normalized: break
        case .pq(let subquantizers, let bitsPerCode):
            try Self.validate(subquantizers: subquantizers, dimension: dimension)
            guard bitsPerCode == 4 || bitsPerCode == 8 else {
                throw VectorError(.invalidArgument, "bits per code \(bitsPerCode) is neither 4 nor 8")
            }
        case .pqFastScan(let subquantizers):
            try Self.validate(subquantizers: subquantizers, dimension: dimension)
        case .rabitq(let bits): try checkRange(bits, 1...4, "number of bits")
        case .hnsw(let neighbors, let efConstruction):
            try checkRange(neighbors, 2...256, "number of neighbors")
            try checkRange(efConstruction, 1...4096, "efConstruction")
        case .ivf(let lists, let storing):
            try checkRange(lists.number ?? 1, 1...ListCount.maximum, "number of lists")
            switch storing.kind {
            case .flat, .scalarQuantized, .pq, .pqFastScan, .rabitq: break
            default:
                throw VectorError(
                    .invalidArgument,
                    "inverted lists can't store \(storing): only flat, scalarQuantized, pq, pqFastScan and rabitq"
                )
            }
        case .pca(let output, let variant, let inner):
            try Self.validateTransform(from: dimension, to: output)
            guard variant?.isWhitened != true || !inner.storesHalfPrecision else {
                throw VectorError(
                    .invalidArgument,
                    "\(inner) stores half precision, which can't hold what whitening may make of a vector"
                )
            }
        case .opq(let subquantizers, let output, let inner):
            try Self.validateTransform(from: dimension, to: output ?? dimension)
            try Self.validate(subquantizers: subquantizers, dimension: output ?? dimension)
            guard inner.subquantizers == subquantizers else {
                throw VectorError(
                    .invalidArgument,
                    "OPQ for \(subquantizers) subquantizers can't serve \(inner), which has "
                        + "\(inner.subquantizers.map(String.init) ?? "none")"
                )
            }
        case .randomRotation(let output, _):
            try Self.validateTransform(from: dimension, to: output ?? dimension)
        case .refined(let base, let factor):
            guard factor >= 1, factor <= 1000 else {
                throw VectorError(.invalidArgument, "factor \(factor) of a refinement is outside 1...1000")
            }
            guard !base.isRefined else {
                throw VectorError(.invalidArgument, "\(base) is refined already: its distances are exact")
            }
        }
        try inner?.validate(dimension: innerDimension(dimension))
    }

    /// The dimension of the description inside, for vectors of this dimension.
    func innerDimension(_ dimension: Int) -> Int {
        switch kind {
        case .pca(let output, _, _), .opq(_, let output?, _), .randomRotation(let output?, _): output
        default: dimension
        }
    }

    private static func validate(subquantizers: Int, dimension: Int) throws(VectorError) {
        try checkRange(subquantizers, 1...dimension, "number of subquantizers")
        guard dimension.isMultiple(of: subquantizers) else {
            throw VectorError(
                .invalidArgument,
                "dimension \(dimension) is not divisible by \(subquantizers) subquantizers"
            )
        }
    }

    private static func validateTransform(from dimension: Int, to output: Int) throws(VectorError) {
        try checkRange(dimension, 1...maximumTransformDimension, "dimension before a transform")
        try checkRange(output, 1...dimension, "dimension after a transform")
        // A covariance, its factors and the matrix itself, most of them in double precision.
        try checkMemory(bytes: 4 * 8 * dimension * dimension, for: "a transform of \(dimension) dimensions")
    }

    /// The parts of the product quantizer that is in here somewhere.
    private var subquantizers: Int? {
        switch kind {
        case .pq(let subquantizers, _), .pqFastScan(let subquantizers): subquantizers
        default: inner?.subquantizers
        }
    }

    /// Refuses what can't be compared by this metric.
    func validate(metric: Metric) throws(VectorError) {
        guard metric != .cosine || !isWhitened else {
            throw VectorError(
                .invalidArgument,
                "\(self) stretches vectors, after which no cosine is left: put normalized(then:) behind the PCA"
            )
        }
    }

    /// Whether the lengths of vectors are changed and stay so.
    private var isWhitened: Bool {
        switch kind {
        case .normalized: false
        case .pca(_, .some(let variant), let inner) where variant.isWhitened: !inner.isNormalized
        default: inner?.isWhitened ?? false
        }
    }

    private var isNormalized: Bool { if case .normalized = kind { true } else { inner?.isNormalized ?? false } }

    /// Whether vectors, of whatever length a transform in front left them, are stored in half precision.
    private var storesHalfPrecision: Bool {
        switch kind {
        case .scalarQuantized(.float16): true
        case .normalized: false
        default: inner?.storesHalfPrecision ?? false
        }
    }

    private var isRefined: Bool { if case .refined = kind { true } else { inner?.isRefined ?? false } }
}

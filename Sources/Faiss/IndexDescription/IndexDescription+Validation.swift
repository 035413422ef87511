import Vectors

extension IndexDescription {
    /// Refuses what can't be built for vectors of this dimension.
    ///
    /// - Throws: ``FaissError/Code/invalidArgument`` with the value and its limit, ``FaissError/Code/tooLarge`` where
    ///   what training needs does not fit in the machine's memory.
    public func validate(dimension: Int) throws(FaissError) {
        try checkRange(dimension, 1...VectorMatrix.maximumDimension, "dimension")
        switch kind {
        case .flat, .scalarQuantized: break
        case .pq(let subquantizers, let bitsPerCode):
            try Self.validate(subquantizers: subquantizers, dimension: dimension)
            guard bitsPerCode == 4 || bitsPerCode == 8 else {
                throw FaissError(.invalidArgument, "bits per code \(bitsPerCode) is neither 4 nor 8")
            }
        case .pqFastScan(let subquantizers):
            try Self.validate(subquantizers: subquantizers, dimension: dimension)
        case .hnsw(let neighbors, let efConstruction):
            try checkRange(neighbors, 2...256, "number of neighbors")
            try checkRange(efConstruction, 1...4096, "efConstruction")
        case .ivf(let lists, let storing):
            try checkRange(lists.number ?? 1, 1...ListCount.maximum, "number of lists")
            switch storing.kind {
            case .flat, .scalarQuantized, .pq, .pqFastScan: try storing.validate(dimension: dimension)
            default:
                throw FaissError(
                    .invalidArgument,
                    "inverted lists can't store \(storing): only flat, scalarQuantized, pq and pqFastScan"
                )
            }
        case .pca(let output, let variant, let inner):
            try Self.validateTransform(from: dimension, to: output)
            guard variant?.isWhitened != true || !inner.storesHalfPrecision else {
                throw FaissError(
                    .invalidArgument,
                    "\(inner) stores half precision, which can't hold what whitening may make of a vector"
                )
            }
            try inner.validate(dimension: output)
        case .normalized(let inner): try inner.validate(dimension: dimension)
        case .opq(let subquantizers, let output, let inner):
            try Self.validateTransform(from: dimension, to: output ?? dimension)
            try Self.validate(subquantizers: subquantizers, dimension: output ?? dimension)
            guard inner.subquantizers == subquantizers else {
                throw FaissError(
                    .invalidArgument,
                    "OPQ for \(subquantizers) subquantizers can't serve \(inner), which has "
                        + "\(inner.subquantizers.map(String.init) ?? "none")"
                )
            }
            try inner.validate(dimension: output ?? dimension)
        case .randomRotation(let output, let inner):
            try Self.validateTransform(from: dimension, to: output ?? dimension)
            try inner.validate(dimension: output ?? dimension)
        case .refined(let base, let factor):
            guard factor >= 1, factor <= 1000 else {
                throw FaissError(.invalidArgument, "factor \(factor) of a refinement is outside 1...1000")
            }
            guard !base.isRefined else {
                throw FaissError(.invalidArgument, "\(base) is refined already: its distances are exact")
            }
            try base.validate(dimension: dimension)
        case .tooDeep:
            throw FaissError(.invalidArgument, "builders are nested more than \(Self.maximumDepth) deep")
        }
    }

    private static func validate(subquantizers: Int, dimension: Int) throws(FaissError) {
        try checkRange(subquantizers, 1...dimension, "number of subquantizers")
        guard dimension.isMultiple(of: subquantizers) else {
            throw FaissError(
                .invalidArgument,
                "dimension \(dimension) is not divisible by \(subquantizers) subquantizers"
            )
        }
    }

    private static func validateTransform(from dimension: Int, to output: Int) throws(FaissError) {
        try checkRange(dimension, 1...maximumTransformDimension, "dimension before a transform")
        try checkRange(output, 1...dimension, "dimension after a transform")
        // A covariance, its factors and the matrix itself, most of them in double precision.
        try withFaissError {
            try checkMemory(bytes: 4 * 8 * dimension * dimension, for: "a transform of \(dimension) dimensions")
        }
    }

    /// The parts of the product quantizer that is in here somewhere.
    private var subquantizers: Int? {
        switch kind {
        case .pq(let subquantizers, _), .pqFastScan(let subquantizers): subquantizers
        default: inner?.subquantizers
        }
    }

    /// Refuses what this metric makes no sense of.
    func validate(metric: Metric) throws(FaissError) {
        guard metric != .cosine || !isWhitened else {
            throw FaissError(
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

    /// Whether an index of this kind must be trained before vectors can be added.
    public var needsTraining: Bool {
        switch kind {
        case .flat, .hnsw, .scalarQuantized(.float16): false
        case .scalarQuantized, .pq, .pqFastScan, .ivf, .pca, .opq, .randomRotation, .tooDeep: true
        case .normalized(let inner), .refined(let inner, _): inner.needsTraining
        }
    }

    /// The fewest vectors that training needs, for vectors of this dimension.
    func minimumTrainingCount(dimension: Int) -> Int {
        switch kind {
        case .flat, .hnsw, .tooDeep: 0
        case .scalarQuantized: 1
        case .pq(_, let bitsPerCode): 1 << bitsPerCode
        case .pqFastScan: 16
        case .ivf(let lists, let storing):
            max(lists.number ?? 1, storing.minimumTrainingCount(dimension: dimension))
        // From fewer vectors, no full set of directions can be learned.
        case .pca(let output, _, let inner): inner.minimumTrainingCount(dimension: output)
        case .opq(_, let output, let inner), .randomRotation(let output, let inner):
            inner.minimumTrainingCount(dimension: output ?? dimension)
        case .normalized(let inner), .refined(let inner, _): inner.minimumTrainingCount(dimension: dimension)
        }
    }

    /// The largest magnitude of a component of vectors that can be stored, for vectors of this dimension:
    /// ``VectorIndex/maximumMagnitude``, or less where half-precision numbers are stored, of vectors as they are, of what
    /// is left of them without a centroid, or of turned ones.
    public func maximumMagnitude(dimension: Int) -> Float {
        switch kind {
        case .flat, .pq, .pqFastScan, .hnsw, .tooDeep: return VectorIndex.maximumMagnitude
        case .scalarQuantized(let type): return type == .float16 ? 65_504 : VectorIndex.maximumMagnitude
        case .ivf(_, let storing):
            let limit = storing.maximumMagnitude(dimension: dimension)
            return limit == VectorIndex.maximumMagnitude ? limit : limit / 2
        case .refined(let base, _): return base.maximumMagnitude(dimension: dimension)
        case .pca(let output, let variant, let inner):
            let limit = inner.maximumMagnitude(dimension: output)
            let allowed = Self.beforeTransform(limit, dimension: dimension, isMoved: true)
            return variant?.isWhitened == true ? allowed / Self.largestStretch : allowed
        case .normalized: return VectorIndex.maximumMagnitude
        case .opq(_, let output, let inner), .randomRotation(let output, let inner):
            let limit = inner.maximumMagnitude(dimension: output ?? dimension)
            return Self.beforeTransform(limit, dimension: dimension, isMoved: false)
        }
    }

    /// The most that whitening multiplies by.
    static let largestStretch: Float = 1e6

    /// The largest magnitude of a component of a query, whose distances must not overflow either.
    var maximumQueryMagnitude: Float {
        switch kind {
        case .normalized: VectorIndex.maximumMagnitude
        case .pca(_, .some(let variant), let inner) where variant.isWhitened:
            inner.maximumQueryMagnitude / Self.largestStretch
        default: inner?.maximumQueryMagnitude ?? VectorIndex.maximumMagnitude
        }
    }

    /// A component after a transform is as large as the whole vector was at most, and twice that if the mean is taken off.
    private static func beforeTransform(_ limit: Float, dimension: Int, isMoved: Bool) -> Float {
        limit == VectorIndex.maximumMagnitude
            ? limit : limit / Float(max(dimension, 1)).squareRoot() / (isMoved ? 2 : 1)
    }
}

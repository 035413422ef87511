extension IndexDescription {
    /// The largest magnitude of a component of vectors that can be stored, for vectors of this dimension:
    /// ``VectorIndex/maximumMagnitude``, or less where half-precision numbers are stored, of vectors as they are, of what
    /// is left of them without a centroid, or of turned ones.
    public func maximumMagnitude(dimension: Int) -> Float {
        let limit =
            inner?.maximumMagnitude(dimension: innerDimension(dimension)) ?? VectorIndex.maximumMagnitude
        switch kind {
        case .scalarQuantized(.float16): return 65_504
        case .normalized: return VectorIndex.maximumMagnitude
        case .ivf: return limit == VectorIndex.maximumMagnitude ? limit : limit / 2
        case .pca(_, let variant, _):
            let allowed = Self.beforeTransform(limit, dimension: dimension, isMoved: true)
            return variant?.isWhitened == true ? allowed / Self.largestStretch : allowed
        case .opq, .randomRotation: return Self.beforeTransform(limit, dimension: dimension, isMoved: false)
        default: return limit
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

/// How the nearness of two vectors is measured.
public enum Metric: String, Sendable, Hashable, Codable, CaseIterable, CustomStringConvertible {
    /// Squared Euclidean distance, Σ (aᵢ − bᵢ)²; smaller is nearer. Faiss: `METRIC_L2`.
    case squaredL2
    /// Inner product, Σ aᵢ·bᵢ; larger is nearer. Faiss: `METRIC_INNER_PRODUCT`.
    case innerProduct
    /// Cosine of the angle, from −1 to 1; larger is nearer.
    ///
    /// Faiss has no cosine of its own: an index with this metric normalises what is added and what is asked, and
    /// compares by inner product. A zero vector has no direction and is refused.
    case cosine

    /// Whether a larger value means nearer.
    public var largerIsNearer: Bool { self != .squaredL2 }

    /// Whether `first` is strictly nearer than `second`, both measured with this metric.
    public func isNearer(_ first: Float, than second: Float) -> Bool {
        largerIsNearer ? first > second : first < second
    }

    /// The metric's name in words.
    public var description: String {
        switch self {
        case .squaredL2: "squared L2"
        case .innerProduct: "inner product"
        case .cosine: "cosine"
        }
    }
}

import Vectors

/// What vectors consist of, and how they are compared.
enum VectorKind: Sendable {
    case numbers(Metric)
    /// Compared by the number of different bits.
    case bits

    /// Nil for bits.
    var metric: Metric? { if case .numbers(let metric) = self { metric } else { nil } }

    var areBits: Bool { metric == nil }

    /// The bytes of a vector.
    func rowBytes(_ dimension: Int) -> Int { areBits ? dimension / 8 : 4 * dimension }

    /// Vectors of this dimension in words.
    func vectors(_ dimension: Int) -> String {
        areBits ? "vectors of \(dimension) bits" : "vectors of dimension \(dimension)"
    }

    /// The order of answers: nearest first, equally near ones by id.
    func isBefore(_ first: Neighbor, _ second: Neighbor) -> Bool {
        if first.distance == second.distance { return first.id < second.id }
        return metric?.isNearer(first.distance, than: second.distance) ?? (first.distance < second.distance)
    }

    /// Rounding can carry the cosine of two nearly equal vectors a little beyond 1, and a squared distance that Faiss
    /// adds up from precomputed terms a little below 0.
    func clamped(_ distance: Float) -> Float {
        switch self {
        case .numbers(.squaredL2): max(distance, 0)
        case .numbers(.innerProduct), .bits: distance
        case .numbers(.cosine): min(max(distance, -1), 1)
        }
    }

    /// Refuses what can't be built over such vectors.
    func validate(_ description: IndexDescription, dimension: Int) throws(VectorError) {
        if areBits {
            try BinaryMatrix.check(dimension: dimension)
            guard description.holdsBits else {
                throw VectorError(
                    .unsupported,
                    "\(description) can't hold binary vectors: only flat, ivfFlat and hnsw can"
                )
            }
        }
        try description.validate(dimension: dimension)
        if let metric { try description.validate(metric: metric) }
    }

    /// The goal, after its numbers have been checked.
    func validated(_ goal: SearchGoal, dimension: Int) throws(VectorError) -> SearchGoal {
        switch (goal, self) {
        case (.nearest(let k), _):
            guard k >= 1 else { throw VectorError(.invalidArgument, "k \(k) is less than 1") }
            return goal
        case (.within(let radius), .bits):
            guard radius >= 0 else {
                throw VectorError(.invalidArgument, "the radius \(Int(radius)) is negative, a number of bits never is")
            }
            return .within(min(radius, Float(dimension + 1)))
        case (.within(let radius), .numbers(let metric)):
            guard radius.isFinite else { throw VectorError(.notFinite, "the radius \(radius) is not finite") }
            guard radius >= 0 || metric.largerIsNearer else {
                throw VectorError(.invalidArgument, "the radius \(radius) is negative, a squared distance never is")
            }
            return goal
        }
    }
}

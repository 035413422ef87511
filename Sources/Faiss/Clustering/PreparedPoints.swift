import Vectors

/// Points without NaN, infinities and magnitudes that squared distances overflow with; where directions count, none of
/// them zero and all of length 1.
func preparedPoints(_ points: VectorMatrix, areNormalized: Bool) throws(FaissError) -> VectorMatrix {
    try points.withUnsafeBufferPointer { values throws(FaissError) in
        try checkFinite(values, dimension: points.dimension)
    }
    guard areNormalized else { return points }
    for row in 0..<points.count where points[row].allSatisfy({ $0 == 0 }) {
        throw FaissError(.invalidArgument, "row \(row) is all zeros: it has no direction")
    }
    return points.normalized()
}

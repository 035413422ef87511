import Vectors

/// Refuses ids that are not one a vector.
func checkCount(_ ids: [Int64], vectors count: Int) throws(VectorError) {
    guard ids.count == count else { throw VectorError(.invalidArgument, "\(ids.count) ids don't fit \(count) vectors") }
}

/// Refuses NaN, infinities and magnitudes beyond the limit, naming the place.
func checkFinite(
    _ values: UnsafeBufferPointer<Float>,
    dimension: Int,
    limit largest: Float = VectorIndex.maximumMagnitude
) throws(VectorError) {
    guard let place = firstPlace(in: values, beyond: largest) else { return }
    throw VectorError(
        .notFinite,
        "the value \(values[place]) in row \(place / dimension), column \(place % dimension) is "
            + "not finite or larger than \(largest)"
    )
}

/// The place of the first value that is not finite or whose magnitude is larger than the limit.
package func firstPlace(
    in values: UnsafeBufferPointer<Float>,
    beyond largest: Float = VectorIndex.maximumMagnitude
) -> Int? {
    // On the bits, where NaN and infinity are larger than any finite magnitude, in a loop without a branch.
    let limit = largest.bitPattern
    var excess: UInt32 = 0
    for value in values {
        let magnitude = value.bitPattern & 0x7FFF_FFFF
        excess |= magnitude > limit ? 1 : 0
    }
    return excess == 0 ? nil : values.firstIndex { !($0.magnitude <= largest) }
}

/// Points without NaN, infinities and magnitudes that squared distances overflow with; where directions count, none of
/// them zero and all of length 1.
func preparedPoints(_ points: VectorMatrix, areNormalized: Bool) throws(VectorError) -> VectorMatrix {
    try points.withUnsafeBufferPointer { values throws(VectorError) in
        try checkFinite(values, dimension: points.dimension)
    }
    guard areNormalized else { return points }
    for row in 0..<points.count where points[row].allSatisfy({ $0 == 0 }) {
        throw VectorError(.invalidArgument, "row \(row) is all zeros: it has no direction")
    }
    return points.normalized()
}

import Vectors

/// Runs a body that throws a ``VectorError`` and passes its failure on as a ``FaissError``.
func withFaissError<Result>(_ body: () throws -> Result) throws(FaissError) -> Result {
    do {
        return try body()
    } catch let error as FaissError {
        throw error
    } catch let error as VectorError {
        throw FaissError(error)
    } catch {
        throw FaissError(.faiss, "\(error)")
    }
}

/// Refuses a number outside its range.
func checkRange(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws(FaissError) {
    guard range.contains(value) else {
        throw FaissError(.invalidArgument, "\(name) \(value) is outside \(range.lowerBound)...\(range.upperBound)")
    }
}

/// Refuses ids that are not one a vector.
func checkCount(_ ids: [Int64], vectors count: Int) throws(FaissError) {
    guard ids.count == count else { throw FaissError(.invalidArgument, "\(ids.count) ids don't fit \(count) vectors") }
}

/// Refuses NaN, infinities and magnitudes beyond the limit, naming the place.
func checkFinite(
    _ values: UnsafeBufferPointer<Float>,
    dimension: Int,
    limit largest: Float = VectorIndex.maximumMagnitude
) throws(FaissError) {
    guard let place = firstPlace(in: values, beyond: largest) else { return }
    throw FaissError(
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

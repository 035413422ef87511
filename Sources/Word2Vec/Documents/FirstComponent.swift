import Synchronization
import Vectors

import func Foundation.log

/// The first right singular vector of a matrix, not centred, by power iteration.
///
/// A pass multiplies the direction by the matrix and then by its transpose, which needs no more memory than a few rows,
/// whatever the dimension. All in double precision, in which no square of a float is out of range.
func firstComponent(
    of matrix: VectorMatrix,
    _ threads: ThreadLimit,
    _ cancellation: Cancellation,
    _ progress: ((Double) -> Void)?
) throws(VectorError) -> [Float] {
    let dimension = matrix.dimension
    if let place = matrix.values.firstIndex(where: { !$0.isFinite }) {
        throw VectorError(.notFinite, "document \(place / dimension) holds \(matrix.values[place])")
    }
    // Not the mean, which may stand at right angles to the direction looked for and would then never find it.
    var random = RandomGenerator(seed: 1)
    var direction = (0..<dimension).map { _ in Double(random.unit()) - 0.5 }
    guard normalize(&direction) > 0 else { return [1] }
    let tolerance = 1e-7
    for _ in 0..<1_000 {
        var next = try pass(matrix, direction, threads, cancellation)
        guard normalize(&next) > 0 else {
            throw VectorError(
                .invalidArgument,
                "all of the \(matrix.count) documents' vectors are zero: they have nothing in common to take away"
            )
        }
        let change = zip(next, direction).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        direction = next
        guard change > tolerance else { break }
        // The change falls at a steady rate, so its logarithm gives the progress.
        progress?(min(max(0, log(change) / log(tolerance)), 1))
    }
    progress?(1)
    let largest = direction.max { $0.magnitude < $1.magnitude } ?? 0
    return direction.map { Float(largest < 0 ? -$0 : $0) }
}

/// The matrix's transpose times the matrix times the direction.
private func pass(
    _ matrix: VectorMatrix,
    _ direction: [Double],
    _ threads: ThreadLimit,
    _ cancellation: Cancellation
) throws(VectorError) -> [Double] {
    // The same parts whatever the number of threads, added up in their order, so that the sum is the same.
    let sums = Mutex<[Int: [Double]]>([:])
    try inPieces(
        of: matrix.count,
        size: (matrix.count + 63) / 64,
        threads: threads,
        cancellation,
        "looking for what \(matrix.count) documents have in common"
    ) { part in
        var sum = [Double](repeating: 0, count: direction.count)
        matrix.withUnsafeBufferPointer { values in
            for number in part { add(values, number * direction.count, direction, to: &sum) }
        }
        sums.withLock { $0[part.lowerBound] = sum }
    }
    return sums.withLock { sums in
        sums.sorted { $0.key < $1.key }.reduce(into: [Double](repeating: 0, count: direction.count)) { total, part in
            for column in total.indices { total[column] += part.value[column] }
        }
    }
}

/// Adds a row to the sum, as often as it is long along the direction.
private func add(
    _ values: UnsafeBufferPointer<Float>,
    _ start: Int,
    _ direction: [Double],
    to sum: inout [Double]
) {
    let row = UnsafeBufferPointer(rebasing: values[start..<start + direction.count])
    direction.withUnsafeBufferPointer { direction in
        // Four sums, so that an addition needn't wait for the one before.
        var products = SIMD4<Double>.zero
        let whole = row.count & ~3
        for column in stride(from: 0, to: whole, by: 4) {
            products[0] += direction[column] * Double(row[column])
            products[1] += direction[column + 1] * Double(row[column + 1])
            products[2] += direction[column + 2] * Double(row[column + 2])
            products[3] += direction[column + 3] * Double(row[column + 3])
        }
        var along = products.sum()
        for column in whole..<row.count { along += direction[column] * Double(row[column]) }
        sum.withUnsafeMutableBufferPointer { sum in
            for column in row.indices { sum[column] += along * Double(row[column]) }
        }
    }
}

/// Scales a vector to length 1; its length before. A zero vector stays zero.
private func normalize(_ vector: inout [Double]) -> Double {
    // By the largest component first: the squares of what a pass gives may be out of a double's range.
    let largest = vector.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return 0 }
    let length = vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    for column in vector.indices { vector[column] = vector[column] / largest / length }
    return largest * length
}

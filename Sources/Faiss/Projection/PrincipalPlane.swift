import Vectors

/// The coordinates of points in the plane of their first two principal components, around their mean; in a unit of
/// their own.
func principalPlane(of points: VectorMatrix, watch: Watch) throws(FaissError) -> [SIMD2<Float>] {
    // Two directions need no more points than this to be told.
    let step = max(1, points.count / 10_000)
    let sample = stride(from: 0, to: points.count, by: step)
    let largest = points.values.reduce(0) { max($0, $1.magnitude) }
    guard largest > 0 else { return [SIMD2<Float>](repeating: SIMD2(), count: points.count) }
    return try points.withUnsafeBufferPointer { values throws(FaissError) in
        let dimension = points.dimension
        var mean = [Float](repeating: 0, count: dimension)
        let share = 1 / Float((points.count + step - 1) / step)
        for row in sample {
            for column in 0..<dimension { mean[column] += share * values[row * dimension + column] }
        }
        // The two coordinates of a row. Scaled, so that squares of large ones don't overflow.
        func coordinates(_ row: Int, _ axes: [SIMD2<Float>]) -> SIMD2<Float> {
            var sum = SIMD2<Float>()
            for column in 0..<dimension {
                sum += (values[row * dimension + column] - mean[column]) / largest * axes[column]
            }
            return sum
        }
        // Orthogonal iteration: rows times axes, then rows times coordinates, turn any two directions to the two widest.
        var random = Noise(seed: 1)
        var axes = (0..<dimension).map { _ in random.next() }
        orthonormalize(&axes)
        for _ in 0..<30 {
            try watch.checkCancellation()
            var turned = [SIMD2<Float>](repeating: SIMD2(), count: dimension)
            for row in sample {
                let place = coordinates(row, axes)
                for column in 0..<dimension {
                    turned[column] += (values[row * dimension + column] - mean[column]) / largest * place
                }
            }
            orthonormalize(&turned)
            axes = turned
        }
        return (0..<points.count).map { coordinates($0, axes) }
    }
}

/// Makes two directions, the lanes of a vector, orthogonal and of length 1; one that vanishes stays zero.
private func orthonormalize(_ axes: inout [SIMD2<Float>]) {
    func scale(_ lane: Int) {
        let length = axes.reduce(0) { $0 + $1[lane] * $1[lane] }.squareRoot()
        for column in axes.indices { axes[column][lane] = length > 1e-20 ? axes[column][lane] / length : 0 }
    }
    scale(0)
    let common = axes.reduce(0) { $0 + $1.x * $1.y }
    for column in axes.indices { axes[column].y -= common * axes[column].x }
    scale(1)
}

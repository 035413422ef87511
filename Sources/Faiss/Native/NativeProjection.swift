import CFaiss
import FaissC
import Vectors

/// The directions in which rows differ most: their mean, the directions one after the other, the variance along each,
/// and that of all dimensions together.
func nativePrincipalComponents(
    of points: UnsafeBufferPointer<Float>,
    dimension: Int,
    count: Int,
    watch: borrowing Watch
) throws(VectorError) -> (mean: [Double], components: [Double], variances: [Double], total: Double) {
    var mean = [Double](repeating: 0, count: dimension)
    var components = [Double](repeating: 0, count: count * dimension)
    var variances = [Double](repeating: 0, count: count)
    var total = 0.0
    try watch.run(threads: 1) { work in
        faiss_principal_components(
            points.count / dimension,
            dimension,
            points.baseAddress,
            count,
            &work,
            &mean,
            &components,
            &variances,
            &total
        )
    }
    return (mean, components, variances, total)
}

/// The products of rows, less a mean where there is one, with the rows of a matrix, plus another mean.
func nativeProjection(
    of points: UnsafeBufferPointer<Float>,
    minus mean: [Double]?,
    times matrix: UnsafeBufferPointer<Float>,
    dimension: Int,
    plus otherMean: [Double]?,
    threads: ThreadLimit,
    into projected: UnsafeMutableBufferPointer<Float>
) throws(VectorError) {
    try withOptionalBuffer(of: mean) { mean throws(VectorError) in
        try withOptionalBuffer(of: otherMean) { otherMean throws(VectorError) in
            try check(
                faiss_project(
                    points.count / dimension,
                    dimension,
                    matrix.count / dimension,
                    points.baseAddress,
                    mean?.baseAddress,
                    matrix.baseAddress,
                    otherMean?.baseAddress,
                    threads.openMP,
                    projected.baseAddress
                )
            )
        }
    }
}

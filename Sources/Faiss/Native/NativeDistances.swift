import CFaiss

/// The squared L2 distances of a vector to rows that lie one after the other, by the kernels of the C++ core.
func nativeSquaredDistances(
    of vector: UnsafeBufferPointer<Float>,
    to rows: UnsafeBufferPointer<Float>,
    into distances: UnsafeMutableBufferPointer<Float>
) {
    faiss_fvec_L2sqr_ny(distances.baseAddress, vector.baseAddress, rows.baseAddress, vector.count, distances.count)
}

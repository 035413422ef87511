internal import VectorsC

/// Refuses to work where the environment variable `SWIFT_FAISS_SIMD` names vector instructions that don't exist, or that
/// this processor lacks: a misspelt level would otherwise be measured, or tested, as another.
package func checkKernelLevel() throws(VectorError) {
    if let error = kernel_level_error() { throw VectorError(.invalidArgument, String(cString: error)) }
}

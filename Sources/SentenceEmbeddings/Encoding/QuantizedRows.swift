/// Rows of inputs in 8 bits, in a piece's working memory.
///
/// `@unchecked Sendable`: as ``Rows``.
struct QuantizedRows: @unchecked Sendable {
    let values: UnsafeMutablePointer<Int32>
    let scales: UnsafeMutablePointer<Float>
    let zeros: UnsafeMutablePointer<Int32>
}

import Vectors

/// Rows of floats in a piece's working memory, `stride` apart.
///
/// `@unchecked Sendable`: the members of a ``Team`` write different rows, columns or heads, and none reads what another
/// writes before all of them are done.
struct Rows: @unchecked Sendable {
    let start: UnsafeMutablePointer<Float>
    let stride: Int

    subscript(row: Int) -> UnsafeMutablePointer<Float> { start + row * stride }

    /// Floats from a row to the next, if it has so many columns.
    static func stride(of columns: Int) -> Int { (columns + 31) / 32 * 32 }
}

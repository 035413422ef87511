#if Milvus
public import VectorStorage
public import Vectors

/// The rows of a collection on a server, one after the other; see ``MilvusCollection/rows(where:)``.
public struct MilvusRows: AsyncSequence, Sendable {
    let collection: MilvusCollection
    let condition: MetadataCondition?

    /// Begins at the first row.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads a page ahead, of at most 16 MiB.
    public struct Iterator: AsyncIteratorProtocol {
        private let rows: MilvusRows
        private var pages: RowPages?
        private var page: ArraySlice<StoredVector> = []
        private var isAtEnd = false

        fileprivate init(_ rows: MilvusRows) { self.rows = rows }

        /// The next row; nil at the end, and after an error.
        ///
        /// - Throws: `VectorError` with code `invalidArgument`, `unavailable`, `timedOut`, `server`, `tooLarge`,
        ///   `cancelled`, `closed`.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(VectorError) -> StoredVector? {
            while page.isEmpty, !isAtEnd {
                do throws(VectorError) {
                    if Task.isCancelled { throw .cancelled }
                    var pages =
                        if let pages {
                            pages
                        } else {
                            RowPages(
                                collection: rows.collection,
                                expression: try ServerExpression.text(of: rows.condition)
                            )
                        }
                    let columns = try await pages.next()
                    self.pages = pages
                    isAtEnd = columns == nil
                    page = try columns?.rows(dimension: rows.collection.dimension)[...] ?? []
                } catch {
                    isAtEnd = true
                    throw error
                }
            }
            return page.popFirst()
        }
    }
}
#endif

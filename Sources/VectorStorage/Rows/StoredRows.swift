public import Vectors

/// The rows of a collection, one after the other; see ``VectorCollection/rows(where:)``.
public struct StoredRows: AsyncSequence, Sendable {
    let live: LiveCollection
    let condition: MetadataCondition?

    /// Begins at the first row.
    public func makeAsyncIterator() -> Iterator { Iterator(self) }

    /// Reads some rows ahead, at most 1,024 or some MiB of them.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let rows: StoredRows
        private var reader: RowReader?
        private var batch: ArraySlice<StoredVector> = []
        private var isAtEnd = false

        fileprivate init(_ rows: StoredRows) { self.rows = rows }

        /// The next row; nil at the end, and after an error.
        ///
        /// - Throws: `VectorError` with code `damaged`, `inputOutput`, `invalidArgument`, `unknownCollection`,
        ///   `cancelled`, `closed`.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(VectorError) -> StoredVector? {
            do throws(VectorError) {
                if Task.isCancelled { throw .cancelled }
                if batch.isEmpty, !isAtEnd {
                    let (next, used) = try await runBlocking { [rows, reader] cancellation throws(VectorError) in
                        try rows.condition?.validate()
                        try rows.live.core.checkOpen()
                        var reader = if let reader { reader } else { try rows.live.rowReader() }
                        return (try reader.batch(where: rows.condition, cancellation: cancellation), reader)
                    }
                    (batch, reader, isAtEnd) = (next[...], used.isAtEnd ? nil : used, used.isAtEnd)
                }
            } catch {
                (reader, batch, isAtEnd) = (nil, [], true)
                throw error
            }
            return batch.popFirst()
        }
    }
}

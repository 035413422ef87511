import Vectors

/// A row within all limits, with its metadata in their stored format.
struct CheckedRow: Sendable {
    let row: StoredVector
    let metadata: [UInt8]

    /// Takes a row that ``RowRules`` allow.
    init(_ row: StoredVector) throws(VectorError) {
        self.row = row
        metadata = MetadataFormat.encode(row.metadata)
        guard metadata.count <= VectorMetadata.maximumSize else {
            throw VectorError(
                .invalidArgument,
                "the metadata of '\(row.key)' take \(metadata.count) bytes, more than \(VectorMetadata.maximumSize)"
            )
        }
    }
}

extension LiveCollection {
    /// What rows and queries must be.
    var rules: RowRules { RowRules(collection: record.name, dimension: dimension, metric: metric) }

    /// Checks rows and drops those that a later one replaces.
    func checked(_ rows: [StoredVector], cancellation: Cancellation) throws(VectorError) -> [CheckedRow] {
        try rules.latest(of: rows, cancellation: cancellation) { row throws(VectorError) in try CheckedRow(row) }
    }
}

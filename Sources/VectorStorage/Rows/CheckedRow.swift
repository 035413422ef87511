import Faiss
import Vectors

/// A row within all limits, with its metadata in their stored format.
struct CheckedRow: Sendable {
    let row: StoredVector
    let metadata: [UInt8]
}

extension LiveCollection {
    /// Checks rows and drops those that a later one replaces.
    func checked(_ rows: [StoredVector], cancellation: Cancellation) throws(VectorError) -> [CheckedRow] {
        var last: [VectorKey: Int] = [:]
        last.reserveCapacity(rows.count)
        for (number, row) in rows.enumerated() { last[row.key] = number }
        var latest: [CheckedRow] = []
        latest.reserveCapacity(last.count)
        for (number, row) in rows.enumerated() {
            if number & 1023 == 0, cancellation.isCancelled { throw .cancelled }
            let checked = try checked(row)
            if last[row.key] == number { latest.append(checked) }
        }
        return latest
    }

    /// Checks a row.
    func checked(_ row: StoredVector) throws(VectorError) -> CheckedRow {
        try row.key.validate()
        try check(row.vector, "the vector of '\(row.key)'")
        try row.metadata.validate(key: row.key)
        let metadata = MetadataFormat.encode(row.metadata)
        guard metadata.count <= VectorMetadata.maximumSize else {
            throw VectorError(
                .invalidArgument,
                "the metadata of '\(row.key)' take \(metadata.count) bytes, more than \(VectorMetadata.maximumSize)"
            )
        }
        return CheckedRow(row: row, metadata: metadata)
    }

    /// Refuses numbers that would give wrong answers: NaN, infinities, what overflows, and for cosine what has no
    /// direction.
    func check(_ vector: [Float], _ name: @autoclosure () -> String) throws(VectorError) {
        guard vector.count == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "\(name()) has \(vector.count) numbers, the collection '\(record.name)' has dimension \(dimension)"
            )
        }
        if let place = vector.withUnsafeBufferPointer({ firstPlace(in: $0) }) {
            throw VectorError(
                .notFinite,
                "\(name()) holds \(vector[place]), which is not finite or larger than \(VectorIndex.maximumMagnitude)"
            )
        }
        if metric == .cosine, !vector.withUnsafeBufferPointer({ inverseLength($0) }).isFinite {
            throw VectorError(.invalidArgument, "\(name()) is all zeros or nearly so: the cosine to it is not defined")
        }
    }
}

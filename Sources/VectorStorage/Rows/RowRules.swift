import Faiss
package import Vectors

/// What a row and a query must be to fit a collection, wherever the collection is.
package struct RowRules: Sendable {
    /// The collection's name, for messages.
    package let collection: String
    package let dimension: Int
    package let metric: Metric

    package init(collection: String, dimension: Int, metric: Metric) {
        self.collection = collection
        self.dimension = dimension
        self.metric = metric
    }

    /// Refuses a row that can't be stored.
    package func check(_ row: StoredVector) throws(VectorError) {
        try row.key.validate()
        try check(row.vector, "the vector of '\(row.key)'")
        try row.metadata.validate(key: row.key)
    }

    /// Refuses numbers that would give wrong answers: NaN, infinities, what overflows, and for cosine what has no
    /// direction.
    package func check(_ vector: [Float], _ name: @autoclosure () -> String) throws(VectorError) {
        guard vector.count == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "\(name()) has \(vector.count) numbers, the collection '\(collection)' has dimension \(dimension)"
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

    /// Refuses queries that can't be compared with the rows.
    package func check(_ queries: VectorMatrix) throws(VectorError) {
        guard queries.dimension == dimension else {
            throw VectorError(
                .dimensionMismatch,
                "queries of dimension \(queries.dimension) don't fit the collection '\(collection)' of \(dimension)"
            )
        }
        for row in 0..<queries.count { try check(Array(queries[row]), "query \(row)") }
    }

    /// Checks rows and drops those that a later one replaces.
    ///
    /// - Parameter prepare: makes of a checked row what will be stored.
    package func latest<Prepared>(
        of rows: [StoredVector],
        cancellation: Cancellation,
        _ prepare: (StoredVector) throws(VectorError) -> Prepared
    ) throws(VectorError) -> [Prepared] {
        var last: [VectorKey: Int] = [:]
        last.reserveCapacity(rows.count)
        for (number, row) in rows.enumerated() { last[row.key] = number }
        let areDifferent = last.count == rows.count
        var latest: [Prepared] = []
        latest.reserveCapacity(last.count)
        for (number, row) in rows.enumerated() {
            if number & 1023 == 0, cancellation.isCancelled { throw .cancelled }
            try check(row)
            let prepared = try prepare(row)
            if areDifferent || last[row.key] == number { latest.append(prepared) }
        }
        return latest
    }
}

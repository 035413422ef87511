import Faiss
package import Vectors

/// What makes a vector's length 1; in double precision, so that neither tiny nor huge vectors lose their length.
func inverseLength(_ vector: UnsafeBufferPointer<Float>) -> Float {
    var sum = 0.0
    for value in vector { sum += Double(value) * Double(value) }
    return Float(1 / sum.squareRoot())
}

/// A query that scores vectors, one by one.
///
/// `@unchecked Sendable`: the memory behind the pointer is written in `init` only.
package final class Scorer: @unchecked Sendable {
    private let metric: Metric
    private let dimension: Int
    private let query: UnsafeMutablePointer<Float>
    private let comparison: VectorComparison

    package init(_ query: some Collection<Float>, metric: Metric) {
        self.metric = metric
        dimension = query.count
        comparison = VectorComparison(metric)
        self.query = .allocate(capacity: dimension)
        let values = UnsafeMutableBufferPointer(start: self.query, count: dimension)
        _ = values.initialize(from: query)
        guard metric == .cosine else { return }
        let scale = inverseLength(UnsafeBufferPointer(values))
        for place in values.indices { values[place] *= scale }
    }

    deinit { query.deallocate() }

    /// - Parameter inverseLength: of the vector, if the metric is the cosine.
    private func score(_ vector: UnsafePointer<Float>, inverseLength: Float) -> Float {
        let score = comparison(query, vector, dimension)
        return metric == .cosine ? min(max(score * inverseLength, -1), 1) : score
    }

    /// The score of a vector, in the unit of the metric.
    package func score(_ vector: [Float]) -> Float {
        vector.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return 0 }
            return score(start, inverseLength: metric == .cosine ? inverseLength(values) : 1)
        }
    }

    /// The score of a row of a table that is in memory.
    func score(_ slot: Int, of table: RowTable) -> Float {
        let (chunk, place) = table.chunk(of: slot)
        return score(chunk.vectors + place * dimension, inverseLength: metric == .cosine ? chunk.scales[place] : 1)
    }

    /// The score of a row of the database, whose vector may lie at any address.
    func score(_ row: StoredRow) -> Float {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: dimension) { values in
            UnsafeMutableRawBufferPointer(values).copyMemory(from: row.vector)
            guard let start = values.baseAddress else { return 0 }
            return score(start, inverseLength: metric == .cosine ? inverseLength(UnsafeBufferPointer(values)) : 1)
        }
    }
}

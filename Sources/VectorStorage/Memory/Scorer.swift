import Faiss
import Vectors

/// What makes a vector's length 1; in double precision, so that neither tiny nor huge vectors lose their length.
func inverseLength(_ vector: UnsafeBufferPointer<Float>) -> Float {
    var sum = 0.0
    for value in vector { sum += Double(value) * Double(value) }
    return Float(1 / sum.squareRoot())
}

/// A query that scores rows of a table, one by one.
///
/// `@unchecked Sendable`: the memory behind the pointer is written in `init` only.
final class Scorer: @unchecked Sendable {
    private let table: RowTable
    private let query: UnsafeMutablePointer<Float>
    private let comparison: VectorComparison

    init(_ query: some Collection<Float>, table: RowTable) {
        self.table = table
        comparison = VectorComparison(table.metric)
        self.query = .allocate(capacity: table.dimension)
        let values = UnsafeMutableBufferPointer(start: self.query, count: table.dimension)
        _ = values.initialize(from: query)
        guard table.metric == .cosine else { return }
        let scale = inverseLength(UnsafeBufferPointer(values))
        for place in values.indices { values[place] *= scale }
    }

    deinit { query.deallocate() }

    /// The score of the row in a slot, in the unit of the metric.
    func score(_ slot: Int) -> Float {
        let (number, place) = slot.quotientAndRemainder(dividingBy: table.chunkCapacity)
        let chunk = table.chunks[number]
        let vector = chunk.vectors + place * table.dimension
        let score = comparison(query, vector, table.dimension)
        return table.metric == .cosine ? min(max(score * chunk.scales[place], -1), 1) : score
    }
}

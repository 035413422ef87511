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

/// The k best of the rows that it is offered, equally near ones by slot: a heap with the worst on top.
struct BestRows {
    struct Candidate {
        var slot: Int
        var score: Float
    }

    private let metric: Metric
    private let k: Int
    private var heap: [Candidate] = []

    init(k: Int, metric: Metric) {
        self.k = k
        self.metric = metric
    }

    /// All of them, best first.
    var sorted: [Candidate] { heap.sorted(by: isBefore) }

    mutating func offer(_ slot: Int, _ score: Float) {
        let candidate = Candidate(slot: slot, score: score)
        if heap.count < k {
            heap.append(candidate)
            var place = heap.count - 1
            while place > 0, isBefore(heap[(place - 1) / 2], heap[place]) {
                heap.swapAt(place, (place - 1) / 2)
                place = (place - 1) / 2
            }
        } else if isBefore(candidate, heap[0]) {
            heap[0] = candidate
            var place = 0
            while true {
                var worst = place
                for child in [2 * place + 1, 2 * place + 2]
                where child < heap.count && isBefore(heap[worst], heap[child]) { worst = child }
                if worst == place { break }
                heap.swapAt(place, worst)
                place = worst
            }
        }
    }

    mutating func offer(contentsOf other: BestRows) {
        for candidate in other.heap { offer(candidate.slot, candidate.score) }
    }

    private func isBefore(_ first: Candidate, _ second: Candidate) -> Bool {
        first.score == second.score
            ? first.slot < second.slot : metric.isNearer(first.score, than: second.score)
    }
}

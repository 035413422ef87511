package import Vectors

/// The k best of the rows that it is offered, equally near ones by slot: a heap with the worst on top.
package struct BestRows: Sendable {
    package struct Candidate: Sendable {
        package var slot: Int
        package var score: Float
    }

    private let metric: Metric
    private let k: Int
    private var heap: [Candidate] = []

    package init(k: Int, metric: Metric) {
        self.k = k
        self.metric = metric
    }

    /// All of them, best first.
    package var sorted: [Candidate] { heap.sorted(by: isBefore) }

    package mutating func offer(_ slot: Int, _ score: Float) {
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

import Foundation
import Vectors

/// How much points belong together before the projection: t-SNE's symmetric probabilities P, of neighbours only, which
/// sum to 1 over all pairs.
struct Affinities {
    /// Where the entries of each point start in ``others`` and ``weights``; one more at the end.
    private(set) var starts: [Int]
    private(set) var others: [Int32] = []
    private(set) var weights: [Float] = []

    var count: Int { starts.count - 1 }

    /// - Parameters:
    ///   - neighbors: of each point the nearest others, with squared distances.
    ///   - perplexity: e to the entropy that each point's distribution over its neighbours gets.
    init(of neighbors: NeighborLists, perplexity: Double, threads: ThreadLimit, watch: Watch) throws(VectorError) {
        let count = neighbors.count
        starts = [Int](repeating: 0, count: count + 1)
        var ends = [0]
        for list in neighbors { ends.append(ends.last! + list.count) }
        var conditional = [Float](repeating: 0, count: neighbors.neighbors.count)
        conditional.withUnsafeMutableBufferPointer { conditional in
            Blocks(count, size: 256, threads: threads).forEach { _, points in
                for point in points where !watch.cancellation.isCancelled {
                    let row = UnsafeMutableBufferPointer(rebasing: conditional[ends[point]..<ends[point + 1]])
                    distribution(over: neighbors[point], perplexity: perplexity, into: row)
                }
            }
        }
        try watch.checkCancellation()
        symmetrize(neighbors, ends, conditional)
    }

    /// P(i, j) = (p(j | i) + p(i | j)) / 2n, as rows.
    private mutating func symmetrize(_ neighbors: NeighborLists, _ ends: [Int], _ conditional: [Float]) {
        // Points that have this one as a neighbour, in ascending order, because the rows are walked in order.
        var reverseStarts = [Int](repeating: 0, count: count + 1)
        for neighbor in neighbors.neighbors { reverseStarts[Int(neighbor.id) + 1] += 1 }
        for point in 0..<count { reverseStarts[point + 1] += reverseStarts[point] }
        var next = reverseStarts
        var reverse = [(other: Int32, weight: Float)](repeating: (0, 0), count: conditional.count)
        for point in 0..<count {
            for entry in ends[point]..<ends[point + 1] {
                let other = Int(neighbors.neighbors[entry].id)
                reverse[next[other]] = (Int32(point), conditional[entry])
                next[other] += 1
            }
        }
        others.reserveCapacity(2 * conditional.count)
        weights.reserveCapacity(2 * conditional.count)
        let scale = 1 / (2 * Float(max(count, 1)))
        var own: [(other: Int32, weight: Float)] = []
        for point in 0..<count {
            own.removeAll(keepingCapacity: true)
            for entry in ends[point]..<ends[point + 1] {
                own.append((Int32(neighbors.neighbors[entry].id), conditional[entry]))
            }
            own.sort { $0.other < $1.other }
            var place = reverseStarts[point]
            let end = reverseStarts[point + 1]
            for (other, weight) in own {
                while place < end, reverse[place].other < other {
                    append(reverse[place].other, scale * reverse[place].weight)
                    place += 1
                }
                var sum = weight
                if place < end, reverse[place].other == other {
                    sum += reverse[place].weight
                    place += 1
                }
                append(other, scale * sum)
            }
            for entry in reverse[place..<end] { append(entry.other, scale * entry.weight) }
            starts[point + 1] = others.count
        }
    }

    private mutating func append(_ other: Int32, _ weight: Float) {
        others.append(other)
        weights.append(weight)
    }
}

/// The normal distribution over a point's neighbours whose width gives it the perplexity wanted, found by bisection.
private func distribution(
    over neighbors: ArraySlice<Neighbor>,
    perplexity: Double,
    into row: UnsafeMutableBufferPointer<Float>
) {
    guard let nearest = neighbors.first?.distance, let farthest = neighbors.last?.distance else { return }
    let wanted = log(min(perplexity, Double(neighbors.count)))
    // In units of the spread of the distances, so that the start is good at any scale.
    let unit = Double(farthest) - Double(nearest)
    guard unit > 0 else {
        for place in row.indices { row[place] = 1 / Float(row.count) }
        return
    }
    var precision = 1.0
    var (low, high) = (0.0, Double.infinity)
    var sum = 0.0
    for _ in 0..<60 {
        sum = 0
        var moment = 0.0
        for (place, neighbor) in neighbors.enumerated() {
            let distance = (Double(neighbor.distance) - Double(nearest)) / unit
            let weight = exp(-precision * distance)
            row[place] = Float(weight)
            sum += weight
            moment += weight * distance
        }
        let entropy = log(sum) + precision * moment / sum
        if abs(entropy - wanted) < 1e-4 { break }
        if entropy > wanted { low = precision } else { high = precision }
        precision = high.isFinite ? (low + high) / 2 : 2 * precision
    }
    for place in row.indices { row[place] /= Float(sum) }
}

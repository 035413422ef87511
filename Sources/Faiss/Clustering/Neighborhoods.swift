import Vectors

/// The points within a radius of each point, the radius and the point itself included, exactly.
final class Neighborhoods: Sendable {
    private let index: NativeIndex
    /// The points as they are.
    private let points: VectorMatrix
    /// The points as the index sees them.
    private let prepared: VectorMatrix
    private let radius: Double
    private let isCosine: Bool
    /// Single-precision squared distances below the first are within the radius, above the second they are not.
    private let limits: (sure: Double, possible: Double)

    init(_ points: VectorMatrix, radius: Double, metric: Metric) throws(VectorError) {
        self.points = points
        self.radius = radius
        isCosine = metric == .cosine
        prepared = try preparedPoints(points, areNormalized: isCosine)
        // Of unit vectors a cosine distance is half of a squared distance.
        let squared = isCosine ? 2 * radius : radius * radius
        // The largest rounding error: of d differences, their squares and their sum, each 2⁻²⁴ of its result, all
        // doubled; squares that fall below single precision's range; and what normalised vectors miss length 1 by.
        let terms = Double(points.dimension + 8)
        var slack = squared * terms * 0x1p-23 + terms * 0x1p-125
        if isCosine { slack += squared * terms * 0x1p-22 + squared.squareRoot() * 0x1p-20 + terms * terms * 0x1p-44 }
        limits = (squared - slack, squared + slack)
        var index = try NativeIndex(.flat, dimension: points.dimension, kind: .numbers(.squaredL2))
        try index.reserve(points.count)
        _ = try prepared.withUnsafeBufferPointer { values throws(VectorError) in
            try index.add(UnsafeRawBufferPointer(values), ids: [], threads: 1)
        }
        self.index = index
    }

    /// Calls `body` with the listed rows, or with all, and their neighbours, on several threads in any order.
    func forEach(
        of rows: [Int32]? = nil,
        threads: ThreadLimit,
        watch: Watch,
        _ body: (Int, [Int32]) -> Void
    ) throws(VectorError) {
        // Faiss's own test is for less, not for at most.
        let reach = Float(min(limits.possible, Double(Float.greatestFiniteMagnitude) / 2)).nextUp
        // About as many queries as Faiss compares at a time, and no more, because all of their neighbours are held.
        let blocks = Blocks(rows?.count ?? points.count, size: 64, threads: threads)
        try blocks.run(watch: watch) { _, range throws(VectorError) in
            let block = rows.map { $0[range].map(Int.init) } ?? Array(range)
            var place = 0
            var neighbors: [Int32] = []
            let parameters = SearchParameters(
                probes: 1,
                ef: 0,
                threads: 1,
                filter: nil,
                externalIDs: nil,
                hasRemoved: false
            )
            try prepared.gathering(block).withUnsafeBufferPointer { queries throws(VectorError) in
                let queries = UnsafeRawBufferPointer(queries)
                try index.search(queries, within: reach, parameters: parameters) { labels, distances in
                    let row = block[place]
                    place += 1
                    neighbors.removeAll(keepingCapacity: true)
                    for slot in 0..<labels.count {
                        let other = Int(labels[slot])
                        if Double(distances[slot]) < limits.sure || isWithin(row, other) {
                            neighbors.append(Int32(other))
                        }
                    }
                    body(row, neighbors)
                }
            }
        }
    }

    /// The same question in double precision.
    private func isWithin(_ row: Int, _ other: Int) -> Bool {
        if row == other { return true }
        let dimension = points.dimension
        return points.withUnsafeBufferPointer { values in
            let first = UnsafeBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension])
            let second = UnsafeBufferPointer(rebasing: values[other * dimension..<(other + 1) * dimension])
            guard isCosine else {
                var sum = 0.0
                for column in 0..<dimension {
                    let difference = Double(first[column]) - Double(second[column])
                    sum += difference * difference
                }
                return sum <= radius * radius
            }
            var product = 0.0
            var lengths = (0.0, 0.0)
            for column in 0..<dimension {
                product += Double(first[column]) * Double(second[column])
                lengths.0 += Double(first[column]) * Double(first[column])
                lengths.1 += Double(second[column]) * Double(second[column])
            }
            return 1 - product / (lengths.0 * lengths.1).squareRoot() <= radius
        }
    }
}

import Vectors

/// Points of the plane in a tree of squares, so that far ones count together (Barnes and Hut 1986,
/// doi:10.1038/324446a0).
///
/// The points are sorted along a Z-shaped curve, on which every square is a range, and the squares stand in the order of
/// a walk from the root, each with the place where the walk goes on if its inside is left out. Eight points that lie
/// next to each other on the curve walk together, one in each lane of a vector.
struct QuadTree {
    private struct Node {
        /// The centre of mass.
        var center: SIMD2<Float>
        var mass: Float
        /// The squared distance beyond which the points inside count as one.
        var reach: Float
        /// Where the walk goes on after this square.
        var next: Int32
        /// Its points on the curve if it has no squares inside, otherwise empty.
        var points: Range<Int32>
    }

    private static let lanes = SIMD8<Float>.scalarCount
    /// How large a square may look from a point to count as one: side over distance.
    private static let angle: Float = 0.5

    private var nodes: [Node] = []
    private var codes: [UInt32] = []
    /// The points along the curve.
    private var order: [UInt32] = []
    /// Their coordinates, the last one repeated until the lanes are full.
    private var xs: [Float] = []
    private var ys: [Float] = []

    /// Sorts points into the tree. The arrays of an earlier tree are used again.
    mutating func rebuild(_ positions: [SIMD2<Float>]) {
        guard let first = positions.first else { return }
        var low = first
        var high = first
        for position in positions {
            low = pointwiseMin(low, position)
            high = pointwiseMax(high, position)
        }
        let side = (high - low).max()
        let scale = side > 0 ? 65_535 / side : 0
        codes = positions.map { position in
            let cell = pointwiseMin(pointwiseMax((position - low) * scale, SIMD2()), SIMD2(repeating: 65_535))
            return spread(UInt32(cell.x)) | spread(UInt32(cell.y)) << 1
        }
        sortByCode()
        let padding = (Self.lanes - positions.count % Self.lanes) % Self.lanes
        xs = order.map { positions[Int($0)].x }
        ys = order.map { positions[Int($0)].y }
        xs.append(contentsOf: repeatElement(xs.last!, count: padding))
        ys.append(contentsOf: repeatElement(ys.last!, count: padding))
        nodes.removeAll(keepingCapacity: true)
        _ = addNode(0..<positions.count)
    }

    /// Adds the repulsion of all points from each other to `forces`: the sum of (yᵢ − yⱼ) / (1 + |yᵢ − yⱼ|²)².
    ///
    /// Returns the sum over all ordered pairs of 1 / (1 + |yᵢ − yⱼ|²), by which t-SNE divides.
    func addRepulsion(to forces: inout [SIMD2<Float>], threads: ThreadLimit) -> Double {
        let groups = xs.count / Self.lanes
        var sums = [Float](repeating: 0, count: groups)
        sums.withUnsafeMutableBufferPointer { sums in
            forces.withUnsafeMutableBufferPointer { forces in
                Blocks(groups, size: 64, threads: threads).forEach { _, block in
                    for group in block { sums[group] = repel(group, &forces) }
                }
            }
        }
        // Each point was compared with itself at distance 0. A single point has no other, and callers divide by the sum.
        return max(sums.reduce(0) { $0 + Double($1) } - Double(order.count), 1e-12)
    }

    private func repel(_ group: Int, _ forces: inout UnsafeMutableBufferPointer<SIMD2<Float>>) -> Float {
        let first = group * Self.lanes
        var x = SIMD8<Float>()
        var y = SIMD8<Float>()
        for lane in 0..<Self.lanes {
            x[lane] = xs[first + lane]
            y[lane] = ys[first + lane]
        }
        let low = SIMD2(x.min(), y.min())
        let high = SIMD2(x.max(), y.max())
        var forceX = SIMD8<Float>()
        var forceY = SIMD8<Float>()
        var sum = SIMD8<Float>()
        func meet(_ otherX: Float, _ otherY: Float, mass: Float) {
            let dx = x - otherX
            let dy = y - otherY
            let near = 1 / (1 + dx * dx + dy * dy)
            let weight = mass * near
            sum += weight
            forceX += weight * near * dx
            forceY += weight * near * dy
        }
        nodes.withUnsafeBufferPointer { nodes in
            xs.withUnsafeBufferPointer { xs in
                ys.withUnsafeBufferPointer { ys in
                    var place = 0
                    while place < nodes.count {
                        let node = nodes[place]
                        let outside = pointwiseMax(pointwiseMax(low - node.center, node.center - high), SIMD2())
                        if (outside * outside).sum() > node.reach {
                            meet(node.center.x, node.center.y, mass: node.mass)
                            place = Int(node.next)
                        } else {
                            for point in Int(node.points.lowerBound)..<Int(node.points.upperBound) {
                                meet(xs[point], ys[point], mass: 1)
                            }
                            place += 1
                        }
                    }
                }
            }
        }
        var total: Float = 0
        for lane in 0..<min(Self.lanes, order.count - first) {
            forces[Int(order[first + lane])] += SIMD2(forceX[lane], forceY[lane])
            total += sum[lane]
        }
        return total
    }

    /// Adds the square of a range of points and the squares inside it. Returns its low and high corner.
    private mutating func addNode(_ range: Range<Int>) -> (low: SIMD2<Float>, high: SIMD2<Float>) {
        let place = nodes.count
        nodes.append(Node(center: SIMD2(), mass: Float(range.count), reach: 0, next: 0, points: 0..<0))
        var low = SIMD2(repeating: Float.infinity)
        var high = -low
        let difference = codes[range.lowerBound] ^ codes[range.upperBound - 1]
        if range.count <= Self.lanes || difference == 0 {
            var center = SIMD2<Float>()
            for point in range {
                let position = SIMD2(xs[point], ys[point])
                center += position
                low = pointwiseMin(low, position)
                high = pointwiseMax(high, position)
            }
            nodes[place].center = center / Float(range.count)
            nodes[place].points = Int32(range.lowerBound)..<Int32(range.upperBound)
        } else {
            // The first pair of bits in which the codes differ distinguishes the four squares inside.
            let shift = UInt32(31 - difference.leadingZeroBitCount) & ~1
            var start = range.lowerBound
            var center = SIMD2<Float>()
            for quarter in UInt32(0)...3 {
                let end = firstPoint(in: start..<range.upperBound) { $0 >> shift & 3 > quarter }
                if end > start {
                    let inner = nodes.count
                    let corners = addNode(start..<end)
                    center += nodes[inner].center * Float(end - start)
                    low = pointwiseMin(low, corners.low)
                    high = pointwiseMax(high, corners.high)
                }
                start = end
            }
            nodes[place].center = center / Float(range.count)
        }
        nodes[place].next = Int32(nodes.count)
        let side = (high - low).max() / Self.angle
        // Many points that the curve can't distinguish always count as one: they would take quadratic time.
        nodes[place].reach = difference == 0 && range.count > Self.lanes ? -1 : side * side
        return (low, high)
    }

    /// The first point of a range on the curve whose code fulfils what all later ones do as well.
    private func firstPoint(in range: Range<Int>, where isBeyond: (UInt32) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(codes[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Sorts ``codes`` and notes in ``order`` whose they are: digit by digit, from the last.
    private mutating func sortByCode() {
        order = [UInt32](0..<UInt32(codes.count))
        var otherCodes = codes
        var otherOrder = order
        for shift in stride(from: UInt32(0), to: 32, by: 8) {
            var places = [Int](repeating: 0, count: 257)
            for code in codes { places[Int(code >> shift & 255) + 1] += 1 }
            for digit in 0..<256 { places[digit + 1] += places[digit] }
            for (code, point) in zip(codes, order) {
                let digit = Int(code >> shift & 255)
                otherCodes[places[digit]] = code
                otherOrder[places[digit]] = point
                places[digit] += 1
            }
            swap(&codes, &otherCodes)
            swap(&order, &otherOrder)
        }
    }
}

/// A number of 16 bits with a zero before each bit.
private func spread(_ number: UInt32) -> UInt32 {
    var bits = number
    bits = (bits | bits << 8) & 0x00FF_00FF
    bits = (bits | bits << 4) & 0x0F0F_0F0F
    bits = (bits | bits << 2) & 0x3333_3333
    return (bits | bits << 1) & 0x5555_5555
}

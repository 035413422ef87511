import Foundation
import Vectors

/// The positions of the points in the plane, on their way to a small divergence: gradient descent with momentum and a
/// gain for every coordinate.
struct Layout {
    private(set) var positions: [SIMD2<Float>]
    private var velocities: [SIMD2<Float>]
    private var gains: [SIMD2<Float>]
    private var tree = QuadTree()
    private let threads: ThreadLimit

    /// The longest step of a point: a point that a bad start throws far out comes back, but slowly.
    private static let longestStep: Float = 5

    init(start: [SIMD2<Float>], threads: ThreadLimit) {
        positions = start
        velocities = [SIMD2<Float>](repeating: SIMD2(), count: start.count)
        gains = [SIMD2<Float>](repeating: SIMD2(repeating: 1), count: start.count)
        self.threads = threads
    }

    /// One iteration: every point is drawn to its neighbours, `exaggeration` times too much, and pushed away by all.
    mutating func step(_ affinities: Affinities, exaggeration: Float) {
        tree.rebuild(positions)
        var repulsion = [SIMD2<Float>](repeating: SIMD2(), count: positions.count)
        let sum = tree.addRepulsion(to: &repulsion, threads: threads)
        let attraction = self.attraction(affinities)
        let share = Float(1 / sum)
        let rate = max(200, Float(positions.count) / exaggeration)
        var center = SIMD2<Double>()
        for point in positions.indices {
            let gradient = exaggeration * attraction[point] - share * repulsion[point]
            // A coordinate that keeps its direction gains speed, one that swings loses it (Jacobs 1988,
            // doi:10.1016/0893-6080(88)90003-2).
            let swings = (gradient .> 0) .== (velocities[point] .> 0)
            let gain = (gains[point] + 0.2).replacing(with: 0.8 * gains[point], where: swings)
            gains[point] = pointwiseMax(gain, SIMD2(repeating: 0.01))
            var step: SIMD2<Float> = 0.8 * velocities[point] - rate * gains[point] * gradient
            let length = (step * step).sum().squareRoot()
            if length > Self.longestStep { step *= Self.longestStep / length }
            velocities[point] = step
            positions[point] += step
            center += SIMD2<Double>(positions[point])
        }
        let shift = SIMD2<Float>(center / Double(max(positions.count, 1)))
        for point in positions.indices { positions[point] -= shift }
    }

    /// The sum over each point's neighbours of P · (yᵢ − yⱼ) / (1 + |yᵢ − yⱼ|²).
    private func attraction(_ affinities: Affinities) -> [SIMD2<Float>] {
        var forces = [SIMD2<Float>](repeating: SIMD2(), count: positions.count)
        forces.withUnsafeMutableBufferPointer { forces in
            positions.withUnsafeBufferPointer { positions in
                affinities.others.withUnsafeBufferPointer { others in
                    affinities.weights.withUnsafeBufferPointer { weights in
                        Blocks(positions.count, size: 512, threads: threads).forEach { _, points in
                            for point in points {
                                let entries = affinities.starts[point]..<affinities.starts[point + 1]
                                forces[point] = pull(positions[point], entries, others, weights, positions)
                            }
                        }
                    }
                }
            }
        }
        return forces
    }

    @inline(__always)
    private func pull(
        _ position: SIMD2<Float>,
        _ entries: Range<Int>,
        _ others: UnsafeBufferPointer<Int32>,
        _ weights: UnsafeBufferPointer<Float>,
        _ positions: UnsafeBufferPointer<SIMD2<Float>>
    ) -> SIMD2<Float> {
        var forceX = SIMD4<Float>()
        var forceY = SIMD4<Float>()
        var entry = entries.lowerBound
        while entry + 4 <= entries.upperBound {
            let (a, b) = (positions[Int(others[entry])], positions[Int(others[entry + 1])])
            let (c, d) = (positions[Int(others[entry + 2])], positions[Int(others[entry + 3])])
            let dx = position.x - SIMD4(a.x, b.x, c.x, d.x)
            let dy = position.y - SIMD4(a.y, b.y, c.y, d.y)
            let weight = SIMD4(weights[entry], weights[entry + 1], weights[entry + 2], weights[entry + 3])
            let pull = weight / (1 + dx * dx + dy * dy)
            forceX += pull * dx
            forceY += pull * dy
            entry += 4
        }
        var force = SIMD2(forceX.sum(), forceY.sum())
        while entry < entries.upperBound {
            let difference = position - positions[Int(others[entry])]
            force += weights[entry] / (1 + (difference * difference).sum()) * difference
            entry += 1
        }
        return force
    }

    /// The Kullback–Leibler divergence of the positions from the affinities, in nats.
    mutating func divergence(from affinities: Affinities) -> Double {
        tree.rebuild(positions)
        var unused = positions
        let sum = tree.addRepulsion(to: &unused, threads: threads)
        var divergence = 0.0
        for point in positions.indices {
            for entry in affinities.starts[point]..<affinities.starts[point + 1] where affinities.weights[entry] > 0 {
                let difference = positions[point] - positions[Int(affinities.others[entry])]
                let after = 1 / (1 + Double((difference * difference).sum())) / sum
                let before = Double(affinities.weights[entry])
                divergence += before * log(before / after)
            }
        }
        return divergence
    }
}

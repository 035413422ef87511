import Foundation
public import Vectors

/// Made-up vectors of known character. Equal arguments give equal vectors.
public enum TestVectors {
    /// Independent components from the range: the hardest case for every approximate index.
    public static func uniform(
        _ count: Int,
        dimension: Int,
        in range: ClosedRange<Float> = -1...1,
        seed: UInt64
    ) throws -> VectorMatrix {
        var random = SplitMix64(seed: seed)
        return try VectorMatrix(
            (0..<count * dimension).map { _ in Float.random(in: range, using: &random) },
            dimension: dimension
        )
    }

    /// Whole numbers, so small that single precision adds their products without rounding: what two programs compute
    /// from them in a different order must agree to the last bit.
    public static func integers(
        _ count: Int,
        dimension: Int,
        in range: ClosedRange<Int>,
        seed: UInt64
    ) throws -> VectorMatrix {
        var random = SplitMix64(seed: seed)
        return try VectorMatrix(
            (0..<count * dimension).map { _ in Float(Int.random(in: range, using: &random)) },
            dimension: dimension
        )
    }

    /// Normal clouds of deviation `spread` around centres that lie in −1…1; row i belongs to cloud i mod `clouds`.
    public static func gaussianMixture(
        _ count: Int,
        dimension: Int,
        clouds: Int,
        spread: Float,
        seed: UInt64
    ) throws -> VectorMatrix {
        let centers = try uniform(clouds, dimension: dimension, seed: seed)
        var random = SplitMix64(seed: ~seed)
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for row in 0..<count {
            for center in centers[row % clouds] { values.append(center + spread * random.nextGaussian()) }
        }
        return try VectorMatrix(values, dimension: dimension)
    }

    /// Vectors that behave as SIFT descriptors do: 128 whole numbers from 0 to 255, many zeros and few large ones,
    /// in clusters that lie near a surface of 16 dimensions.
    ///
    /// The seed draws from one fixed distribution: use different seeds for the base and its queries.
    public static func siftLike(_ count: Int, seed: UInt64) throws -> VectorMatrix {
        let dimension = 128
        let latent = 16
        let clusters = 100
        var shape = SplitMix64(seed: 0x51F7)
        let directions = (0..<dimension * latent).map { _ in shape.nextGaussian() }
        let centers = (0..<clusters * latent).map { _ in shape.nextGaussian() }
        var random = SplitMix64(seed: seed)
        var values: [Float] = []
        values.reserveCapacity(count * dimension)
        for _ in 0..<count {
            let center = latent * Int.random(in: 0..<clusters, using: &random)
            let point = (0..<latent).map { centers[center + $0] + 0.5 * random.nextGaussian() }
            for component in 0..<dimension {
                var sum: Float = -1
                for axis in 0..<latent { sum += directions[component * latent + axis] * point[axis] }
                // The exponent makes the tail heavy, the noise fills the dimensions beside the surface.
                let value = 4 * pow(max(0, sum), 1.5) + 2 * random.nextGaussian()
                values.append(min(max(value, 0), 255).rounded())
            }
        }
        return try VectorMatrix(values, dimension: dimension)
    }
}

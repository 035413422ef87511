import Foundation
import Vectors

/// What a head adds to the score of a query and a key by their distance: MPNet's relative positions.
///
/// Distances have buckets of their own up to a fourth of the buckets on each side, and beyond share them by their
/// logarithm, up to 128.
struct DistanceBias: Sendable {
    private let maximumTokens: Int
    /// For each head, the biases of the distances from 1 − maximumTokens to maximumTokens − 1.
    private let values: [Float]

    /// - Parameter tensor: buckets × heads.
    init(_ tensor: Tensor, maximumTokens: Int) throws(VectorError) {
        self.maximumTokens = maximumTokens
        let (buckets, heads) = (tensor.shape[0], tensor.shape[1])
        let weights = try tensor.floats()
        let length = 2 * maximumTokens - 1
        try checkMemory(bytes: 4 * length * heads, for: "the bias of \(length) distances")
        var values = [Float](repeating: 0, count: length * heads)
        for distance in 1 - maximumTokens..<maximumTokens {
            let bucket = Self.bucket(of: distance, buckets / 2)
            for head in 0..<heads {
                values[head * length + distance + maximumTokens - 1] = weights[bucket * heads + head]
            }
        }
        self.values = values
    }

    /// - Parameter distance: key − query.
    private static func bucket(of distance: Int, _ buckets: Int) -> Int {
        let side = distance > 0 ? buckets : 0
        let length = abs(distance)
        let exact = buckets / 2
        guard length >= exact else { return side + length }
        // In single precision, as the models were trained.
        let logarithm = log(Float(length) / Float(exact)) / Float(log(128 / Double(exact)))
        return side + min(exact + Int(logarithm * Float(buckets - exact)), buckets - 1)
    }

    /// Calls `body` with the place of distance 0 among the biases of a head.
    func withBias(of head: Int, _ body: (UnsafePointer<Float>) -> Void) {
        values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            body(start + head * (2 * maximumTokens - 1) + maximumTokens - 1)
        }
    }
}

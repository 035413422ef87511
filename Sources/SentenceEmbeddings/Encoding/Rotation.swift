import Foundation
import SentenceEmbeddingsC
import Vectors

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): pairs of components turn with the token's position, each
/// pair at a speed of its own.
final class Rotation: Sendable {
    private let cosines: [Float]
    private let sines: [Float]
    private let headSize: Int

    init(base: Double, _ configuration: TransformerConfiguration) {
        let headSize = configuration.dimension / configuration.heads
        self.headSize = headSize
        let half = headSize / 2
        // Speeds and angles in single precision, as the models were trained.
        let speeds = (0..<half).map { 1 / Float(pow(base, Double(2 * $0) / Double(headSize))) }
        var cosines: [Float] = []
        var sines: [Float] = []
        cosines.reserveCapacity(configuration.maximumTokens * half)
        sines.reserveCapacity(configuration.maximumTokens * half)
        for position in 0..<configuration.maximumTokens {
            for speed in speeds {
                let angle = Double(Float(position) * speed)
                cosines.append(Float(cos(angle)))
                sines.append(Float(sin(angle)))
            }
        }
        self.cosines = cosines
        self.sines = sines
    }

    /// Turns one head of the tokens of a text, the first of which is at `x`.
    func apply(to x: UnsafeMutablePointer<Float>, count: Int, stride: Int, _ level: KernelLevel) {
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in
                encoder_rotate(x, count, stride, 1, headSize, cosines.baseAddress, sines.baseAddress, level)
            }
        }
    }
}

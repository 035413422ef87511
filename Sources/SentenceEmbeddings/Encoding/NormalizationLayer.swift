import SentenceEmbeddingsC
import Vectors

/// Layer normalisation (Ba, Kiros and Hinton 2016, arXiv:1607.06450).
struct NormalizationLayer: Sendable {
    let gain: [Float]
    let offset: [Float]?
    let epsilon: Float
    let level: KernelLevel

    /// y = the normalised rows of x; y may be x. The team's members share the rows.
    func apply(to x: Rows, count: Int, into y: Rows, _ team: Team) {
        team.eachPart(of: count, size: 16) { [self] rows in
            gain.withUnsafeBufferPointer { gain in
                let normalize = { (offset: UnsafePointer<Float>?) in
                    encoder_normalize(
                        x[rows.lowerBound],
                        rows.count,
                        gain.count,
                        x.stride,
                        gain.baseAddress,
                        offset,
                        epsilon,
                        y[rows.lowerBound],
                        level
                    )
                }
                if let offset {
                    offset.withUnsafeBufferPointer { normalize($0.baseAddress) }
                } else {
                    normalize(nil)
                }
            }
        }
    }

    /// Normalises rows that stand one behind the other, in place.
    func apply(to values: inout [Float], count: Int) {
        let columns = gain.count
        values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return }
            let rows = Rows(start: start, stride: columns)
            apply(to: rows, count: count, into: rows, .alone)
        }
    }
}

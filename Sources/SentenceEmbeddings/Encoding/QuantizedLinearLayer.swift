import SentenceEmbeddingsC
import Vectors

/// A linear layer that multiplies whole numbers of 8 bits: weights scaled output by output, inputs row by row.
///
/// Inputs that come out of a normalisation are far larger in a few columns than in the others, which would leave those
/// few of the 256 numbers. So its offset is taken away first, whose share of the outputs is known and goes to the bias,
/// and a part of each column's size goes from the inputs to the weights (as in SmoothQuant, Xiao et al. 2023,
/// arXiv:2211.10438, but with the normalisation's gains in place of measured inputs).
///
/// `@unchecked Sendable`: the weights are written by the initialiser alone.
final class QuantizedLinearLayer: @unchecked Sendable {
    let outputs: Int
    private let inputs: Int
    private let panels: Int
    private let groups: Int
    private let level: KernelLevel
    private let memory: PageMemory
    private let native: EncoderQuantizedLinear
    /// What is taken away from each input, and what the rest is multiplied with; empty where nothing is.
    private let offsets: [Float]
    private let factors: [Float]

    /// - Parameter normalization: what the inputs come out of; nil if out of none.
    init(
        _ sources: [LinearLayer.Source],
        inputs: Int,
        activation: EncoderActivation,
        isGated: Bool,
        normalization: NormalizationLayer?,
        level: KernelLevel
    ) throws(VectorError) {
        var order = try PanelOrder(sources, inputs: inputs, isGated: isGated, level: level)
        let group = encoder_group_size(level)
        self.inputs = inputs
        self.level = level
        outputs = order.outputs
        panels = order.panels
        groups = (inputs + group - 1) / group
        if let normalization {
            offsets = normalization.offset ?? [Float](repeating: 0, count: inputs)
            factors = Self.balance(&order, normalization.gain, offsets)
        } else {
            (offsets, factors) = ([], [])
        }
        // Panels, then bias, scales and sums, a row of each for every column.
        let (columns, size) = (order.bias.count, order.panels * order.width * groups)
        memory = try PageMemory(byteCount: (size + 3 * columns) * 4, for: "weights of \(order.outputs) × \(inputs)")
        let packed = memory.start.assumingMemoryBound(to: Int32.self)
        let bias = (memory.start + 4 * size).assumingMemoryBound(to: Float.self)
        let scales = bias + columns
        let sums = (memory.start + 4 * (size + 2 * columns)).assumingMemoryBound(to: Int32.self)
        for (column, value) in order.bias.enumerated() { bias[column] = value }
        for panel in 0..<order.panels {
            let column = panel * order.width
            encoder_pack_quantized(
                order.rows + column * inputs,
                inputs,
                groups,
                packed + column * groups,
                scales + column,
                sums + column,
                level
            )
        }
        native = EncoderQuantizedLinear(
            panels: packed,
            scales: scales,
            sums: sums,
            bias: bias,
            groups: groups,
            activation: activation,
            is_gated: isGated ? 1 : 0
        )
    }

    /// Moves the offsets' share to the bias and a part of the columns' sizes to the weights; returns what the inputs are
    /// to be multiplied with.
    private static func balance(_ order: inout PanelOrder, _ gain: [Float], _ offsets: [Float]) -> [Float] {
        var largest = [Float](repeating: 1e-5, count: order.inputs)
        for column in order.bias.indices {
            let row = order.rows + column * order.inputs
            var share = 0.0
            for input in 0..<order.inputs {
                share += Double(row[input]) * Double(offsets[input])
                largest[input] = max(largest[input], abs(row[input]))
            }
            order.bias[column] += Float(share)
        }
        // Half of the difference, in logarithms, as it was best in that paper, too.
        let sizes = zip(gain, largest).map { (max(abs($0), 1e-3) / $1).squareRoot() }
        for column in order.bias.indices {
            let row = order.rows + column * order.inputs
            for input in 0..<order.inputs { row[input] *= sizes[input] }
        }
        return sizes.map { 1 / $0 }
    }

    /// As ``LinearLayer/apply(to:count:adding:into:_:)``; the inputs' numbers go to `numbers`.
    func apply(
        to x: Rows,
        count: Int,
        adding residual: Rows?,
        into y: Rows,
        _ numbers: QuantizedRows,
        _ team: Team
    ) {
        team.eachPart(of: count, size: 8) { [self] rows in
            offsets.withUnsafeBufferPointer { offsets in
                factors.withUnsafeBufferPointer { factors in
                    encoder_quantize(
                        x[rows.lowerBound],
                        rows.count,
                        inputs,
                        x.stride,
                        factors.isEmpty ? nil : offsets.baseAddress,
                        factors.isEmpty ? nil : factors.baseAddress,
                        groups,
                        numbers.values + rows.lowerBound * groups,
                        numbers.scales + rows.lowerBound,
                        numbers.zeros + rows.lowerBound,
                        level
                    )
                }
            }
        }
        team.eachPart(of: panels, size: 1) { [self] panels in
            withUnsafePointer(to: native) { native in
                encoder_multiply_quantized(
                    native,
                    numbers.values,
                    numbers.scales,
                    numbers.zeros,
                    count,
                    panels.lowerBound,
                    panels.upperBound,
                    residual?.start,
                    residual?.stride ?? 0,
                    y.start,
                    y.stride,
                    level
                )
            }
        }
    }
}

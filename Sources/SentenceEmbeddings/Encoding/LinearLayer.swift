import SentenceEmbeddingsC
import Vectors

/// A linear layer in single precision with what follows each of its outputs: bias, activation, residual.
///
/// `@unchecked Sendable`: the weights are written by the initialiser alone.
final class LinearLayer: @unchecked Sendable {
    /// Weights of outputs × inputs and their bias, which follow one upon the other in a layer's outputs.
    struct Source {
        var weight: Tensor
        var bias: Tensor?
        /// The outputs that are meant.
        var rows: Range<Int>

        /// All outputs.
        init(weight: Tensor, bias: Tensor?) {
            self.weight = weight
            self.bias = bias
            rows = 0..<weight.shape[0]
        }

        /// One of `count` equal parts of the outputs.
        func part(_ number: Int, of count: Int) -> Source {
            var part = self
            let size = rows.count / count
            part.rows = rows.lowerBound + number * size..<rows.lowerBound + (number + 1) * size
            return part
        }
    }

    let inputs: Int
    let outputs: Int
    private let panels: Int
    private let level: KernelLevel
    private let memory: PageMemory
    private let native: EncoderLinear

    /// Reads and packs weights whose shapes have been checked.
    ///
    /// - Parameter isGated: whether the second half of the outputs are the gates of the first.
    init(
        _ sources: [Source],
        inputs: Int,
        activation: EncoderActivation = ENCODER_IDENTITY,
        isGated: Bool = false,
        level: KernelLevel
    ) throws(VectorError) {
        let order = try PanelOrder(sources, inputs: inputs, isGated: isGated, level: level)
        self.inputs = inputs
        self.level = level
        outputs = order.outputs
        panels = order.panels
        let size = order.panels * order.width * inputs
        memory = try PageMemory(byteCount: (size + order.bias.count) * 4, for: "weights of \(outputs) × \(inputs)")
        let packed = memory.start.assumingMemoryBound(to: Float.self)
        for panel in 0..<order.panels {
            let start = panel * order.width * inputs
            encoder_pack(order.rows + start, order.width, inputs, inputs, packed + start, level)
        }
        let bias = packed + size
        for (column, value) in order.bias.enumerated() { bias[column] = value }
        native = EncoderLinear(
            panels: packed,
            bias: bias,
            inner: inputs,
            activation: activation,
            is_gated: isGated ? 1 : 0
        )
    }

    /// y = activation(x · weights + bias) + residual, for `count` rows; the team's members share the outputs.
    func apply(to x: Rows, count: Int, adding residual: Rows? = nil, into y: Rows, _ team: Team) {
        team.eachPart(of: panels, size: 1) { [self] panels in
            withUnsafePointer(to: native) { native in
                encoder_multiply(
                    native,
                    x.start,
                    count,
                    x.stride,
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

    /// The outputs for rows that stand one behind the other.
    func outputs(of values: [Float], count: Int, _ team: Team) throws(VectorError) -> [Float] {
        let strides = [inputs, outputs].map(Rows.stride)
        let memory = try PageMemory(byteCount: 4 * count * (strides[0] + strides[1]), for: "\(count) vectors")
        let start = memory.start.assumingMemoryBound(to: Float.self)
        let x = Rows(start: start, stride: strides[0])
        let y = Rows(start: start + count * strides[0], stride: strides[1])
        for row in 0..<count {
            for column in 0..<inputs { x[row][column] = values[row * inputs + column] }
        }
        apply(to: x, count: count, into: y, team)
        var results: [Float] = []
        results.reserveCapacity(count * outputs)
        for row in 0..<count { results += UnsafeBufferPointer(start: y[row], count: outputs) }
        // The memory is used above by its address alone.
        return withExtendedLifetime(memory) { results }
    }
}

import SentenceEmbeddingsC
import Vectors

/// A linear layer with what follows each of its outputs: bias, activation, residual.
///
/// `@unchecked Sendable`: the weights are written by the initialiser alone.
final class LinearLayer: @unchecked Sendable {
    /// Weights of outputs × inputs and their bias, which follow one upon the other in a layer's outputs.
    struct Source {
        var weight: Tensor
        var bias: Tensor?
    }

    let inputs: Int
    let outputs: Int
    private let panels: Int
    private let panelOutputs: Int
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
        let rows = sources.reduce(0) { $0 + $1.weight.shape[0] }
        let width = encoder_panel_width(level)
        self.inputs = inputs
        outputs = isGated ? rows / 2 : rows
        panelOutputs = isGated ? width / 2 : width
        panels = (outputs + panelOutputs - 1) / panelOutputs
        self.level = level
        // The rows in the order of the panels' columns, then the panels.
        let purpose = "weights of \(rows) × \(inputs)"
        let size = panels * width * inputs
        let unpacked = try PageMemory(byteCount: size * 4, for: purpose)
        let ordered = unpacked.start.assumingMemoryBound(to: Float.self)
        memory = try PageMemory(byteCount: (size + panels * width) * 4, for: purpose)
        let packed = memory.start.assumingMemoryBound(to: Float.self)
        let bias = packed + size
        var row = 0
        for source in sources {
            let biases = try source.bias?.floats()
            for own in 0..<source.weight.shape[0] {
                let output = isGated ? row % outputs : row
                let column =
                    output / panelOutputs * width + output % panelOutputs
                    + (isGated && row >= outputs ? panelOutputs : 0)
                try source.weight.read(own * inputs..<(own + 1) * inputs, into: ordered + column * inputs)
                if let biases { bias[column] = biases[own] }
                row += 1
            }
        }
        for panel in 0..<panels {
            let start = panel * width * inputs
            encoder_pack(ordered + start, width, inputs, inputs, packed + start, level)
        }
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
        let parts = team.count == 1 ? 1 : min(panels, 4 * team.count)
        team.each(parts) { [self] part, _ in
            withUnsafePointer(to: native) { native in
                encoder_multiply(
                    native,
                    x.start,
                    count,
                    x.stride,
                    panels * part / parts,
                    panels * (part + 1) / parts,
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

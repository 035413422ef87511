import SentenceEmbeddingsC
import Vectors

/// The weights of a linear layer in the order in which panels hold its outputs.
///
/// A panel has as many columns as are multiplied together. Of a gated layer half of them are outputs, and the other half
/// the gates of these.
struct PanelOrder {
    let inputs: Int
    let outputs: Int
    let panels: Int
    let width: Int
    /// A row of weights for each column of each panel; zeros where there is no such output.
    let rows: UnsafeMutablePointer<Float>
    /// For each column of each panel.
    var bias: [Float]
    private let memory: PageMemory

    /// Reads weights whose shapes have been checked.
    init(
        _ sources: [LinearLayer.Source],
        inputs: Int,
        isGated: Bool,
        level: KernelLevel
    ) throws(VectorError) {
        let count = sources.reduce(0) { $0 + $1.rows.count }
        self.inputs = inputs
        width = encoder_panel_width(level)
        outputs = isGated ? count / 2 : count
        let panelOutputs = isGated ? width / 2 : width
        panels = (outputs + panelOutputs - 1) / panelOutputs
        memory = try PageMemory(byteCount: panels * width * inputs * 4, for: "weights of \(count) × \(inputs)")
        rows = memory.start.assumingMemoryBound(to: Float.self)
        bias = [Float](repeating: 0, count: panels * width)
        var row = 0
        for source in sources {
            let biases = try source.bias?.floats()
            for own in source.rows {
                let (output, half) = isGated ? (row % outputs, row / outputs) : (row, 0)
                let column = output / panelOutputs * width + half * panelOutputs + output % panelOutputs
                try source.weight.read(own * inputs..<(own + 1) * inputs, into: rows + column * inputs)
                if let biases { bias[column] = biases[own] }
                row += 1
            }
        }
    }
}

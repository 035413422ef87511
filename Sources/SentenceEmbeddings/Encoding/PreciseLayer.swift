import SentenceEmbeddingsC
import Vectors

/// A linear layer of a transformer in the precision that was asked for.
enum PreciseLayer: Sendable {
    case float32(LinearLayer)
    /// Side by side, each with scales of its own.
    case int8([QuantizedLinearLayer])

    /// - Parameter normalization: what the inputs come out of; nil if out of none.
    init(
        _ sources: [LinearLayer.Source],
        inputs: Int,
        activation: EncoderActivation = ENCODER_IDENTITY,
        isGated: Bool = false,
        after normalization: NormalizationLayer? = nil,
        _ reader: LayerReader
    ) throws(VectorError) {
        switch reader.precision {
        case .float32:
            self = .float32(
                try LinearLayer(
                    sources,
                    inputs: inputs,
                    activation: activation,
                    isGated: isGated,
                    level: reader.level
                )
            )
        case .int8:
            // Of a gated layer both halves make an output. Others have a layer for each source: queries, keys and values
            // together would lose twice as much.
            var layers: [QuantizedLinearLayer] = []
            for sources in isGated ? [sources] : sources.map({ [$0] }) {
                layers.append(
                    try QuantizedLinearLayer(
                        sources,
                        inputs: inputs,
                        activation: activation,
                        isGated: isGated,
                        normalization: normalization,
                        level: reader.level
                    )
                )
            }
            self = .int8(layers)
        }
    }

    /// y = activation(x · weights + bias) + residual, for `count` rows.
    func apply(
        to x: Rows,
        count: Int,
        adding residual: Rows? = nil,
        into y: Rows,
        _ memory: WorkingMemory,
        _ team: Team
    ) {
        switch self {
        case .float32(let layer): layer.apply(to: x, count: count, adding: residual, into: y, team)
        case .int8(let layers):
            // What a layer writes behind its outputs, the next one writes over.
            var column = 0
            for layer in layers {
                let part = Rows(start: y.start + column, stride: y.stride)
                layer.apply(to: x, count: count, adding: residual, into: part, memory.quantized, team)
                column += layer.outputs
            }
        }
    }
}

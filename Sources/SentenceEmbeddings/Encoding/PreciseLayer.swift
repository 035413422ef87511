import SentenceEmbeddingsC
import Vectors

/// A linear layer of a transformer in the precision that was asked for.
enum PreciseLayer: Sendable {
    case float32(LinearLayer)
    case int8(QuantizedLinearLayer)

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
            self = .int8(
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
        case .int8(let layer):
            layer.apply(to: x, count: count, adding: residual, into: y, memory.quantized, team)
        }
    }
}

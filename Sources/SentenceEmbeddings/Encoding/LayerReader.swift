import SentenceEmbeddingsC
import Vectors

/// Finds the tensors of layers by their names and checks their shapes.
struct LayerReader {
    let weights: ModelWeights
    let configuration: TransformerConfiguration
    let names: TensorNames
    var precision = EncoderPrecision.float32
    let level: KernelLevel

    /// The weights of a linear layer, outputs × inputs.
    func source(
        _ name: String,
        outputs: Int,
        inputs: Int,
        hasBias: Bool
    ) throws(VectorError) -> LinearLayer.Source {
        let name = weights.prefix + name
        return LinearLayer.Source(
            weight: try weights.tensor(name + ".weight", shape: [outputs, inputs]),
            bias: hasBias ? try weights.tensor(name + ".bias", shape: [outputs]) : nil
        )
    }

    /// A normalisation of the model's states.
    func normalization(_ name: String) throws(VectorError) -> NormalizationLayer {
        let name = weights.prefix + name
        let shape = [configuration.dimension]
        let offset = configuration.hasNormalizationBias ? try weights.tensor(name + ".bias", shape: shape) : nil
        return NormalizationLayer(
            gain: try weights.tensor(name + ".weight", shape: shape).floats(),
            offset: try offset?.floats(),
            epsilon: configuration.epsilon,
            level: level
        )
    }
}

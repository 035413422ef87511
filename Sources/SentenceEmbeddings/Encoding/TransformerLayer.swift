import SentenceEmbeddingsC
import Vectors

/// The weights of a layer: attention, and a feed-forward network.
struct TransformerLayer: Sendable {
    let queryKeyValue: LinearLayer
    let attentionOutput: LinearLayer
    /// nil where the layer reads what has been normalised already.
    let attentionNormalization: NormalizationLayer?
    let up: LinearLayer
    let down: LinearLayer
    let feedForwardNormalization: NormalizationLayer
    let rotation: Rotation?
    /// Keys further away don't count; nil where all do.
    let window: Int?

    /// A layer whose tensors have been found, and not read yet.
    struct Plan {
        let positions: TransformerConfiguration.Positions
        fileprivate let queryKeyValue: [LinearLayer.Source]
        fileprivate let attentionOutput: LinearLayer.Source
        fileprivate let up: LinearLayer.Source
        fileprivate let down: LinearLayer.Source
        fileprivate let attentionNormalization: NormalizationLayer?
        fileprivate let feedForwardNormalization: NormalizationLayer

        init(_ reader: LayerReader, _ number: Int) throws(VectorError) {
            let configuration = reader.configuration
            let names = reader.names.layer
            let (dimension, inner) = (configuration.dimension, configuration.innerDimension)
            let start = "\(reader.names.layers)\(number)."
            func source(_ name: String, _ outputs: Int, _ inputs: Int, hasBias: Bool) throws(VectorError)
                -> LinearLayer.Source
            {
                try reader.source(start + name, outputs: outputs, inputs: inputs, hasBias: hasBias)
            }
            positions = configuration.layers[number]
            let parts = 3 / names.queryKeyValue.count
            let hasAttentionBias = configuration.hasAttentionBias
            queryKeyValue = try names.queryKeyValue.map { name throws(VectorError) in
                try source(name, parts * dimension, dimension, hasBias: hasAttentionBias)
            }
            attentionOutput = try source(names.attentionOutput, dimension, dimension, hasBias: hasAttentionBias)
            let hasBias = configuration.hasFeedForwardBias
            up = try source(names.up, configuration.isGated ? 2 * inner : inner, dimension, hasBias: hasBias)
            down = try source(names.down, dimension, inner, hasBias: hasBias)
            // The first layer that normalises what it reads finds the embedding's normalisation done.
            let readsNormalized = configuration.normalizesFirst && number == 0
            attentionNormalization =
                readsNormalized ? nil : try reader.normalization(start + names.attentionNormalization)
            feedForwardNormalization = try reader.normalization(start + names.feedForwardNormalization)
        }
    }

    init(_ plan: Plan, _ rotation: Rotation?, _ reader: LayerReader) throws(VectorError) {
        let configuration = reader.configuration
        let (dimension, inner, level) = (configuration.dimension, configuration.innerDimension, reader.level)
        queryKeyValue = try LinearLayer(plan.queryKeyValue, inputs: dimension, level: level)
        attentionOutput = try LinearLayer([plan.attentionOutput], inputs: dimension, level: level)
        up = try LinearLayer(
            [plan.up],
            inputs: dimension,
            activation: configuration.activation,
            isGated: configuration.isGated,
            level: level
        )
        down = try LinearLayer([plan.down], inputs: inner, level: level)
        attentionNormalization = plan.attentionNormalization
        feedForwardNormalization = plan.feedForwardNormalization
        self.rotation = rotation
        window = plan.positions.window
    }
}

import SentenceEmbeddingsC
import Vectors

/// The weights of a layer: attention, and a feed-forward network.
struct TransformerLayer: Sendable {
    let queryKeyValue: PreciseLayer
    let attentionOutput: PreciseLayer
    /// nil where the layer reads what has been normalised already.
    let attentionNormalization: NormalizationLayer?
    let up: PreciseLayer
    let down: PreciseLayer
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
            let hasAttentionBias = configuration.hasAttentionBias
            if names.queryKeyValue.count == 1 {
                let fused = try source(names.queryKeyValue[0], 3 * dimension, dimension, hasBias: hasAttentionBias)
                queryKeyValue = (0..<3).map { fused.part($0, of: 3) }
            } else {
                queryKeyValue = try names.queryKeyValue.map { name throws(VectorError) in
                    try source(name, dimension, dimension, hasBias: hasAttentionBias)
                }
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

    /// - Parameter previous: the normalisation that the layer's inputs have gone through, if the layer has none for them.
    init(
        _ plan: Plan,
        _ rotation: Rotation?,
        after previous: NormalizationLayer,
        _ reader: LayerReader
    ) throws(VectorError) {
        let configuration = reader.configuration
        let (dimension, inner) = (configuration.dimension, configuration.innerDimension)
        let first = configuration.normalizesFirst ? plan.attentionNormalization ?? previous : previous
        let second = configuration.normalizesFirst ? plan.feedForwardNormalization : plan.attentionNormalization
        queryKeyValue = try PreciseLayer(plan.queryKeyValue, inputs: dimension, after: first, reader)
        attentionOutput = try PreciseLayer([plan.attentionOutput], inputs: dimension, reader)
        up = try PreciseLayer(
            [plan.up],
            inputs: dimension,
            activation: configuration.activation,
            isGated: configuration.isGated,
            after: second,
            reader
        )
        down = try PreciseLayer([plan.down], inputs: inner, reader)
        attentionNormalization = plan.attentionNormalization
        feedForwardNormalization = plan.feedForwardNormalization
        self.rotation = rotation
        window = plan.positions.window
    }
}

import Foundation
import SentenceEmbeddingsC
import Vectors

/// A transformer that reads tokens and gives a state for each: the forward pass of all architectures.
///
/// The tokens of many texts lie one behind the other in one matrix. Linear layers and normalisation work on its rows;
/// attention works within each text.
final class Transformer: Sendable {
    let configuration: TransformerConfiguration
    private let words: EmbeddingTable
    private let positions: EmbeddingTable?
    private let types: EmbeddingTable?
    private let embeddingNormalization: NormalizationLayer
    private let layers: [TransformerLayer]
    private let finalNormalization: NormalizationLayer?
    private let distances: DistanceBias?
    private let level: KernelLevel

    /// Checks the shapes of all weights, and then reads them.
    init(
        _ configuration: TransformerConfiguration,
        _ weights: ModelWeights,
        precision: EncoderPrecision,
        level: KernelLevel
    ) throws(VectorError) {
        self.configuration = configuration
        self.level = level
        let names = TensorNames(of: configuration.family)
        var weights = weights
        weights.findPrefix(among: names.prefixes, by: names.words + ".weight")
        let reader = LayerReader(
            weights: weights,
            configuration: configuration,
            names: names,
            precision: precision,
            level: level
        )
        let plans = try (0..<configuration.layers.count).map { number throws(VectorError) in
            try TransformerLayer.Plan(reader, number)
        }
        let dimension = configuration.dimension
        let tables = [
            (names.words, configuration.vocabularySize), (names.positions, configuration.positionCount),
            (names.types, configuration.typeCount),
        ]
        let tensors = try tables.map { name, count throws(VectorError) in
            count == 0 ? nil : try weights.tensor(weights.prefix + name + ".weight", shape: [count, dimension])
        }
        let distanceTensor =
            configuration.distanceBuckets == 0
            ? nil
            : try weights.tensor(
                weights.prefix + names.distances + ".weight",
                shape: [configuration.distanceBuckets, configuration.heads]
            )
        embeddingNormalization = try reader.normalization(names.embeddingNormalization)
        finalNormalization = try names.finalNormalization.map { name throws(VectorError) in
            try reader.normalization(name)
        }

        let memory = try tensors.map { tensor throws(VectorError) in
            try tensor.map { tensor throws(VectorError) in try EmbeddingTable(tensor) }
        }
        guard let words = memory[0] else { throw VectorError(.invalidFormat, "there is no table of words") }
        (self.words, positions, types) = (words, memory[1], memory[2])
        distances = try distanceTensor.map { tensor throws(VectorError) in
            try DistanceBias(tensor, maximumTokens: configuration.maximumTokens)
        }
        var rotations: [Double: Rotation] = [:]
        var layers: [TransformerLayer] = []
        for plan in plans {
            var rotation: Rotation?
            if let base = plan.positions.rotaryBase {
                rotation = rotations[base] ?? Rotation(base: base, configuration)
                rotations[base] = rotation
            }
            let previous = layers.last?.feedForwardNormalization ?? embeddingNormalization
            layers.append(try TransformerLayer(plan, rotation, after: previous, reader))
        }
        self.layers = layers
    }

    /// Puts the last state of every token into `memory.states`. No text may have more tokens than the model's positions,
    /// nor the batch more than the memory; ids and types must be rows of their tables.
    func encode(_ batch: TokenBatch, _ memory: WorkingMemory, _ team: Team) {
        let count = batch.tokenCount
        guard count > 0 else { return }
        embed(batch, memory, team)
        embeddingNormalization.apply(to: memory.states, count: count, into: memory.states, team)
        for layer in layers {
            // Layers that normalise first read through their normalisations; the others write through them.
            let isFirst = configuration.normalizesFirst
            var input = memory.states
            if isFirst, let normalization = layer.attentionNormalization {
                normalization.apply(to: input, count: count, into: memory.context, team)
                input = memory.context
            }
            layer.queryKeyValue.apply(to: input, count: count, into: memory.queryKeyValue, memory, team)
            attend(layer, batch, memory, team)
            layer.attentionOutput.apply(
                to: memory.context,
                count: count,
                adding: memory.states,
                into: memory.middle,
                memory,
                team
            )
            if !isFirst, let normalization = layer.attentionNormalization {
                normalization.apply(to: memory.middle, count: count, into: memory.middle, team)
            }
            input = memory.middle
            if isFirst {
                layer.feedForwardNormalization.apply(to: input, count: count, into: memory.context, team)
                input = memory.context
            }
            layer.up.apply(to: input, count: count, into: memory.inner, memory, team)
            layer.down.apply(
                to: memory.inner,
                count: count,
                adding: memory.middle,
                into: memory.states,
                memory,
                team
            )
            if !isFirst {
                layer.feedForwardNormalization.apply(to: memory.states, count: count, into: memory.states, team)
            }
        }
        finalNormalization?.apply(to: memory.states, count: count, into: memory.states, team)
    }

    private func embed(_ batch: TokenBatch, _ memory: WorkingMemory, _ team: Team) {
        team.eachPart(of: batch.textCount, size: 1) { [self] texts in
            for text in texts {
                let range = batch.range(of: text)
                for token in range {
                    let state = memory.states[token]
                    words.copy(Int(batch.ids[token]), to: state)
                    positions?.add(configuration.firstPosition + token - range.lowerBound, to: state)
                    types?.add(Int(batch.types[token]), to: state)
                }
            }
        }
    }

    private func attend(_ layer: TransformerLayer, _ batch: TokenBatch, _ memory: WorkingMemory, _ team: Team) {
        let heads = configuration.heads
        let size = configuration.dimension / heads
        let dimension = configuration.dimension
        team.each(batch.textCount * heads) { [self] part, member in
            let head = part % heads
            let tokens = batch.range(of: part / heads)
            guard !tokens.isEmpty else { return }
            let rows = memory.queryKeyValue
            let queries = rows[tokens.lowerBound] + head * size
            if let rotation = layer.rotation {
                for x in [queries, queries + dimension] {
                    rotation.apply(to: x, count: tokens.count, stride: rows.stride, level)
                }
            }
            var attention = EncoderAttention(
                queries: queries,
                keys: queries + dimension,
                values: queries + 2 * dimension,
                stride: rows.stride,
                tokens: tokens.count,
                head_size: size,
                scale: 1 / Float(size).squareRoot(),
                bias: nil,
                window: layer.window ?? Int.max,
                output: memory.context[tokens.lowerBound] + head * size,
                output_stride: memory.context.stride,
                scratch: memory.scratch(of: member)
            )
            if let distances {
                distances.withBias(of: head) { bias in
                    attention.bias = bias
                    encoder_attend(&attention, level)
                }
            } else {
                encoder_attend(&attention, level)
            }
        }
    }
}

import SentenceEmbeddingsC
import Vectors

/// What turns the states of a query and a passage into one score: two linear layers over the pooled states.
struct ScoringHead: Sendable {
    let pooling: Pooling
    private let dense: LinearLayer
    private let normalization: NormalizationLayer?
    private let output: LinearLayer

    /// Finds the head's tensors, which each family calls otherwise, and reads them.
    init(
        _ configuration: TransformerConfiguration,
        _ file: ConfigurationFile,
        _ weights: ModelWeights,
        level: KernelLevel
    ) throws(VectorError) {
        let names = TensorNames(of: configuration.family)
        var weights = weights
        weights.findPrefix(among: names.prefixes.reversed(), by: names.words + ".weight")
        let dimension = configuration.dimension
        var activation = ENCODER_TANH
        var hasBias = true
        let (denseName, outputName): (String, String)
        var pooling = Pooling.firstToken
        switch configuration.family {
        case .bert: (denseName, outputName) = (weights.prefix + "pooler.dense", "classifier")
        case .roberta, .camembert, .xlmRoberta, .mpnet:
            (denseName, outputName) = ("classifier.dense", "classifier.out_proj")
        case .distilBERT:
            (denseName, outputName) = ("pre_classifier", "classifier")
            activation = ENCODER_RELU
        case .modernBERT:
            (denseName, outputName) = ("head.dense", "classifier")
            hasBias = try file.bool("classifier_bias", default: false)
            activation = try EncoderActivation(
                named: try file.string("classifier_activation") ?? "gelu",
                unsupported: { file.unsupported("classifier_activation", $0, EncoderActivation.names) }
            )
            switch try file.string("classifier_pooling") ?? "cls" {
            case "cls": break
            case "mean": pooling = .mean
            case let other: throw file.unsupported("classifier_pooling", other, "'cls' or 'mean'")
            }
        }
        self.pooling = pooling
        let outputWeight = try weights.tensor(outputName + ".weight")
        guard outputWeight.shape == [1, dimension] else {
            throw VectorError(
                .unsupportedModel,
                "'\(outputWeight.file.path)': tensor '\(outputName).weight' has shape \(outputWeight.shape); one label "
                    + "is supported, [1, \(dimension)]"
            )
        }
        let denseSource = LinearLayer.Source(
            weight: try weights.tensor(denseName + ".weight", shape: [dimension, dimension]),
            bias: hasBias ? try weights.tensor(denseName + ".bias", shape: [dimension]) : nil
        )
        let outputSource = LinearLayer.Source(
            weight: outputWeight,
            bias: try weights.tensor(outputName + ".bias", shape: [1])
        )
        // The head's own names have nothing before them.
        weights.findPrefix(among: [], by: "")
        normalization =
            configuration.family == .modernBERT
            ? try LayerReader(weights: weights, configuration: configuration, names: names, level: level)
                .normalization("head.norm") : nil
        dense = try LinearLayer([denseSource], inputs: dimension, activation: activation, level: level)
        output = try LinearLayer([outputSource], inputs: dimension, level: level)
    }

    /// The scores of pooled states, one row each.
    func scores(of pooled: [Float], count: Int, _ team: Team) throws(VectorError) -> [Float] {
        var hidden = try dense.outputs(of: pooled, count: count, team)
        normalization?.apply(to: &hidden, count: count)
        return try output.outputs(of: hidden, count: count, team)
    }
}

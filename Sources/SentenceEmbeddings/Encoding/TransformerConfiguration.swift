import SentenceEmbeddingsC
import Vectors

/// The shape of a transformer, as `config.json` describes it: one description for all architectures.
struct TransformerConfiguration: Sendable {
    /// The architectures, as `model_type` names them.
    enum Family: String, Sendable, CaseIterable {
        case bert
        case distilBERT = "distilbert"
        case roberta
        case camembert
        case xlmRoberta = "xlm-roberta"
        case mpnet
        case modernBERT = "modernbert"
    }

    /// What the attention of a layer is told about positions.
    struct Positions: Sendable, Equatable {
        /// The base of the rotary embedding's wave lengths; nil where there is none.
        var rotaryBase: Double?
        /// Keys further away don't count; nil where all do.
        var window: Int?
    }

    let family: Family
    let vocabularySize: Int
    let dimension: Int
    let heads: Int
    let innerDimension: Int
    let epsilon: Float
    let activation: EncoderActivation
    /// The most tokens of a text, the special ones included.
    let maximumTokens: Int
    /// The rows of the table of positions; 0 where there is none.
    let positionCount: Int
    /// The row of the first token.
    let firstPosition: Int
    /// The rows of the table of token types; 0 where there is none.
    let typeCount: Int
    /// For each layer.
    let layers: [Positions]
    /// The buckets of distances that all layers' attention learned a bias for; 0 where there are none.
    let distanceBuckets: Int
    let hasAttentionBias: Bool
    let hasFeedForwardBias: Bool
    let hasNormalizationBias: Bool

    /// Whether layers normalise what they read, where others normalise what they write.
    var normalizesFirst: Bool { family == .modernBERT }

    /// Whether half of the feed-forward network gates the other half.
    var isGated: Bool { family == .modernBERT }

    init(_ file: ConfigurationFile) throws(VectorError) {
        guard let type = try file.string("model_type") else { throw file.missing("model_type") }
        guard let family = Family(rawValue: type) else {
            let names = Family.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw file.unsupported("model_type", type, "one of \(names)")
        }
        let isDistilBERT = family == .distilBERT
        self.family = family
        vocabularySize = try file.int("vocab_size", in: 1...16_777_216)
        dimension = try file.int(isDistilBERT ? "dim" : "hidden_size", in: 1...VectorMatrix.maximumDimension)
        heads = try file.int(isDistilBERT ? "n_heads" : "num_attention_heads", in: 1...dimension)
        guard dimension.isMultiple(of: heads) else {
            throw VectorError(.invalidFormat, "'\(file.path)': dimension \(dimension) is no multiple of \(heads) heads")
        }
        innerDimension = try file.int(isDistilBERT ? "hidden_dim" : "intermediate_size", in: 1...1_048_576)
        let layerCount = try file.int(isDistilBERT ? "n_layers" : "num_hidden_layers", in: 1...1024)
        let positions = try file.int("max_position_embeddings", in: 3...1_048_576)
        let activationKey = isDistilBERT ? "activation" : family == .modernBERT ? "hidden_activation" : "hidden_act"
        activation = try EncoderActivation(
            named: try file.string(activationKey) ?? "gelu",
            unsupported: { file.unsupported(activationKey, $0, EncoderActivation.names) }
        )
        let epsilonKey = family == .modernBERT ? "norm_eps" : "layer_norm_eps"
        let epsilonDefault = family == .mpnet || family == .bert || isDistilBERT ? 1e-12 : 1e-5
        epsilon = isDistilBERT ? 1e-12 : Float(try file.double(epsilonKey, in: 0...1, default: epsilonDefault))

        if let kind = try file.string("position_embedding_type"), kind != "absolute" {
            throw file.unsupported("position_embedding_type", kind, "'absolute'")
        }
        for key in ["is_decoder", "add_cross_attention"] where try file.bool(key, default: false) {
            throw file.unsupported(key, "true", "an encoder alone")
        }
        switch family {
        case .roberta, .camembert, .xlmRoberta, .mpnet:
            // Tokens are counted from behind the padding's id on.
            firstPosition = try file.int("pad_token_id", in: 0...positions - 2, default: 1) + 1
        case .bert, .distilBERT, .modernBERT: firstPosition = 0
        }
        maximumTokens = positions - firstPosition
        positionCount = family == .modernBERT ? 0 : positions
        switch family {
        case .bert, .roberta, .camembert, .xlmRoberta:
            typeCount = try file.int("type_vocab_size", in: 1...1024, default: family == .bert ? 2 : 1)
        case .distilBERT, .mpnet, .modernBERT: typeCount = 0
        }
        distanceBuckets =
            family == .mpnet ? try file.int("relative_attention_num_buckets", in: 4...1024, default: 32) : 0
        guard family == .modernBERT else {
            layers = Array(repeating: Positions(), count: layerCount)
            (hasAttentionBias, hasFeedForwardBias, hasNormalizationBias) = (true, true, true)
            return
        }
        guard (dimension / heads).isMultiple(of: 2) else {
            throw VectorError(
                .invalidFormat,
                "'\(file.path)': heads of dimension \(dimension / heads) can't be rotated"
            )
        }
        layers = try Self.alternatingLayers(file, count: layerCount)
        hasAttentionBias = try file.bool("attention_bias", default: false)
        hasFeedForwardBias = try file.bool("mlp_bias", default: false)
        hasNormalizationBias = try file.bool("norm_bias", default: false)
    }

    /// ModernBERT's layers, of which some see all tokens and the others those nearby, in both spellings: a list of types
    /// with parameters for each, since transformers 5, and one number for all before.
    private static func alternatingLayers(
        _ file: ConfigurationFile,
        count: Int
    ) throws(VectorError) -> [Positions] {
        let window = try file.int("local_attention", in: 0...1_048_576, default: 128) / 2
        let bases = 1.0...1e12
        let globalBase = try file.double("global_rope_theta", in: bases, default: 160_000)
        let localBase = try file.double("local_rope_theta", in: bases, default: 10_000)
        func base(_ type: String, _ older: Double) throws(VectorError) -> Double {
            guard let parameters = file.value("rope_parameters")?[type], !parameters.isNull else { return older }
            if let kind = parameters["rope_type"]?.string, kind != "default" {
                throw file.unsupported("rope_type", kind, "'default'")
            }
            guard let theta = parameters["rope_theta"] else { return older }
            guard let number = theta.double, bases.contains(number) else {
                throw theta.error("rope_theta is no number in \(bases.lowerBound)...\(bases.upperBound)")
            }
            return number
        }
        if let scaling = file.value("rope_scaling") { throw scaling.error("rope_scaling is not supported") }
        let global = Positions(rotaryBase: try base("full_attention", globalBase), window: nil)
        let local = Positions(rotaryBase: try base("sliding_attention", localBase), window: window)
        guard let types = file.value("layer_types") else {
            let period = try file.int("global_attn_every_n_layers", in: 1...1024, default: 3)
            return (0..<count).map { $0.isMultiple(of: period) ? global : local }
        }
        var layers: [Positions] = []
        guard let elements = types.array else { throw types.error("layer_types is no array") }
        for type in elements {
            switch type.string {
            case "full_attention": layers.append(global)
            case "sliding_attention": layers.append(local)
            default: throw type.error("a layer type is neither 'full_attention' nor 'sliding_attention'")
            }
        }
        guard layers.count == count else {
            throw types.error("there are \(layers.count) layer types for \(count) layers")
        }
        return layers
    }
}

extension EncoderActivation {
    static let names = "'gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu', 'silu' or 'tanh'"

    /// The function that transformers has under a name.
    init(named name: String, unsupported: (String) -> VectorError) throws(VectorError) {
        switch name {
        case "gelu", "gelu_python": self = ENCODER_GELU
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh": self = ENCODER_GELU_TANH
        case "relu": self = ENCODER_RELU
        case "silu", "swish": self = ENCODER_SILU
        case "tanh": self = ENCODER_TANH
        default: throw unsupported(name)
        }
    }
}

/// What a family calls its tensors. The names of weights are without ".weight".
struct TensorNames: Sendable {
    /// The names within a layer, behind the layer's own.
    struct Layer: Sendable {
        /// One tensor for all three, or one each.
        var queryKeyValue: [String]
        var attentionOutput: String
        var attentionNormalization: String
        var up: String
        var down: String
        var feedForwardNormalization: String
    }

    /// What may stand before all names.
    var prefixes: [String]
    var words = "embeddings.word_embeddings"
    var positions = "embeddings.position_embeddings"
    var types = "embeddings.token_type_embeddings"
    var embeddingNormalization = "embeddings.LayerNorm"
    var finalNormalization: String?
    var distances = "encoder.relative_attention_bias"
    /// Before a layer's number.
    var layers = "encoder.layer."
    var layer = Layer(
        queryKeyValue: ["attention.self.query", "attention.self.key", "attention.self.value"],
        attentionOutput: "attention.output.dense",
        attentionNormalization: "attention.output.LayerNorm",
        up: "intermediate.dense",
        down: "output.dense",
        feedForwardNormalization: "output.LayerNorm"
    )

    init(of family: TransformerConfiguration.Family) {
        switch family {
        case .bert: prefixes = ["", "bert."]
        case .roberta, .camembert, .xlmRoberta: prefixes = ["", "roberta."]
        case .distilBERT:
            prefixes = ["", "distilbert."]
            layers = "transformer.layer."
            layer = Layer(
                queryKeyValue: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
                attentionOutput: "attention.out_lin",
                attentionNormalization: "sa_layer_norm",
                up: "ffn.lin1",
                down: "ffn.lin2",
                feedForwardNormalization: "output_layer_norm"
            )
        case .mpnet:
            prefixes = ["", "mpnet."]
            layer.queryKeyValue = ["attention.attn.q", "attention.attn.k", "attention.attn.v"]
            layer.attentionOutput = "attention.attn.o"
            layer.attentionNormalization = "attention.LayerNorm"
        case .modernBERT:
            prefixes = ["", "model."]
            words = "embeddings.tok_embeddings"
            embeddingNormalization = "embeddings.norm"
            finalNormalization = "final_norm"
            layers = "layers."
            layer = Layer(
                queryKeyValue: ["attn.Wqkv"],
                attentionOutput: "attn.Wo",
                attentionNormalization: "attn_norm",
                up: "mlp.Wi",
                down: "mlp.Wo",
                feedForwardNormalization: "mlp_norm"
            )
        }
    }
}

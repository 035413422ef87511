/// The numbers that an encoder multiplies.
public enum EncoderPrecision: String, Sendable, Hashable, CaseIterable {
    /// Single precision, as the weights are (half-precision weights are widened): the same vectors as
    /// sentence-transformers gives, to some 3e-7.
    case float32
    /// Weights of linear layers in 8 bits, scaled output by output, and what they are multiplied with in 8 bits, scaled
    /// token by token. About twice as fast, and a fourth of the memory for those weights (half, where the processor
    /// multiplies no bytes).
    ///
    /// The price depends on the model. all-MiniLM-L6-v2's vectors have a cosine to those of ``float32`` of 0.999 and
    /// more, of the empty text 0.996; see what it does to your own results.
    case int8
}

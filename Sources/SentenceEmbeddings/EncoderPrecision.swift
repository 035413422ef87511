/// The numbers that an encoder multiplies.
public enum EncoderPrecision: String, Sendable, Hashable, CaseIterable {
    /// Single precision, as the weights are (half-precision weights are widened): the same vectors as
    /// sentence-transformers gives, to some 3e-7.
    case float32
    /// Weights of linear layers in 8 bits, scaled output by output, and what they are multiplied with in 8 bits, scaled
    /// token by token. Faster, and a fourth of the memory for those weights; the vectors' cosine to those of
    /// ``float32`` is about 0.99 and more.
    case int8
}

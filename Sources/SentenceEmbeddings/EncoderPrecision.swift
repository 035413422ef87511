/// The numbers that an encoder multiplies.
public enum EncoderPrecision: String, Sendable, Hashable, CaseIterable {
    /// Single precision, as the weights are (half-precision weights are widened): the same vectors as
    /// sentence-transformers gives, to some 3e-7.
    case float32
    /// Weights of linear layers in 8 bits, scaled output by output, and what they are multiplied with in 8 bits, scaled
    /// token by token. About twice as fast, and a fourth of the memory for those weights (half, where the processor
    /// multiplies no bytes).
    ///
    /// The price depends on the model. The vectors' cosine to those of ``float32`` is 0.999 and more for
    /// all-MiniLM-L6-v2 and 0.997 and more for all-mpnet-base-v2; of the empty text 0.996 and 0.983. See what it does to
    /// your own results.
    case int8
}

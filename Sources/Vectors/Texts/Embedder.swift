/// A model that turns texts into vectors of one length: a sentence encoder, the mean of word vectors, or your own.
///
/// A collection of texts (`TextCollection` of the module `VectorStorage`) is filled and searched by one.
public protocol Embedder: Sendable {
    /// The length of every vector.
    var dimension: Int { get }
    /// Which model it is: vectors of embedders with equal identities may be compared, others not.
    var identity: EmbedderIdentity { get }

    /// The vectors of texts, texts × dimension, in their order. The same text has the same vector, whatever comes with it.
    ///
    /// - Parameters:
    ///   - texts: any number of texts of any length.
    ///   - role: what they are for; models that were trained with a prompt for each role put it in front.
    /// - Throws: `VectorError`, with code `cancelled` where the task was cancelled.
    func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix
}

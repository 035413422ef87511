public import Vectors

/// An encoder as the embedder of a collection of texts.
extension SentenceEncoder: Embedder {
    /// Its ``name`` and its ``fingerprint``.
    public var identity: EmbedderIdentity { EmbedderIdentity(name: name, fingerprint: fingerprint) }

    /// As `encode(_:)`, with the prompt that the model has for the role: "query", or "document" or "passage".
    public func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
        let names = role == .query ? ["query"] : ["document", "passage"]
        return try await encode(texts, prompt: names.lazy.compactMap { self.prompts[$0] }.first)
    }
}

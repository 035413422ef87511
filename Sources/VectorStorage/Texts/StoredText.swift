import Vectors

/// A text under its key, with what is known about it.
public struct StoredText: Sendable, Hashable {
    /// What the text is stored under.
    public var key: VectorKey
    /// The text.
    public var text: String
    /// What is known about it; not ``TextCollection/textField``, which holds the text.
    public var metadata: VectorMetadata

    /// Puts a key, a text and metadata together.
    public init(key: VectorKey, text: String, metadata: VectorMetadata = [:]) {
        self.key = key
        self.text = text
        self.metadata = metadata
    }

    /// What a row stores of it beside the vector.
    var storedMetadata: VectorMetadata {
        get throws(VectorError) {
            guard metadata[TextCollection.textField] == nil else {
                throw VectorError(
                    .invalidArgument,
                    "the metadata of '\(key)' have a field '\(TextCollection.textField)', where the text itself is stored"
                )
            }
            var stored = metadata
            stored[TextCollection.textField] = .string(text)
            return stored
        }
    }

    init(_ row: StoredVector) throws(VectorError) {
        var metadata = row.metadata
        guard case .string(let text) = metadata.removeValue(forKey: TextCollection.textField) else {
            throw VectorError(
                .metadataMismatch,
                "the row '\(row.key)' has no text in its field '\(TextCollection.textField)'"
            )
        }
        self.init(key: row.key, text: text, metadata: metadata)
    }
}

extension VectorMatch {
    /// The text that was found, in a ``TextCollection``; nil in any other.
    public var text: String? { metadata.storedText }
}

extension VectorMetadata {
    /// What a ``TextCollection`` keeps of a row's text.
    var storedText: String? {
        guard case .string(let text) = self[TextCollection.textField] else { return nil }
        return text
    }
}

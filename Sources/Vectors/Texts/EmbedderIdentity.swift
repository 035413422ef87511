/// Which model made vectors: two that differ in a weight have different fingerprints.
public struct EmbedderIdentity: Sendable, Hashable, Codable, CustomStringConvertible {
    /// The model's name, for people.
    public let name: String
    /// A hash of all that its vectors depend on, such as weights, vocabulary and prompts.
    public let fingerprint: String

    /// Puts a name and a fingerprint together.
    public init(name: String, fingerprint: String) {
        self.name = name
        self.fingerprint = fingerprint
    }

    /// Both, as in `all-MiniLM-L6-v2 (5f0c2a91)`.
    public var description: String { "\(name) (\(fingerprint))" }
}

/// What a text is embedded for.
public enum TextRole: Sendable, Hashable, CaseIterable {
    /// To be stored and found.
    case document
    /// To be searched for.
    case query
}

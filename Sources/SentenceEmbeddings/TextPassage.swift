/// A part of a text that is short enough for a model.
public struct TextPassage: Sendable, Hashable {
    /// The passage.
    public let text: String
    /// Where it stands in the text that it was cut out of.
    public let range: Range<String.Index>
}

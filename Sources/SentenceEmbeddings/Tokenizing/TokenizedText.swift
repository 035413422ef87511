/// A text, or a pair of texts, as a model reads it.
public struct TokenizedText: Sendable, Hashable {
    /// The ids of the pieces, special tokens included.
    public let ids: [Int32]
    /// Of each piece whether it belongs to the first text (0) or the second (1), as the model counts.
    public let typeIDs: [Int32]
    /// The number of pieces that were cut off because they were too many; 0 if the texts are whole.
    public let truncatedCount: Int
}

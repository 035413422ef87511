/// The answers to a query by vectors and by words, best first, and how they were found.
public struct HybridResult: Sendable {
    /// Best first; equally good ones in the order of their writing.
    public var matches: [HybridMatch]
    /// In how many of the rows that the condition holds for a word of the query occurs; 0 if words were left out. Words of
    /// more than half of all rows say nothing, and are not looked for where rarer ones find enough.
    public var wordMatchCount: Int
    /// How the side of the vectors was searched; nil if it was left out.
    public var vectorDiagnostics: SearchDiagnostics?
}

/// One answer of a search by vectors and by words.
public struct HybridMatch: Sendable, Hashable {
    /// What one side says of a row.
    public struct Place: Sendable, Hashable {
        /// From 1, the best.
        public var rank: Int
        /// The side's own score: of vectors in the unit of the collection's metric; of words BM25 (Robertson and Zaragoza,
        /// 2009; k1 = 1.2, b = 0.75), the higher the better.
        public var score: Float
    }

    /// What the row is stored under.
    public var key: VectorKey
    /// The sum of what both sides give, see ``HybridOptions``; the higher the better.
    public var score: Double
    /// What is known about it.
    public var metadata: VectorMetadata
    /// Its place by nearness; nil if it is not among the candidates.
    public var byVector: Place?
    /// Its place by words; nil if it is not among the candidates.
    public var byWords: Place?
    /// Where words of the query are in the texts of the indexed fields, in order and without overlaps; empty unless
    /// ``HybridOptions/highlights`` asks for it.
    public var highlights: [String: [Range<String.Index>]]

    /// The text that was found, in a ``TextCollection``; nil in any other.
    public var text: String? { metadata.storedText }

    /// The text of a field with the query's words between two marks.
    ///
    /// - Parameters:
    ///   - field: a field of the metadata that is a string.
    ///   - opening: what stands before a word, or several that follow each other without a space.
    ///   - closing: what stands behind it.
    /// - Returns: the text as it is where nothing is highlighted; nil if the field is no string.
    public func highlighted(_ field: String = TextCollection.textField, _ opening: String, _ closing: String) -> String?
    {
        guard case .string(let text) = metadata[field] else { return nil }
        var marked = ""
        var end = text.startIndex
        for range in highlights[field] ?? [] {
            marked += text[end..<range.lowerBound] + opening + text[range] + closing
            end = range.upperBound
        }
        return marked + text[end...]
    }
}

public import Vectors

extension SentenceEncoder {
    /// Cuts a text into passages that the model reads whole: at white space, and within a word where one alone is too
    /// long.
    ///
    /// Every character but white space between passages is in one. Cost: tokenizes the text three times; no vectors are
    /// made.
    ///
    /// - Parameters:
    ///   - text: the text. One of white space alone has no passages.
    ///   - maximumTokens: the most tokens of a passage, special ones included; the encoder's own limit by default, which
    ///     is also the most. A single character may have more.
    ///   - overlap: about how many tokens at the end of a passage the next one begins with again, in whole words; 0 by
    ///     default.
    /// - Returns: the passages in the text's order, and where they stand.
    /// - Throws: `VectorError` with code `invalidArgument` if `maximumTokens` leaves no room for text, or is above the
    ///   encoder's, or if the overlap fills a passage.
    public func passages(
        of text: String,
        maximumTokens: Int? = nil,
        overlap: Int = 0
    ) throws(VectorError) -> [TextPassage] {
        let specials = tokenizer.count("")
        let limit = maximumTokens ?? self.maximumTokens
        try checkRange(limit, min(specials + 1, self.maximumTokens)...self.maximumTokens, "maximumTokens")
        let room = max(limit - specials, 1)
        try checkRange(overlap, 0...room - 1, "overlap")

        let words = words(of: text, room: room)
        var passages: [TextPassage] = []
        var start = 0
        // The words that are in a passage already.
        var covered = 0
        while start < words.count {
            var end = start + 1
            var tokens = words[start].tokens
            while end < words.count, words[end].tokens <= room - tokens {
                tokens += words[end].tokens
                end += 1
            }
            func range() -> Range<String.Index> { words[start].range.lowerBound..<words[end - 1].range.upperBound }
            // Words may have more tokens side by side than each by itself, if rarely.
            while end > start + 1, tokenizer.count(String(text[range()])) - specials > room { end -= 1 }
            if end <= covered {
                // The overlap left no room for a word.
                start += 1
                continue
            }
            covered = end
            passages.append(TextPassage(text: String(text[range()]), range: range()))
            guard end < words.count else { break }
            // Back by the overlap, but not so far that the next passage has no room for a new word.
            var next = end
            var shared = 0
            while next > start + 1, shared + words[next - 1].tokens <= min(overlap, room - words[end].tokens) {
                next -= 1
                shared += words[next].tokens
            }
            start = next
        }
        return passages
    }

    /// A stretch without white space, and how many tokens it has.
    private struct Word {
        var range: Range<String.Index>
        var tokens: Int
    }

    private func words(of text: String, room: Int) -> [Word] {
        var words: [Word] = []
        let scalars = text.unicodeScalars
        var place = scalars.startIndex
        while place < scalars.endIndex {
            let space = scalars[place...].firstIndex { !$0.properties.isWhitespace } ?? scalars.endIndex
            guard space < scalars.endIndex else { break }
            let end = scalars[space...].firstIndex(where: \.properties.isWhitespace) ?? scalars.endIndex
            append(text, place..<end, from: space, room: room, to: &words)
            place = end
        }
        return words
    }

    /// Appends a word, or its halves until they fit. The tokens are counted with and without the white space before it,
    /// which some models' tokens begin with: the first word of a passage has none.
    private func append(
        _ text: String,
        _ whole: Range<String.Index>,
        from start: String.Index,
        room: Int,
        to words: inout [Word]
    ) {
        let scalars = text.unicodeScalars
        let range = start..<whole.upperBound
        let tokens = max(
            tokenizer.pieceIDs(of: String(text[whole])).count,
            tokenizer.pieceIDs(of: String(text[range])).count
        )
        let length = scalars[range].count
        guard tokens > room, length > 1 else { return words.append(Word(range: range, tokens: tokens)) }
        let middle = scalars.index(start, offsetBy: length / 2)
        append(text, whole.lowerBound..<middle, from: start, room: room, to: &words)
        append(text, middle..<whole.upperBound, from: middle, room: room, to: &words)
    }
}

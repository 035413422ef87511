import Vectors

/// The tokens that are found in a text before anything else is done with it, such as `[MASK]`.
struct AddedTokens: Sendable {
    /// A token, as `tokenizer.json` describes it.
    struct Token: Sendable {
        var content: [UInt8]
        var id: Int32
        var isSpecial = true
        /// Whether it is no token within a word.
        var isSingleWord = false
        /// Whether white space before it belongs to it.
        var stripsLeft = false
        /// Whether white space behind it belongs to it.
        var stripsRight = false
        /// Whether it is sought in the normalized text.
        var isNormalized = false
    }

    private let tokens: [Token]
    /// Of each token's content its place among the tokens.
    private let trie: PieceTrie
    /// The bytes that a token starts with.
    private var starts = [Bool](repeating: false, count: 256)

    /// Makes a search for tokens; of tokens with equal contents the first one is found.
    init(_ tokens: [Token]) {
        self.tokens = tokens
        var table = PieceTable()
        for (place, token) in tokens.enumerated().reversed() {
            token.content.withUnsafeBufferPointer { table.insert($0, id: Int32(place)) }
            if let first = token.content.first { starts[Int(first)] = true }
        }
        trie = PieceTrie(table)
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Hands on, from first to last, the tokens in a text by their ids, and what is between them without one.
    func forEachPart(of text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>, Int32?) -> Void) {
        var done = 0
        var position = 0
        while !tokens.isEmpty, position < text.count {
            guard starts[Int(text[position])], let (token, length) = longestToken(at: position, in: text) else {
                position += 1
                continue
            }
            let (start, end) = (position, position + length)
            position = end
            let isWithinWord =
                token.isSingleWord && (Self.isWord(before: start, in: text) || Self.isWord(at: end, in: text))
            if isWithinWord { continue }
            let first = token.stripsLeft ? max(Self.startOfSpaces(before: start, in: text), done) : start
            let last = token.stripsRight ? Self.endOfSpaces(from: end, in: text) : end
            if done < first { body(done..<first, nil) }
            // Tokens that start with white space may lie in what the one before has stripped.
            body(first..<max(first, last), token.id)
            done = max(first, last)
        }
        if done < text.count { body(done..<text.count, nil) }
    }

    private func longestToken(at start: Int, in text: UnsafeBufferPointer<UInt8>) -> (Token, length: Int)? {
        var node = PieceTrie.root
        var found: (Token, length: Int)?
        for place in start..<text.count {
            guard let next = trie.step(node, text[place]) else { break }
            node = next
            let number = trie.value(at: node)
            if number != PieceTrie.none { found = (tokens[Int(number)], place + 1 - start) }
        }
        return found
    }

    private static func isWord(before position: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        position > 0 && UnicodeTable.shared[UTF8Scalar.decode(before: position, in: text)].contains(.word)
    }

    private static func isWord(at position: Int, in text: UnsafeBufferPointer<UInt8>) -> Bool {
        position < text.count && UnicodeTable.shared[UTF8Scalar.decode(at: position, in: text).scalar].contains(.word)
    }

    private static func startOfSpaces(before position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var start = position
        while start > 0, UnicodeTable.shared[UTF8Scalar.decode(before: start, in: text)].contains(.whiteSpace) {
            start -= 1
            while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        }
        return start
    }

    private static func endOfSpaces(from position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var end = position
        while end < text.count {
            let (scalar, length) = UTF8Scalar.decode(at: end, in: text)
            guard UnicodeTable.shared[scalar].contains(.whiteSpace) else { break }
            end += length
        }
        return end
    }
}

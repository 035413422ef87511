/// Cuts a normalized text into words, of each of which the model makes pieces.
enum PreTokenizer: Sendable {
    /// White space is removed, punctuation isolated.
    case bert
    /// `\w+|[^\w\s]+`.
    case whitespace
    case whitespaceSplit
    case byteLevel(addsPrefixSpace: Bool, splits: Bool)
    case metaspace(replacement: [UInt8], PrefixScheme, splits: Bool)
    case punctuation(SplitBehavior)
    case digits(individually: Bool)
    case split(TextPattern, SplitBehavior, inverted: Bool)
    case sequence([PreTokenizer])

    /// Where Metaspace puts its mark before a text.
    enum PrefixScheme: String, Sendable {
        case always, first, never
    }

    /// Cuts all pieces of a text.
    ///
    /// - Parameter isStart: Whether the text's first piece starts the whole text, with no added token before it.
    func apply(to text: inout TextPieces, isStart: Bool) {
        let table = UnicodeTable.shared
        switch self {
        case .bert:
            text.split(.removed) { Self.cut($0, $1, $2) { table[$0].contains(.whiteSpace) } }
            text.split(.isolated) { Self.cut($0, $1, $2) { table[$0].contains(.punctuation) } }
        case .whitespace:
            text.split(.removed) { Self.cut($0, $1, $2) { table[$0].contains(.whiteSpace) } }
            text.split(.contiguous) { Self.cut($0, $1, $2) { !table[$0].contains(.word) } }
        case .whitespaceSplit:
            text.split(.removed) { Self.cut($0, $1, $2) { table[$0].contains(.whiteSpace) } }
        case .punctuation(let behavior):
            text.split(behavior) { Self.cut($0, $1, $2) { table[$0].contains(.punctuation) } }
        case .digits(let individually):
            text.split(individually ? .isolated : .contiguous) {
                Self.cut($0, $1, $2) { table[$0].contains(.numeric) }
            }
        case .split(let pattern, let behavior, let inverted):
            text.split(behavior) { Self.cut($0, $1, by: pattern, inverted, $2) }
        case .byteLevel(let addsPrefixSpace, let splits):
            if addsPrefixSpace {
                text.rewrite { piece, result in
                    if piece.first != 0x20 { result.append(0x20) }
                    result.append(contentsOf: piece)
                }
            }
            if splits { text.split(.isolated) { Self.cut($0, $1, by: .gpt2, false, $2) } }
            text.rewrite(ByteLevel.append)
        case .metaspace(let replacement, let scheme, let splits):
            var first = isStart
            text.rewrite { piece, result in
                let prefixes = scheme == .always || (scheme == .first && first)
                first = false
                if prefixes, piece.first != 0x20, !piece.starts(with: replacement) {
                    result.append(contentsOf: replacement)
                }
                for byte in piece {
                    if byte == 0x20 { result.append(contentsOf: replacement) } else { result.append(byte) }
                }
            }
            if splits { text.split(.mergedWithNext) { Self.cut($0, $1, by: .text(replacement), false, $2) } }
        case .sequence(let parts):
            for part in parts { part.apply(to: &text, isStart: isStart) }
        }
    }

    /// Hands on each scalar that is a delimiter, and what is between them.
    @inline(__always)
    private static func cut(
        _ text: UnsafeBufferPointer<UInt8>,
        _ range: Range<Int>,
        _ part: (Range<Int>, Bool) -> Void,
        isDelimiter: (UInt32) -> Bool
    ) {
        var position = range.lowerBound
        var start = position
        while position < range.upperBound {
            let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
            if isDelimiter(scalar) {
                part(start..<position, false)
                part(position..<position + length, true)
                start = position + length
            }
            position += length
        }
        part(start..<position, false)
    }

    /// Hands on each match of a pattern, and what is between them.
    private static func cut(
        _ text: UnsafeBufferPointer<UInt8>,
        _ range: Range<Int>,
        by pattern: TextPattern,
        _ inverted: Bool,
        _ part: (Range<Int>, Bool) -> Void
    ) {
        var done = range.lowerBound
        pattern.forEachMatch(in: text, range) { match in
            part(done..<match.lowerBound, inverted)
            part(match, !inverted)
            done = match.upperBound
        }
        part(done..<range.upperBound, inverted)
    }
}

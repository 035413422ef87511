/// Graphemes, as the library cuts them (Unicode Standard Annex #29, extended grapheme clusters).
enum Grapheme {
    private enum Syllable { case leading, vowel, trailing, open, closed }
    /// How much of an Indic conjunct is there: nothing, a consonant, a consonant and a linker.
    private enum Conjunct { case none, consonant, linked }

    /// The end of the grapheme that starts at a position.
    static func end(at start: Int, in text: UnsafeBufferPointer<UInt8>, _ table: UnicodeTable) -> Int {
        let (first, length) = UTF8Scalar.decode(at: start, in: text)
        var position = start + length
        if first == 0x0D, position < text.count, text[position] == 0x0A { return position + 1 }
        var properties = table[first]
        if properties.contains(.endsGrapheme) { return position }
        var last = first
        var isPictographic = isPictograph(properties)
        var flags = isFlagLetter(first) ? 1 : 0
        var conjunct = properties.contains(.consonant) ? Conjunct.consonant : .none
        while position < text.count {
            let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
            let next = table[scalar]
            if next.contains(.endsGrapheme) { break }
            if next.contains(.extendsGrapheme) {
                flags = 0
                if next.contains(.linksConjunct), conjunct != .none {
                    conjunct = .linked
                } else if !next.contains(.extendsConjunct) {
                    conjunct = .none
                }
            } else {
                let isFlag = isFlagLetter(scalar)
                let joins =
                    properties.contains(.startsGrapheme)
                    || (isPictographic && last == 0x200D && isPictograph(next))
                    || (isFlag && flags == 1)
                    || (conjunct == .linked && next.contains(.consonant))
                    || isOneSyllable(last, scalar)
                guard joins else { break }
                isPictographic = isPictograph(next)
                flags = isFlag ? flags + 1 : 0
                conjunct = next.contains(.consonant) ? .consonant : .none
            }
            (last, properties) = (scalar, next)
            position += length
        }
        return position
    }

    private static func isPictograph(_ properties: UnicodeTable.Properties) -> Bool {
        properties.contains(.joinsGrapheme) && !properties.contains(.extendsGrapheme)
    }

    private static func isFlagLetter(_ scalar: UInt32) -> Bool { (0x1F1E6...0x1F1FF).contains(scalar) }

    private static func isOneSyllable(_ first: UInt32, _ second: UInt32) -> Bool {
        guard first >= 0x1100, second >= 0x1100 else { return false }
        switch (syllable(first), syllable(second)) {
        case (.leading, .leading), (.leading, .vowel), (.leading, .open), (.leading, .closed): return true
        case (.open, .vowel), (.open, .trailing), (.vowel, .vowel), (.vowel, .trailing): return true
        case (.closed, .trailing), (.trailing, .trailing): return true
        default: return false
        }
    }

    private static func syllable(_ scalar: UInt32) -> Syllable? {
        switch scalar {
        case 0x1100...0x115F, 0xA960...0xA97C: .leading
        case 0x1160...0x11A7, 0xD7B0...0xD7C6: .vowel
        case 0x11A8...0x11FF, 0xD7CB...0xD7FB: .trailing
        case 0xAC00...0xD7A3: (scalar - 0xAC00) % 28 == 0 ? .open : .closed
        default: nil
        }
    }
}

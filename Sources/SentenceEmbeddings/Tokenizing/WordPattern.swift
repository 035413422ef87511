/// Matches by hand the regular expressions by which byte-level tokenizers split words. Their matches cover every text.
struct WordPattern {
    private enum Kind { case letter, number, space, other }

    private let text: UnsafeBufferPointer<UInt8>
    private let end: Int
    private let table = UnicodeTable.shared

    /// For a text up to an end, behind which nothing is seen.
    init(_ text: UnsafeBufferPointer<UInt8>, end: Int) {
        self.text = text
        self.end = end
    }

    /// Hands on the matches of `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    func forEachGPT2(from start: Int, _ body: (Range<Int>) -> Void) {
        var position = start
        while position < end {
            var next = endOfContraction(position, ignoringCase: false)
            if next == position {
                // A space belongs to what is behind it.
                let first = text[position] == 0x20 && position + 1 < end ? position + 1 : position
                let (kind, length) = kind(at: first)
                if kind == .space {
                    next = endOfSpaces(position)
                } else {
                    next = endOfRun(kind, from: first + length)
                }
            }
            body(position..<next)
            position = next
        }
    }

    /// Hands on the matches of Llama 3's expression, with runs of up to some digits:
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
    func forEachGPT4(from start: Int, maximumDigits: Int, _ body: (Range<Int>) -> Void) {
        var position = start
        while position < end {
            let next = endOfGPT4(position, maximumDigits)
            body(position..<next)
            position = next
        }
    }

    private func endOfGPT4(_ position: Int, _ maximumDigits: Int) -> Int {
        let contraction = endOfContraction(position, ignoringCase: true)
        if contraction > position { return contraction }
        let (first, length) = kind(at: position)
        var next = position + length
        switch first {
        case .letter: return endOfRun(.letter, from: next)
        case .number:
            for _ in 1..<maximumDigits where next < end {
                let (kind, length) = kind(at: next)
                if kind != .number { break }
                next += length
            }
            return next
        case .other, .space:
            if !isLineEnd(position), next < end, kind(at: next).kind == .letter { return endOfRun(.letter, from: next) }
            if first == .space {
                guard text[position] == 0x20, next < end, kind(at: next).kind == .other else { break }
            }
            next = endOfRun(.other, from: next)
            while next < end, isLineEnd(next) { next += 1 }
            return next
        }
        return endOfSpaces(position, endingLines: true)
    }

    /// The end of a run of white space: the last one is left to the word behind it; or the run ends with its last line.
    private func endOfSpaces(_ start: Int, endingLines: Bool = false) -> Int {
        var (position, last, line) = (start, start, start)
        while position < end {
            let (kind, length) = kind(at: position)
            if kind != .space { break }
            last = position
            position += length
            if isLineEnd(last) { line = position }
        }
        if endingLines, line > start { return line }
        return position < end && last > start ? last : position
    }

    private func endOfRun(_ kind: Kind, from start: Int) -> Int {
        var position = start
        while position < end {
            let (next, length) = self.kind(at: position)
            if next != kind { break }
            position += length
        }
        return position
    }

    /// The end of `'s`, `'re` and so on; the position itself if that isn't there.
    private func endOfContraction(_ position: Int, ignoringCase: Bool) -> Int {
        guard text[position] == UInt8(ascii: "'"), position + 1 < end else { return position }
        let mask: UInt8 = ignoringCase ? 0x20 : 0
        let second = position + 2 < end ? text[position + 2] | mask : 0
        switch (text[position + 1] | mask, second) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return position + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return position + 3
        default:
            // The long s is an s to who ignores case.
            let isLongS = ignoringCase && position + 2 < end && text[position + 1] == 0xC5 && text[position + 2] == 0xBF
            return isLongS ? position + 3 : position
        }
    }

    private func isLineEnd(_ position: Int) -> Bool { text[position] == 0x0A || text[position] == 0x0D }

    @inline(__always)
    private func kind(at position: Int) -> (kind: Kind, length: Int) {
        let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
        let properties = table[scalar]
        if properties.contains(.letter) { return (.letter, length) }
        if properties.contains(.whiteSpace) { return (.space, length) }
        return (properties.contains(.number) ? .number : .other, length)
    }
}

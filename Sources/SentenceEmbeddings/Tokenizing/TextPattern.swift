/// What Replace and Split look for: a string, or one of the few regular expressions that tokenizers have.
enum TextPattern: Sendable {
    case text([UInt8])
    /// A run of at least some times a byte: `" {2,}"`, `" +"`.
    case run(of: UInt8, atLeast: Int)
    /// A run of white space: `\s+`.
    case whiteSpace(atLeast: Int)
    /// What GPT-2 splits words by.
    case gpt2
    /// What Llama 3, GPT-4 and Qwen split words by.
    case gpt4(maximumDigits: Int)

    /// A regular expression; nil if it is none of those.
    init?(expression: String) {
        let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
        let rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
        switch expression {
        case "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+": self = .gpt2
        case contractions + "\\p{N}{1,3}" + rest: self = .gpt4(maximumDigits: 3)
        case contractions + "\\p{N}" + rest: self = .gpt4(maximumDigits: 1)
        case "\\s+": self = .whiteSpace(atLeast: 1)
        case "\\s{2,}": self = .whiteSpace(atLeast: 2)
        case " +": self = .run(of: 0x20, atLeast: 1)
        case " {2,}": self = .run(of: 0x20, atLeast: 2)
        default:
            guard !expression.isEmpty, !expression.utf8.contains(where: { "\\^$.|?*+()[]{}".utf8.contains($0) }) else {
                return nil
            }
            self = .text(Array(expression.utf8))
        }
    }

    /// Hands on the matches within a range, from first to last.
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var position = range.lowerBound
        let end = range.upperBound
        switch self {
        case .text(let wanted):
            guard !wanted.isEmpty else { return }
            while position + wanted.count <= end {
                if text[position] == wanted[0], text[position..<position + wanted.count].elementsEqual(wanted) {
                    body(position..<position + wanted.count)
                    position += wanted.count
                } else {
                    position += 1
                }
            }
        case .run(let byte, let least):
            while position < end {
                let start = position
                while position < end, text[position] == byte { position += 1 }
                if position - start >= least { body(start..<position) }
                if position == start { position += 1 }
            }
        case .whiteSpace(let least):
            let table = UnicodeTable.shared
            while position < end {
                let start = position
                var count = 0
                while position < end {
                    let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
                    guard table[scalar].contains(.whiteSpace) else {
                        if count == 0 { position += length }
                        break
                    }
                    position += length
                    count += 1
                }
                if count >= least { body(start..<position) }
            }
        case .gpt2:
            WordPattern(text, end: end).forEachGPT2(from: position, body)
        case .gpt4(let maximumDigits):
            WordPattern(text, end: end).forEachGPT4(from: position, maximumDigits: maximumDigits, body)
        }
    }
}

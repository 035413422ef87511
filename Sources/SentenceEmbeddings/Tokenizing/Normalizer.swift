/// Changes a text before it is split into words.
enum Normalizer: Sendable {
    case bert(BertNormalizer)
    case form(NormalizationForm)
    case lowercase
    case stripAccents
    case strip(left: Bool, right: Bool)
    case replace(TextPattern, with: [UInt8])
    case prepend([UInt8])
    case precompiled(PrecompiledCharacters)
    /// SentencePiece's rule for machine translation: control characters go, odd spaces become ordinary ones.
    case nmt
    case byteLevel
    case sequence([Normalizer])

    /// Normalizes well-formed UTF-8.
    func apply(to text: inout [UInt8]) {
        switch self {
        case .bert(let normalizer): normalizer.apply(to: &text)
        case .form(let form): form.apply(to: &text)
        case .lowercase:
            let (table, lowercase) = (UnicodeTable.shared, Lowercase.shared)
            Self.map(&text) { scalar, bytes in
                if table[scalar].contains(.hasLowercase) {
                    lowercase.append(scalar, to: &bytes)
                } else {
                    bytes.append(scalar: scalar)
                }
            }
        case .stripAccents:
            let table = UnicodeTable.shared
            Self.map(&text) { scalar, bytes in
                if !table[scalar].contains(.mark) { bytes.append(scalar: scalar) }
            }
        case .strip(let left, let right): text = Self.stripped(text, left: left, right: right)
        case .replace(let pattern, let replacement): text = Self.replacing(pattern, by: replacement, in: text)
        case .prepend(let prefix):
            if !text.isEmpty { text.insert(contentsOf: prefix, at: 0) }
        case .precompiled(let characters): characters.apply(to: &text)
        case .nmt:
            Self.map(&text) { scalar, bytes in
                switch scalar {
                case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: break
                case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                    bytes.append(0x20)
                default: bytes.append(scalar: scalar)
                }
            }
        case .byteLevel: text = ByteLevel.mapped(text[...])
        case .sequence(let normalizers):
            for normalizer in normalizers { normalizer.apply(to: &text) }
        }
    }

    /// Whether a text's first scalar stays where it is, so that what starts the normalized text starts the text.
    var keepsStart: Bool {
        switch self {
        case .form, .lowercase, .prepend: true
        case .sequence(let normalizers): normalizers.allSatisfy(\.keepsStart)
        default: false
        }
    }

    /// Rewrites a text scalar by scalar.
    @inline(__always)
    static func map(_ text: inout [UInt8], _ body: (UInt32, inout [UInt8]) -> Void) {
        var result: [UInt8] = []
        result.reserveCapacity(text.count + 16)
        text.withUnsafeBufferPointer { text in
            var position = 0
            while position < text.count {
                let (scalar, length) = UTF8Scalar.decode(at: position, in: text)
                body(scalar, &result)
                position += length
            }
        }
        text = result
    }

    private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
        let table = UnicodeTable.shared
        return text.withUnsafeBufferPointer { bytes in
            var (start, end) = (0, bytes.count)
            while left, start < end {
                let (scalar, length) = UTF8Scalar.decode(at: start, in: bytes)
                guard table[scalar].contains(.whiteSpace) else { break }
                start += length
            }
            while right, end > start {
                var last = end - 1
                while last > start, bytes[last] & 0xC0 == 0x80 { last -= 1 }
                guard table[UTF8Scalar.decode(at: last, in: bytes).scalar].contains(.whiteSpace) else { break }
                end = last
            }
            return Array(bytes[start..<end])
        }
    }

    private static func replacing(_ pattern: TextPattern, by replacement: [UInt8], in text: [UInt8]) -> [UInt8] {
        text.withUnsafeBufferPointer { bytes in
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count)
            var done = 0
            pattern.forEachMatch(in: bytes, 0..<bytes.count) { match in
                result.append(contentsOf: bytes[done..<match.lowerBound])
                result.append(contentsOf: replacement)
                done = match.upperBound
            }
            result.append(contentsOf: bytes[done...])
            return result
        }
    }
}

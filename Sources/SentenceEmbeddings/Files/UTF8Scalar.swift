/// A Unicode scalar in UTF-8.
enum UTF8Scalar {
    /// The bytes of the scalar at a position, 1 to 4; 0 if no well-formed one stands there (Unicode's table 3-7).
    static func length(at position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        let first = text[position]
        let length: Int
        /// The range of the second byte, which alone depends on the first.
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x00...0x7F: return 1
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard position + length <= text.count, second.contains(text[position + 1]) else { return 0 }
        for offset in 2..<max(length, 2) where text[position + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }
}

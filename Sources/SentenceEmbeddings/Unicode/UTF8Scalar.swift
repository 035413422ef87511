/// Unicode scalars in UTF-8.
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

    /// The scalar at a position of well-formed UTF-8, and its bytes; U+FFFD of 1 byte where it isn't well-formed.
    @inline(__always)
    static func decode(at position: Int, in text: UnsafeBufferPointer<UInt8>) -> (scalar: UInt32, length: Int) {
        let first = UInt32(text[position])
        if first < 0x80 { return (first, 1) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard first >= 0xC2, first < 0xF5, position + length <= text.count else { return (0xFFFD, 1) }
        var scalar = first & (0xFF >> UInt32(length + 1))
        for offset in 1..<length { scalar = scalar << 6 | UInt32(text[position + offset] & 0x3F) }
        return (min(scalar, 0x10FFFF), length)
    }

    /// The scalar that ends at a position above 0 of well-formed UTF-8.
    static func decode(before position: Int, in text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        var start = position - 1
        while start > 0, position - start < 4, text[start] & 0xC0 == 0x80 { start -= 1 }
        return decode(at: start, in: text).scalar
    }
}

extension [UInt8] {
    /// Appends a scalar in UTF-8.
    @inline(__always)
    mutating func append(scalar: UInt32) {
        if scalar < 0x80 {
            append(UInt8(truncatingIfNeeded: scalar))
            return
        }
        if scalar < 0x800 {
            append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
        } else {
            if scalar < 0x10000 {
                append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            } else {
                append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
            }
            append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
        }
        append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    }
}

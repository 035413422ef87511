/// Reads a score as the library does: the digits as one integer, rounded, then times or by a power of ten, rounded again.
///
/// That is the last bit off for one score of four. Ways of equal sums of scores are told apart by such bits.
enum PieceScore {
    private static let powers = (0...308).map { Double("1e\($0)") ?? .infinity }

    /// The score that a JSON number stands for; nil if it is no number or beyond the largest double.
    static func read(_ json: JSON) -> Double? {
        guard let score = json.withNumber({ value(of: $0) }), score.isFinite else { return nil }
        return score
    }

    private static func value(of text: UnsafeBufferPointer<UInt8>) -> Double {
        var digits: UInt64 = 0
        var exponent = 0
        var isFraction = false
        /// Whether further digits of this part are beyond 64 bits.
        var isFull = false
        var position = text.first == UInt8(ascii: "-") ? 1 : 0
        while position < text.count, text[position] | 0x20 != UInt8(ascii: "e") {
            if text[position] == UInt8(ascii: ".") {
                (isFraction, isFull) = (true, false)
            } else {
                let (tens, overflows) = digits.multipliedReportingOverflow(by: 10)
                let (sum, carries) = tens.addingReportingOverflow(UInt64(text[position] - UInt8(ascii: "0")))
                isFull = isFull || overflows || carries
                if !isFull { digits = sum }
                // What is left out of the whole part counts, what is left out of the fraction doesn't.
                if isFull != isFraction { exponent += isFull ? 1 : -1 }
            }
            position += 1
        }
        if position < text.count { exponent += writtenExponent(text[(position + 1)...]) }
        var value = Double(digits)
        while exponent < -308, value != 0 {
            value /= powers[308]
            exponent += 308
        }
        if value != 0 { value = exponent >= 0 ? value * powers[min(exponent, 308)] : value / powers[-exponent] }
        if exponent > 308, value != 0 { value = .infinity }
        return text.first == UInt8(ascii: "-") ? -value : value
    }

    /// The number behind an e; beyond what any double needs it doesn't grow.
    private static func writtenExponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
        var exponent = 0
        for byte in text where byte &- UInt8(ascii: "0") < 10 {
            exponent = min(exponent * 10 + Int(byte - UInt8(ascii: "0")), 1 << 32)
        }
        return text.first == UInt8(ascii: "-") ? -exponent : exponent
    }
}

#if Milvus
import VectorStorage

/// A whole number or a double as text that sorts as the number does, in the order of bytes: of different numbers different
/// texts, of an integer and a double of the same value the same. So a server that compares texts compares numbers, to the
/// last digit, whatever it makes of integers above 2⁵³.
///
/// The text is a sign and 20 hexadecimal digits: exponent and significand as 80-bit floating point has them, which holds
/// every `Int64` and every `Double`; all digits are turned around where the number is negative.
package enum SortableNumber {
    package static func text(_ number: Int64) -> String {
        guard number != 0 else { return zero }
        let shift = number.magnitude.leadingZeroBitCount
        return text(isNegative: number < 0, exponent: 63 - shift, significand: number.magnitude << UInt64(shift))
    }

    /// Also of infinities, as bounds; not of NaN.
    package static func text(_ number: Double) -> String {
        if number == 0 { return zero }
        guard number.isFinite else { return text(isNegative: number < 0, exponent: 1 << 14, significand: 1 << 63) }
        // A significand in 1..<2 of at most 53 bits: exact.
        return text(
            isNegative: number < 0,
            exponent: Int(number.exponent),
            significand: UInt64(number.significand * 0x1p63)
        )
    }

    private static let zero = "1" + String(repeating: "0", count: 20)

    private static func text(isNegative: Bool, exponent: Int, significand: UInt64) -> String {
        // Exponents are -1074...1023, and 2¹⁴ for infinities: biased they are above 0 and fit 16 bits.
        var high = UInt16(exponent + 16_383)
        var low = significand
        if isNegative { (high, low) = (~high, ~low) }
        return String(unsafeUninitializedCapacity: 21) { text in
            text[0] = isNegative ? UInt8(ascii: "0") : UInt8(ascii: "1")
            for digit in 0..<20 {
                let bits = digit < 4 ? UInt64(high) >> UInt64(12 - 4 * digit) : low >> UInt64(76 - 4 * digit)
                let value = UInt8(bits & 15)
                text[digit + 1] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            }
            return 21
        }
    }
}
#endif

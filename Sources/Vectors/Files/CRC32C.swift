internal import VectorsC

/// CRC-32C (Castagnoli), the checksum of our file formats: it finds every single-bit error and every burst of up to 32
/// bits.
package struct CRC32C {
    private var state: UInt32 = .max

    package init() {}

    /// The checksum of all bytes so far.
    package var value: UInt32 { ~state }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        state = crc32c_update(state, start, bytes.count)
    }

    package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }
}

extension UnsignedInteger where Self: FixedWidthInteger {
    /// All hexadecimal digits, leading zeros too.
    package var hexadecimal: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Self.bitWidth / 4 - digits.count) + digits
    }
}

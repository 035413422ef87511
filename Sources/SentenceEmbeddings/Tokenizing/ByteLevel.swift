/// GPT-2's writing of bytes as visible scalars.
enum ByteLevel {
    /// The scalar of each byte: itself if it is visible in Latin-1, else one from U+0100 on.
    private static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)...255).map { byte in
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE { return byte }
            defer { next += 1 }
            return next
        }
    }()

    /// The scalars of bytes, in UTF-8.
    static func mapped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        append(bytes, to: &result)
        return result
    }

    /// Appends the scalars of bytes, in UTF-8.
    static func append(_ bytes: ArraySlice<UInt8>, to result: inout [UInt8]) {
        let scalars = scalars
        for byte in bytes { result.append(scalar: scalars[Int(byte)]) }
    }
}

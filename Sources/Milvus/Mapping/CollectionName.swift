#if Milvus
package import Vectors

/// The name of a collection on the server, where names are ASCII letters, digits and `_`, and don't begin with a digit.
///
/// A name of this kind stays as it is. Anything else becomes `_x`, its bytes of UTF-8 in hexadecimal digits, `_`: `my-books`
/// is `my_x2D_books`.
package enum CollectionName {
    static let maximumLength = 255

    package static func encoded(_ name: String) throws(VectorError) -> String {
        let bytes = Array(name.utf8)
        var result = ""
        var escaped = ""
        func flush() {
            if !escaped.isEmpty { result += "_x\(escaped)_" }
            escaped = ""
        }
        for (place, byte) in bytes.enumerated() {
            let isPlain =
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"): place > 0
                // What would be taken for the beginning of an escape is escaped itself.
                case UInt8(ascii: "_"): place + 1 >= bytes.count || bytes[place + 1] != UInt8(ascii: "x")
                default: false
                }
            if isPlain {
                flush()
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += byte < 16 ? "0" + digits : digits
            }
        }
        flush()
        guard !name.isEmpty, result.utf8.count <= maximumLength else {
            throw VectorError(
                .invalidArgument,
                "the name '\(name)' of a collection takes \(result.utf8.count) characters on the server, "
                    + "outside 1...\(maximumLength)"
            )
        }
        return result
    }

    package static func decoded(_ name: String) -> String {
        let bytes = Array(name.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: "_x".utf8),
                let end = bytes[(place + 2)...].firstIndex(of: UInt8(ascii: "_")),
                let escaped = hexadecimal(bytes[(place + 2)..<end])
            {
                result += escaped
                place = end + 1
            } else {
                result.append(bytes[place])
                place += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> [UInt8]? {
        guard !digits.isEmpty, digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: digits.startIndex, to: digits.endIndex, by: 2) {
            let pair = String(decoding: digits[place..<(place + 2)], as: UTF8.self)
            guard pair.uppercased() == pair, let byte = UInt8(pair, radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }
}
#endif

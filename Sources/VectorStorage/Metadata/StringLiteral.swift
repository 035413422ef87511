/// Text between quotes, with JSON's escapes.
struct StringLiteral {
    struct Failure: Error {
        let message: String
        let place: Int
    }

    private let bytes: [UInt8]
    private let start: Int
    /// The offset behind what was read.
    private(set) var place: Int

    /// - Parameter start: where the opening quote is, single or double.
    init(_ bytes: [UInt8], from start: Int) {
        self.bytes = bytes
        self.start = start
        place = start
    }

    /// Reads up to the same quote that it starts with.
    mutating func text() throws(Failure) -> String {
        let quote = bytes[start]
        place = start + 1
        var content: [UInt8] = []
        while place < bytes.count, bytes[place] != quote {
            let byte = bytes[place]
            guard byte >= 0x20 else {
                throw Failure(message: "a control character is in a string; write it as an escape", place: place)
            }
            place += 1
            if byte == UInt8(ascii: "\\") {
                content.append(contentsOf: String(try escape()).utf8)
            } else {
                content.append(byte)
            }
        }
        guard place < bytes.count else {
            throw Failure(message: "the string has no closing \(Character(Unicode.Scalar(quote)))", place: start)
        }
        place += 1
        guard let text = String(validating: content, as: UTF8.self) else {
            throw Failure(message: "the string is not UTF-8", place: start)
        }
        return text
    }

    /// What an escape means, whose backslash has been read.
    private mutating func escape() throws(Failure) -> Character {
        let backslash = place - 1
        let known: [UInt8: Character] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "'"): "'", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/",
            UInt8(ascii: "b"): "\u{8}", UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r",
            UInt8(ascii: "t"): "\t",
        ]
        let letter = place < bytes.count ? bytes[place] : 0
        place += 1
        if let character = known[letter] { return character }
        let failure = Failure(
            message: "no escape of JSON's: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX",
            place: backslash
        )
        guard letter == UInt8(ascii: "u"), let first = hexadecimal() else { throw failure }
        guard UTF16.isLeadSurrogate(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw failure }
            return Character(scalar)
        }
        guard bytes[place...].starts(with: "\\u".utf8) else { throw failure }
        place += 2
        guard let second = hexadecimal(), UTF16.isTrailSurrogate(second) else { throw failure }
        return Character(UTF16.decode(UTF16.EncodedScalar([first, second])))
    }

    private mutating func hexadecimal() -> UInt16? {
        guard place + 4 <= bytes.count else { return nil }
        var number: UInt16 = 0
        for byte in bytes[place..<place + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | UInt16(digit)
        }
        place += 4
        return number
    }

    /// Text between double quotes, with escapes where JSON needs them.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

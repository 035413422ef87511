import Vectors

/// Checks a JSON text and notes where its values are.
struct JSONParser {
    /// A value. What it is, its first byte in the text tells.
    struct Node {
        /// The first byte.
        let place: UInt32
        /// Of an array or object, the number of the node behind its contents; of a number, its bytes; of a string, twice
        /// its bytes between the quotes, and 1 more if some are escaped.
        var extent: UInt32
    }

    /// The values in the text's order, an object's as key and value in turn.
    private(set) var nodes: [Node] = []
    private let name: String
    private var position = 0

    init(name: String) { self.name = name }

    /// Reads the whole text, of less than 2 GB.
    mutating func parse(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        /// The arrays and objects around the position, by their nodes.
        var open: [Int] = []
        /// Whether a value must follow: not behind a complete value, where a comma or an end must.
        var wantsValue = true
        skipSpace(text)
        repeat {
            if wantsValue {
                guard position < text.count else { throw error("the text ends where a value must stand") }
                let byte = text[position]
                if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") {
                    guard open.count < JSON.maximumDepth else {
                        throw error("arrays and objects within each other on more than \(JSON.maximumDepth) levels")
                    }
                    open.append(nodes.count)
                    nodes.append(Node(place: UInt32(position), extent: 0))
                    position += 1
                    skipSpace(text)
                    // Whatever closes is looked at below.
                    wantsValue = !isNext(byte &+ 2, text)
                    if wantsValue, byte == UInt8(ascii: "{") { try readKey(text) }
                    continue
                }
                try readScalar(byte, text)
                wantsValue = false
                skipSpace(text)
                continue
            }
            guard let innermost = open.last else { break }
            // "]" is "[" + 2, as "}" is "{" + 2.
            let opening = text[Int(nodes[innermost].place)]
            if isNext(opening &+ 2, text) {
                nodes[innermost].extent = UInt32(nodes.count)
                open.removeLast()
                position += 1
            } else if isNext(UInt8(ascii: ","), text) {
                position += 1
                skipSpace(text)
                if opening == UInt8(ascii: "{") { try readKey(text) }
                wantsValue = true
            } else {
                let end = String(UnicodeScalar(opening &+ 2))
                throw error("\(position == text.count ? "the text ends where" : "here") ',' or '\(end)' must stand")
            }
            skipSpace(text)
        } while wantsValue || !open.isEmpty
        guard position == text.count else { throw error("something follows the text's value") }
    }

    private func error(_ message: String) -> VectorError {
        VectorError(.invalidFormat, "\(name), byte \(position): \(message)")
    }

    @inline(__always)
    private func isNext(_ byte: UInt8, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        position < text.count && text[position] == byte
    }

    @inline(__always)
    private mutating func skipSpace(_ text: UnsafeBufferPointer<UInt8>) {
        while position < text.count {
            let byte = text[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            position += 1
        }
    }

    /// A key, the colon and the space around it.
    private mutating func readKey(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        guard isNext(UInt8(ascii: "\""), text) else { throw error("a key in quotes must stand here") }
        try readString(text)
        skipSpace(text)
        guard isNext(UInt8(ascii: ":"), text) else { throw error("':' must stand here") }
        position += 1
        skipSpace(text)
    }

    /// A value that isn't an array or object.
    private mutating func readScalar(_ byte: UInt8, _ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        switch byte {
        case UInt8(ascii: "\""): try readString(text)
        case UInt8(ascii: "t"): try readWord("true", text)
        case UInt8(ascii: "f"): try readWord("false", text)
        case UInt8(ascii: "n"): try readWord("null", text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try readNumber(text)
        default: throw error("a value must stand here")
        }
    }

    private mutating func readWord(_ word: StaticString, _ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard text[position...].starts(with: bytes) else { throw error("a value must stand here") }
        nodes.append(Node(place: UInt32(position), extent: UInt32(bytes.count)))
        position += bytes.count
    }

    private mutating func readNumber(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        let start = position
        if isNext(UInt8(ascii: "-"), text) { position += 1 }
        if isNext(UInt8(ascii: "0"), text) { position += 1 } else { try readDigits(text) }
        if isNext(UInt8(ascii: "."), text) {
            position += 1
            try readDigits(text)
        }
        if isNext(UInt8(ascii: "e"), text) || isNext(UInt8(ascii: "E"), text) {
            position += 1
            if isNext(UInt8(ascii: "+"), text) || isNext(UInt8(ascii: "-"), text) { position += 1 }
            try readDigits(text)
        }
        nodes.append(Node(place: UInt32(start), extent: UInt32(position - start)))
    }

    private mutating func readDigits(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        let start = position
        while position < text.count, text[position] &- UInt8(ascii: "0") < 10 { position += 1 }
        guard position > start else { throw error("a digit must stand here") }
    }

    private mutating func readString(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        let start = position
        var escapes = false
        position += 1
        while true {
            guard position < text.count else { throw error("the text ends within a string") }
            let byte = text[position]
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                escapes = true
                try skipEscape(text)
            } else if byte >= 0x80 {
                let length = UTF8Scalar.length(at: position, in: text)
                guard length > 0 else { throw error("not UTF-8") }
                position += length
            } else {
                guard byte >= 0x20 else { throw error("a control character within a string") }
                position += 1
            }
        }
        let extent = UInt32(position - start - 1) << 1 | (escapes ? 1 : 0)
        nodes.append(Node(place: UInt32(start), extent: extent))
        position += 1
    }

    private mutating func skipEscape(_ text: UnsafeBufferPointer<UInt8>) throws(VectorError) {
        let start = position
        position += 1
        guard position < text.count else { throw error("the text ends within a string") }
        if isNext(UInt8(ascii: "u"), text) {
            guard Self.unit(at: start, in: text) != nil else { throw error("four hexadecimal digits must follow") }
            position += 5
        } else {
            guard Self.escaped(text[position]) != nil else { throw error("no such escape") }
            position += 1
        }
    }

    // MARK: Escapes

    /// The bytes of a string's inside, which has been checked.
    static func unescaped(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var position = 0
        while position < raw.count {
            guard raw[position] == UInt8(ascii: "\\"), position + 1 < raw.count else {
                bytes.append(raw[position])
                position += 1
                continue
            }
            guard let high = unit(at: position, in: raw) else {
                bytes.append(escaped(raw[position + 1]) ?? raw[position + 1])
                position += 2
                continue
            }
            position += 6
            var value = UInt32(high)
            if high & 0xFC00 == 0xD800, let low = unit(at: position, in: raw), low & 0xFC00 == 0xDC00 {
                value = 0x10000 + UInt32(high & 0x3FF) << 10 + UInt32(low & 0x3FF)
                position += 6
            }
            bytes.append(contentsOf: String(UnicodeScalar(value) ?? "\u{FFFD}").utf8)
        }
        return bytes
    }

    /// What the letter behind a backslash stands for.
    private static func escaped(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// The UTF-16 unit of `\uXXXX` at a position; nil if that isn't there.
    private static func unit(at position: Int, in text: UnsafeBufferPointer<UInt8>) -> UInt16? {
        guard position + 6 <= text.count, text[position] == UInt8(ascii: "\\"), text[position + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt16 = 0
        for byte in text[position + 2..<position + 6] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }
}

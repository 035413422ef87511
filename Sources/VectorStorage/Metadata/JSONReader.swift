import Vectors

/// Reads JSON as rows are written in it: whole numbers keep all their digits, and every failure names its column.
///
/// Foundation's decoder falls back to a double where a number is no 64-bit integer, ignores unknown keys, and doesn't name
/// the column.
struct JSONReader {
    private let bytes: [UInt8]
    /// The offset of the next byte.
    private(set) var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// An error that names a place; by default where the reader is.
    func failure(_ message: String, at place: Int? = nil) -> VectorError {
        let place = min(place ?? self.place, bytes.count)
        // Characters, as a person counts them.
        let column = String(decoding: bytes[..<place], as: UTF8.self).count + 1
        return VectorError(.invalidFormat, "column \(column): \(message)")
    }

    /// What is at a place, for messages.
    private func found(at place: Int) -> String {
        guard place < bytes.count else { return "the end" }
        return "'\(String(decoding: bytes[place...].prefix(80), as: UTF8.self).prefix(12))'"
    }

    private mutating func skipSpace() {
        while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    }

    /// Whether this character comes next; it is read if it does.
    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ what: String) throws(VectorError) {
        guard takes(character) else { throw failure("\(what) was expected, not \(found(at: place))") }
    }

    /// Refuses anything but white space from here on.
    mutating func expectEnd() throws(VectorError) {
        skipSpace()
        guard place == bytes.count else { throw failure("\(found(at: place)) stands behind the object's end") }
    }

    /// Reads `null`, if it comes next.
    mutating func takesNull() -> Bool {
        skipSpace()
        guard bytes[place...].starts(with: "null".utf8) else { return false }
        place += 4
        return true
    }

    /// Reads an object; `member` is called with each name, and where it stands, to read its value. No name may occur twice.
    mutating func object(
        _ member: (inout JSONReader, _ name: String, _ place: Int) throws(VectorError) -> Void
    ) throws(VectorError) {
        var names = Set<String>()
        try expect("{", "an object")
        if takes("}") { return }
        repeat {
            skipSpace()
            let start = place
            let name = try string()
            guard names.insert(name).inserted else { throw failure("'\(name)' occurs twice", at: start) }
            try expect(":", "':'")
            try member(&self, name, start)
        } while takes(",")
        try expect("}", "',' or '}'")
    }

    /// Reads a list; `element` is called to read each element.
    mutating func list(_ element: (inout JSONReader) throws(VectorError) -> Void) throws(VectorError) {
        try expect("[", "a list")
        if takes("]") { return }
        repeat { try element(&self) } while takes(",")
        try expect("]", "',' or ']'")
    }

    /// Reads a string.
    mutating func string() throws(VectorError) -> String {
        skipSpace()
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
            throw failure("a string in double quotes was expected, not \(found(at: place))")
        }
        var literal = StringLiteral(bytes, from: place)
        do throws(StringLiteral.Failure) {
            let text = try literal.text()
            place = literal.place
            return text
        } catch {
            throw failure(error.message, at: error.place)
        }
    }

    /// Reads a number of a vector.
    mutating func float() throws(VectorError) -> Float {
        skipSpace()
        let start = place
        let text = try numberText()
        guard let number = Float(text), number.isFinite else {
            throw failure("\(text) is more than 32-bit floats hold", at: start)
        }
        return number
    }

    /// Reads the metadata of a row.
    mutating func metadata() throws(VectorError) -> VectorMetadata {
        var metadata: VectorMetadata = [:]
        try object { reader, name, _ throws(VectorError) in
            metadata.updateValue(try reader.value(), forKey: name)
        }
        return metadata
    }

    /// Reads a value of metadata.
    mutating func value() throws(VectorError) -> MetadataValue {
        skipSpace()
        let start = place
        switch place < bytes.count ? bytes[place] : 0 {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "["):
            var strings: [String] = []
            try list { reader throws(VectorError) in strings.append(try reader.string()) }
            return .strings(strings)
        case UInt8(ascii: "{"):
            var date: MetadataValue?
            try object { reader, name, place throws(VectorError) in
                guard name == "date" else {
                    throw reader.failure("'\(name)': metadata hold no objects but dates, {\"date\": …}", at: place)
                }
                date = try reader.date()
            }
            guard let date else { throw failure("metadata hold no objects but dates, {\"date\": …}", at: start) }
            return date
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            for (word, value) in [("true", MetadataValue.bool(true)), ("false", .bool(false)), ("null", .null)]
            where bytes[place...].starts(with: word.utf8) {
                place += word.utf8.count
                return value
            }
            throw failure("a value was expected, not \(found(at: start))")
        default:
            let text = try numberText()
            do throws(NumberLiteral.Failure) {
                return try NumberLiteral.value(of: text)
            } catch {
                throw failure(error.message, at: start)
            }
        }
    }

    /// Seconds since 1970, or text as ISO 8601 has it.
    private mutating func date() throws(VectorError) -> MetadataValue {
        skipSpace()
        let start = place
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
            let text = try string()
            guard let date = DateLiteral.value(of: text) else {
                throw failure("'\(text)' is no date such as 2026-11-28 or 2026-11-28T12:30:00Z", at: start)
            }
            return .date(date)
        }
        guard let date = DateLiteral.date(secondsSince1970: try numberText()) else {
            throw failure("a date's seconds are out of range", at: start)
        }
        return .date(date)
    }

    /// The text of a number, as JSON's grammar has it.
    private mutating func numberText() throws(VectorError) -> String {
        skipSpace()
        let start = place
        while place < bytes.count, NumberLiteral.isPart(bytes[place]) { place += 1 }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        guard NumberLiteral.isNumber(bytes[start..<place]) else {
            place = start
            throw failure("a value was expected, not \(text.isEmpty ? found(at: start) : "'\(text.prefix(40))'")")
        }
        return text
    }
}

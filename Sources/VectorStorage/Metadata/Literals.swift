import Foundation

/// Numbers as JSON and conditions write them.
enum NumberLiteral {
    struct Failure: Error { let message: String }

    /// Whether a byte may stand in a number.
    static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    /// Whether bytes are a number of JSON's grammar.
    static func isNumber(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        func digits() -> Int {
            let count = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let isPadded = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole >= 1, !isPadded || whole == 1 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() >= 1 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() >= 1 else { return false }
        }
        return rest.isEmpty
    }

    /// What a number means: without a point and an exponent a whole number, to the last digit.
    static func value(of text: String) throws(Failure) -> MetadataValue {
        if !text.contains(where: { $0 == "." || $0 == "e" || $0 == "E" }) {
            guard let integer = Int64(text) else {
                throw Failure(
                    message: "\(text) is out of range: integers have 64 signed bits, \(Int64.min)...\(Int64.max)"
                )
            }
            return .integer(integer)
        }
        guard let double = Double(text), double.isFinite else {
            throw Failure(message: "\(text) is out of range: the largest number is \(Double.greatestFiniteMagnitude)")
        }
        return .double(double)
    }
}

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

    /// - Parameter start: where the opening quote stands, single or double.
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
                throw Failure(message: "a control character stands in a string; write it as an escape", place: place)
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

    /// What an escape stands for, whose backslash has been read.
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

/// Dates as ISO 8601 writes them.
enum DateLiteral {
    /// The date so many seconds after the beginning of 1970, a number as text. Dates count from 2001: between the two a
    /// double would be rounded, and a date that is written and read would change.
    static func date(secondsSince1970 text: String) -> Date? {
        guard let decimal = Decimal(string: text, locale: nil), decimal.isFinite,
            let seconds = Double("\(decimal - between)")
        else { return Double(text).flatMap { $0.isFinite ? Date(timeIntervalSince1970: $0) : nil } }
        return Date(timeIntervalSinceReferenceDate: seconds)
    }

    /// The seconds since the beginning of 1970, as text; see ``date(secondsSince1970:)``.
    static func secondsSince1970(of date: Date) -> String {
        let seconds = date.timeIntervalSinceReferenceDate
        guard abs(seconds) < 1e20, seconds == 0 || abs(seconds) > 1e-9,
            let decimal = Decimal(string: "\(seconds)", locale: nil)
        else { return "\(date.timeIntervalSince1970)" }
        return "\(decimal + between)"
    }

    private static let between = Decimal(Date.timeIntervalBetween1970AndReferenceDate)

    /// `2026-11-28`, `2026-11-28T12:30`, `2026-11-28T12:30:00.25`, and the last two with `Z` or an offset such as
    /// `+02:00`; without one the time is UTC. Nil for anything else, such as a 30th of February.
    static func value(of text: String) -> Date? {
        let pattern =
            /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?)?/
        guard let match = text.wholeMatch(of: pattern), let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3), (1...12).contains(month), day >= 1, day <= length(month, year)
        else { return nil }
        let hour = match.4.flatMap { Int($0) } ?? 0
        let minute = match.5.flatMap { Int($0) } ?? 0
        let second = match.6.flatMap { Int($0) } ?? 0
        guard hour < 24, minute < 60, second < 60 else { return nil }
        var offset = 0
        if let zone = match.8, zone.count == 6, let hours = Int(zone.dropFirst().prefix(2)),
            let minutes = Int(zone.suffix(2))
        {
            guard hours < 24, minutes < 60 else { return nil }
            offset = (60 * hours + minutes) * 60 * (zone.hasPrefix("-") ? -1 : 1)
        }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        // From the same origin as a date's own: a fraction keeps more digits there.
        let reference = Double(seconds) - Date.timeIntervalBetween1970AndReferenceDate
        let fraction = match.7.flatMap { Double("0" + $0) } ?? 0
        return Date(timeIntervalSinceReferenceDate: reference + fraction)
    }

    private static func length(_ month: Int, _ year: Int) -> Int {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Days from 1970-01-01 in the Gregorian calendar, which ISO 8601 extends to all years.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        // Years that begin in March have the leap day at their end; 719,468 is the 1st of March of the year 0.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

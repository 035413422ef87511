public import struct Foundation.Date

/// A value of a metadata field.
public enum MetadataValue: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
    /// Text.
    case string(String)
    /// A whole number.
    case integer(Int64)
    /// A number, finite.
    case double(Double)
    /// Yes or no.
    case bool(Bool)
    /// A moment.
    case date(Date)
    /// The field is there, without a value: JSON's `null`.
    case null
    /// Several texts, such as tags.
    case strings([String])

    /// Text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .double(value) }
    /// Yes or no.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// ``null``.
    public init(nilLiteral: ()) { self = .null }

    /// Whether two values are the same; an integer and a double if they are the same number.
    func isEqual(to other: MetadataValue) -> Bool {
        switch (self, other) {
        case (.integer(let integer), .double(let double)), (.double(let double), .integer(let integer)):
            Int64(exactly: double) == integer
        default: self == other
        }
    }

    /// How the value is named in messages.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .double: "a double"
        case .bool: "a bool"
        case .date: "a date"
        case .null: "null"
        case .strings: "a list of strings"
        }
    }
}

extension MetadataValue: ExpressibleByArrayLiteral {
    /// Several texts.
    public init(arrayLiteral elements: String...) { self = .strings(elements) }
}

/// As JSON writes them; a date is an object `{"date": seconds since 1970}`.
extension MetadataValue: Codable {
    private enum DateKey: CodingKey { case date }

    /// Reads a value. A number without a fraction becomes an integer; ``RowLine`` keeps 1 and 1.0 apart.
    ///
    /// - Throws: `DecodingError`, also for a whole number of more than 64 signed bits, of which a double would lose digits.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: DateKey.self) {
            self = .date(Date(timeIntervalSince1970: try container.decode(Double.self, forKey: .date)))
            return
        }
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            if let integer = try? container.decode(UInt64.self), UInt64(exactly: value) != integer {
                throw DecodingError.dataCorruptedError(
                    in: container,
                    debugDescription: "\(integer) is out of range: integers have 64 signed bits"
                )
            }
            self = .double(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else {
            self = .strings(try container.decode([String].self))
        }
    }

    /// Writes a value.
    public func encode(to encoder: any Encoder) throws {
        if case .date(let date) = self {
            var container = encoder.container(keyedBy: DateKey.self)
            try container.encode(date.timeIntervalSince1970, forKey: .date)
            return
        }
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .bool(let value): try container.encode(value)
        case .strings(let value): try container.encode(value)
        case .null, .date: try container.encodeNil()
        }
    }
}

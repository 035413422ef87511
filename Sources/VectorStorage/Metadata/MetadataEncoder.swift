import Foundation
import Vectors

/// Encodes a value as metadata.
final class MetadataEncoder: Encoder {
    enum Result {
        case nothing
        case fields(VectorMetadata)
        case strings([String])
        case value(MetadataValue)
    }

    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]
    var result = Result.nothing

    init(path: [any CodingKey]) { codingPath = path }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if case .fields = result {} else { result = .fields([:]) }
        return KeyedEncodingContainer(Fields(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .strings = result {} else { result = .strings([]) }
        return Strings(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

    /// What a value is as metadata.
    static func value(_ value: some Encodable, at path: [any CodingKey]) throws -> MetadataValue? {
        switch value {
        case let value as MetadataValue: return value
        case let value as String: return .string(value)
        case let value as Bool: return .bool(value)
        case let value as any BinaryInteger:
            guard let integer = Int64(exactly: value) else { throw unsupported("\(value)", at: path) }
            return .integer(integer)
        case let value as any BinaryFloatingPoint: return .double(Double(value))
        case let value as Date: return .date(value)
        case let value as UUID: return .string(value.uuidString)
        case let value as URL: return .string(value.absoluteString)
        default:
            let encoder = MetadataEncoder(path: path)
            try value.encode(to: encoder)
            switch encoder.result {
            case .nothing: return nil
            case .value(let value): return value
            case .strings(let strings): return .strings(strings)
            case .fields: throw unsupported("a value with properties of its own", at: path)
            }
        }
    }

    private struct Fields<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: MetadataEncoder
        var codingPath: [any CodingKey] { encoder.codingPath }

        mutating func encodeNil(forKey key: Key) throws { set(.null, key) }
        mutating func encode(_ value: some Encodable, forKey key: Key) throws {
            if let value = try MetadataEncoder.value(value, at: codingPath + [key]) { set(value, key) }
        }
        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type,
            forKey key: Key
        ) -> KeyedEncodingContainer<NestedKey> {
            MetadataEncoder(path: codingPath + [key]).container(keyedBy: keyType)
        }
        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            MetadataEncoder(path: codingPath + [key]).unkeyedContainer()
        }
        mutating func superEncoder() -> any Encoder { encoder }
        mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }

        private func set(_ value: MetadataValue, _ key: Key) {
            guard case .fields(var fields) = encoder.result else { return }
            encoder.result = .nothing
            fields[key.stringValue] = value
            encoder.result = .fields(fields)
        }
    }

    private struct Strings: UnkeyedEncodingContainer {
        let encoder: MetadataEncoder
        var codingPath: [any CodingKey] { encoder.codingPath }
        var count: Int {
            if case .strings(let strings) = encoder.result { strings.count } else { 0 }
        }

        mutating func encodeNil() throws { throw unsupported("a list with null in it", at: codingPath) }
        mutating func encode(_ value: some Encodable) throws {
            guard case .string(let string)? = try MetadataEncoder.value(value, at: codingPath),
                case .strings(let strings) = encoder.result
            else { throw unsupported("a list of other things than strings", at: codingPath) }
            encoder.result = .strings(strings + [string])
        }
        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy keyType: NestedKey.Type
        ) -> KeyedEncodingContainer<NestedKey> {
            MetadataEncoder(path: codingPath).container(keyedBy: keyType)
        }
        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            MetadataEncoder(path: codingPath).unkeyedContainer()
        }
        mutating func superEncoder() -> any Encoder { encoder }
    }

    private struct Single: SingleValueEncodingContainer {
        let encoder: MetadataEncoder
        var codingPath: [any CodingKey] { encoder.codingPath }

        mutating func encodeNil() throws { encoder.result = .value(.null) }
        mutating func encode(_ value: some Encodable) throws {
            if let value = try MetadataEncoder.value(value, at: codingPath) { encoder.result = .value(value) }
        }
    }
}

private func unsupported(_ what: String, at path: [any CodingKey]) -> VectorError {
    metadataMismatch(path, "is \(what), which metadata can't hold")
}

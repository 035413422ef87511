import Foundation
import Vectors

/// Decodes a value from metadata.
struct MetadataDecoder: Decoder {
    enum Source {
        case fields(VectorMetadata)
        case value(MetadataValue)
    }

    let source: Source
    let codingPath: [any CodingKey]
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(source: Source, path: [any CodingKey]) {
        self.source = source
        codingPath = path
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .fields(let fields) = source else { throw mismatch("a value with properties", at: codingPath) }
        return KeyedDecodingContainer(Fields(fields: fields, codingPath: codingPath))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .value(.strings(let strings)) = source else { throw mismatch("a list of strings", at: codingPath) }
        return Strings(strings: strings, codingPath: codingPath)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        guard case .value(let value) = source else { throw mismatch("a single value", at: codingPath) }
        return Single(value: value, codingPath: codingPath)
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from value: MetadataValue,
        at path: [any CodingKey]
    ) throws -> Value {
        let decoded: Any?
        switch (value, type) {
        case (_, is MetadataValue.Type): decoded = value
        case (.string(let value), is String.Type): decoded = value
        case (.string(let value), is UUID.Type): decoded = UUID(uuidString: value)
        case (.string(let value), is URL.Type): decoded = URL(string: value)
        case (.bool(let value), is Bool.Type): decoded = value
        case (.date(let value), is Date.Type): decoded = value
        case (.integer(let value), let type as any FixedWidthInteger.Type): decoded = type.init(exactly: value)
        case (.integer(let value), let type as any BinaryFloatingPoint.Type): decoded = type.init(value)
        case (.double(let value), let type as any BinaryFloatingPoint.Type): decoded = type.init(value)
        case (_, is String.Type), (_, is Bool.Type), (_, is Date.Type), (_, is any FixedWidthInteger.Type),
            (_, is any BinaryFloatingPoint.Type):
            decoded = nil
        default: return try Value(from: MetadataDecoder(source: .value(value), path: path))
        }
        guard let decoded = decoded as? Value else { throw mismatch("\(type)", at: path, not: value) }
        return decoded
    }

    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let fields: VectorMetadata
        let codingPath: [any CodingKey]
        var allKeys: [Key] { fields.keys.compactMap(Key.init(stringValue:)) }

        func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }
        func decodeNil(forKey key: Key) throws -> Bool { try value(key) == .null }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
            try MetadataDecoder.decode(type, from: value(key), at: codingPath + [key])
        }
        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type,
            forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> {
            throw mismatch("a value with properties", at: codingPath + [key])
        }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try MetadataDecoder(source: .value(value(key)), path: codingPath + [key]).unkeyedContainer()
        }
        func superDecoder() throws -> any Decoder { MetadataDecoder(source: .fields(fields), path: codingPath) }
        func superDecoder(forKey key: Key) throws -> any Decoder { try superDecoder() }

        private func value(_ key: Key) throws -> MetadataValue {
            guard let value = fields[key.stringValue] else {
                throw metadataMismatch(codingPath + [key], "is missing")
            }
            return value
        }
    }

    private struct Strings: UnkeyedDecodingContainer {
        let strings: [String]
        let codingPath: [any CodingKey]
        var currentIndex = 0

        init(strings: [String], codingPath: [any CodingKey]) {
            self.strings = strings
            self.codingPath = codingPath
        }

        var count: Int? { strings.count }
        var isAtEnd: Bool { currentIndex == strings.count }

        mutating func decodeNil() throws -> Bool { false }
        mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            guard !isAtEnd else { throw mismatch("a longer list", at: codingPath) }
            defer { currentIndex += 1 }
            return try MetadataDecoder.decode(type, from: .string(strings[currentIndex]), at: codingPath)
        }
        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type
        ) throws -> KeyedDecodingContainer<NestedKey> {
            throw mismatch("a list of values with properties", at: codingPath)
        }
        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
            throw mismatch("a list of lists", at: codingPath)
        }
        mutating func superDecoder() throws -> any Decoder {
            throw mismatch("a list of values with properties", at: codingPath)
        }
    }

    private struct Single: SingleValueDecodingContainer {
        let value: MetadataValue
        let codingPath: [any CodingKey]

        func decodeNil() -> Bool { value == .null }
        func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
            try MetadataDecoder.decode(type, from: value, at: codingPath)
        }
    }
}

private func mismatch(_ wanted: String, at path: [any CodingKey], not value: MetadataValue? = nil) -> VectorError {
    metadataMismatch(path, "is \(value?.kind ?? "something else"), not \(wanted)")
}

import Foundation

extension Dictionary<String, MetadataValue> {
    /// The metadata that a value comes to: a field a property, nil ones left out.
    ///
    /// Properties may be strings, whole numbers of up to 64 bits, floating-point numbers, bools, dates, UUIDs and URLs
    /// (both as strings), lists of strings, and anything that encodes itself as one of these, such as an enum.
    ///
    /// - Throws: ``StorageError`` with code `metadataMismatch` for other properties, and for a value without properties.
    public init(encoding value: some Encodable) throws(StorageError) {
        let encoder = MetadataEncoder(path: [])
        try rethrowing { try value.encode(to: encoder) }
        guard case .fields(let fields) = encoder.result else {
            throw StorageError(.metadataMismatch, "\(type(of: value)) encodes itself without property names")
        }
        self = fields
    }

    /// The value that has these metadata.
    ///
    /// - Throws: ``StorageError`` with code `metadataMismatch` if a field is missing or of another kind.
    public func decoded<Decoded: Decodable>(as type: Decoded.Type) throws(StorageError) -> Decoded {
        try rethrowing { try Decoded(from: MetadataDecoder(source: .fields(self), path: [])) }
    }
}

private func rethrowing<Result>(_ body: () throws -> Result) throws(StorageError) -> Result {
    do {
        return try body()
    } catch let error as StorageError {
        throw error
    } catch {
        throw StorageError(.metadataMismatch, "metadata don't fit: \(error)")
    }
}

/// The name of a nested place, for messages.
private func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }

private func unsupported(_ what: String, at path: [any CodingKey]) -> StorageError {
    StorageError(.metadataMismatch, "'\(name(path))' is \(what), which metadata can't hold")
}

/// Collects what one value encodes itself as.
private final class MetadataEncoder: Encoder {
    enum Result {
        case nothing
        case fields(Metadata)
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

/// Hands out metadata to what decodes itself.
private struct MetadataDecoder: Decoder {
    enum Source {
        case fields(Metadata)
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
        let fields: Metadata
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
                throw StorageError(.metadataMismatch, "there is no field '\(name(codingPath + [key]))'")
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

private func mismatch(_ wanted: String, at path: [any CodingKey], not value: MetadataValue? = nil) -> StorageError {
    StorageError(
        .metadataMismatch,
        "'\(name(path))' is \(value?.kind ?? "something else"), not \(wanted)"
    )
}

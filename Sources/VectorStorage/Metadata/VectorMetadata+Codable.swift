public import Vectors

extension Dictionary<String, MetadataValue> {
    /// The metadata of a value: a field for each property, without those that are nil.
    ///
    /// Properties may be strings, whole numbers of up to 64 bits, floating-point numbers, bools, dates, UUIDs and URLs
    /// (both as strings), lists of strings, and anything that encodes itself as one of these, such as an enum.
    ///
    /// - Throws: `VectorError` with code `metadataMismatch` for other properties, and for a value without properties.
    public init(encoding value: some Encodable) throws(VectorError) {
        let encoder = MetadataEncoder(path: [])
        try rethrowing { try value.encode(to: encoder) }
        guard case .fields(let fields) = encoder.result else {
            throw VectorError(.metadataMismatch, "\(type(of: value)) encodes itself without property names")
        }
        self = fields
    }

    /// The value that has these metadata.
    ///
    /// - Throws: `VectorError` with code `metadataMismatch` if a field is missing or of another kind.
    public func decoded<Decoded: Decodable>(as type: Decoded.Type) throws(VectorError) -> Decoded {
        try rethrowing { try Decoded(from: MetadataDecoder(source: .fields(self), path: [])) }
    }
}

private func rethrowing<Result>(_ body: () throws -> Result) throws(VectorError) -> Result {
    do {
        return try body()
    } catch let error as VectorError {
        throw error
    } catch {
        throw VectorError(.metadataMismatch, "metadata don't fit: \(error)")
    }
}

/// A failure at a nested place.
func metadataMismatch(_ path: [any CodingKey], _ problem: String) -> VectorError {
    VectorError(.metadataMismatch, "'\(path.map(\.stringValue).joined(separator: "."))' \(problem)")
}

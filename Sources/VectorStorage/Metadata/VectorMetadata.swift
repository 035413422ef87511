import Vectors

/// What is known about a vector: values by field name.
///
/// A row has at most 256 fields, a name 1 to 255 bytes, all of a row's metadata together at most 16 MiB; a collection
/// has at most 1,024 different names.
public typealias VectorMetadata = [String: MetadataValue]

extension Dictionary<String, MetadataValue> {
    /// The most fields of a row.
    static var maximumFieldCount: Int { 256 }
    /// The longest name of a field, in bytes of UTF-8.
    static var maximumNameLength: Int { 255 }
    /// The most bytes that the metadata of a row may take.
    static var maximumSize: Int { 16 << 20 }

    func validate(key: VectorKey) throws(VectorError) {
        guard count <= Self.maximumFieldCount else {
            throw VectorError(
                .invalidArgument,
                "the metadata of '\(key)' have \(count) fields, more than \(Self.maximumFieldCount)"
            )
        }
        for (name, value) in self {
            guard (1...Self.maximumNameLength).contains(name.utf8.count) else {
                throw VectorError(
                    .invalidArgument,
                    "a field name in the metadata of '\(key)' has \(name.utf8.count) bytes, "
                        + "outside 1...\(Self.maximumNameLength)"
                )
            }
            let number: Double? =
                switch value {
                case .double(let number): number
                case .date(let date): date.timeIntervalSinceReferenceDate
                case .string, .integer, .bool, .null, .strings: nil
                }
            if let number, !number.isFinite {
                throw VectorError(.notFinite, "the field '\(name)' of '\(key)' is \(number)")
            }
        }
    }
}

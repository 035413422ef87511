import Vectors

/// What tokenizers' files are read by: values that must be there, or have defaults.
extension JSON {
    /// The member with a key; nil if there is none or it is `null`.
    func present(_ key: String) -> JSON? { self[key].flatMap { $0.isNull ? nil : $0 } }

    /// The member with a key, which must be there.
    func required(_ key: String) throws(VectorError) -> JSON {
        guard let value = present(key) else { throw error("'\(key)' is missing") }
        return value
    }

    /// The elements of the array with a key, which must be there.
    func list(_ key: String) throws(VectorError) -> Elements {
        let value = try required(key)
        guard let elements = value.array else { throw value.error("'\(key)' must be an array") }
        return elements
    }

    /// The string with a key.
    func text(_ key: String, default usual: String? = nil) throws(VectorError) -> String {
        if let usual, present(key) == nil { return usual }
        let value = try required(key)
        guard let text = value.string else { throw value.error("'\(key)' must be a string") }
        return text
    }

    /// The truth with a key.
    func bool(_ key: String, default usual: Bool) throws(VectorError) -> Bool {
        guard let value = present(key) else { return usual }
        guard let bool = value.bool else { throw value.error("'\(key)' must be true or false") }
        return bool
    }

    /// The `type` of a component.
    var type: String { get throws(VectorError) { try text("type") } }

    /// This number as a piece's id.
    var id: Int32 {
        get throws(VectorError) {
            guard let id = int, 0...PieceTable.maximumID ~= id else {
                throw error("an id must be a number from 0 to \(PieceTable.maximumID)")
            }
            return Int32(id)
        }
    }
}

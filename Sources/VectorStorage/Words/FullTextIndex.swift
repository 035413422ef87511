import Vectors

/// Which texts of a collection's rows are found by their words, beside the vectors: an index of SQLite's FTS5, which every
/// write brings up to date in its own transaction.
///
/// ```swift
/// try await books.setFullTextIndex(FullTextIndex(fields: ["title", "text"], tokenizer: .english))
/// let found = try await books.search(vector, text: "lighthouse keeper", k: 10)
/// ```
public struct FullTextIndex: Sendable, Hashable, Codable {
    /// How texts are cut into the tokens that a query is compared with. All ignore case.
    public enum Tokenizer: String, Sendable, Hashable, Codable, CaseIterable {
        /// Runs of letters and digits, those of Latin without diacritics, for every language that writes spaces between its
        /// words: FTS5's `unicode61` with `remove_diacritics 2`.
        case words
        /// English: words, and then their stems by Porter's algorithm (1980), so that "boats" finds "boat".
        case english
        /// All runs of three characters (FTS5's `trigram`), for languages without spaces, such as Chinese and Japanese, and
        /// for parts of words. A query of fewer than three characters finds nothing.
        case trigrams

        /// What FTS5 calls it, with its arguments.
        var components: [String] {
            switch self {
            case .words: ["unicode61", "remove_diacritics", "2"]
            case .english: ["porter", "unicode61", "remove_diacritics", "2"]
            case .trigrams: ["trigram"]
            }
        }
    }

    /// The most fields.
    static let maximumFieldCount = 32

    /// The fields of the metadata whose strings are indexed; other values, and rows without these fields, have no words.
    public var fields: [String]
    /// How texts are cut into tokens.
    public var tokenizer: Tokenizer

    /// Describes an index.
    ///
    /// - Parameters:
    ///   - fields: 1 to 32 different names of fields; the default is where a ``TextCollection`` keeps its texts.
    ///   - tokenizer: how texts are cut into tokens.
    public init(fields: [String] = [TextCollection.textField], tokenizer: Tokenizer = .words) {
        self.fields = fields
        self.tokenizer = tokenizer
    }

    func validate() throws(VectorError) {
        try checkRange(fields.count, 1...Self.maximumFieldCount, "the number of fields of a full-text index")
        for field in fields {
            try checkRange(
                field.utf8.count,
                1...VectorMetadata.maximumNameLength,
                "the length of the field's name '\(field)' in bytes,"
            )
        }
        guard Set(fields).count == fields.count else {
            throw VectorError(.invalidArgument, "a field occurs twice in the full-text index of \(fields)")
        }
    }

    /// What a row's fields hold of text, a string for each field; nil if there is none at all.
    func texts(of metadata: VectorMetadata) -> [String]? {
        var isEmpty = true
        let texts = fields.map { field in
            let text = text(of: metadata[field])
            if !text.isEmpty { isEmpty = false }
            return text
        }
        return isEmpty ? nil : texts
    }

    /// The text of a value, in which a zero character, which would end it for SQLite, is a space.
    func text(of value: MetadataValue?) -> String {
        let text =
            switch value {
            case .string(let text): text
            case .strings(let texts): texts.joined(separator: "\n")
            case nil, .null, .bool, .integer, .double, .date: ""
            }
        return text.utf8.contains(0) ? String(decoding: text.utf8.map { $0 == 0 ? 32 : $0 }, as: UTF8.self) : text
    }
}

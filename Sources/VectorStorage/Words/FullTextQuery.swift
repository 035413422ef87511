import GRDB

/// What a text typed by a user asks for: each of its tokens once. Nothing in it is an operator.
struct FullTextQuery {
    /// More would take time without finding anything else.
    private static let maximumTokenCount = 1024

    /// In the order of the text.
    let tokens: [String]

    init(_ text: String, _ tokenizer: FullTextIndex.Tokenizer, _ database: Database) throws {
        var known = Set<String>()
        let all = try TextTokenizer(tokenizer, database).tokens(of: text)
        tokens = Array(all.map(\.text).filter { known.insert($0).inserted }.prefix(Self.maximumTokenCount))
    }
}

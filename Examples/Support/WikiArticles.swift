import Foundation

/// The introduction of a Wikipedia article.
public struct WikiArticle: Sendable {
    /// The article's title.
    public let title: String
    /// What it is about in a few words, such as "Machine that makes use of wind energy"; sometimes empty.
    public let description: String
    /// Its first sentences.
    public let text: String
    /// What the article is about, such as "Geography"; nil for the 1,000 most important ones, which have no topic.
    public let topic: String?

    /// The text as word vectors are trained on it.
    public var plainText: String { ExampleSupport.plainText(text) }
}

/// A text in lower case, of letters and digits only.
public func plainText(_ text: String) -> String {
    String(text.lowercased().map { $0.isLetter || $0.isNumber ? $0 : " " })
}

/// Some 10,000 introductions of Wikipedia articles, of which some 9,000 have one of eleven topics.
///
/// - Throws: what reading the file throws.
public func wikiArticles() throws -> [WikiArticle] {
    let file = try exampleData("wiki").appending(path: "articles.tsv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        check(fields.count == 4, "a line of \(file.path) has topic, title, description and text")
        return WikiArticle(
            title: fields[1],
            description: fields[2],
            text: fields[3],
            topic: fields[0].isEmpty ? nil : fields[0]
        )
    }
}

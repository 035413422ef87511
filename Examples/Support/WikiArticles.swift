import Foundation

/// The introduction of a Wikipedia article.
public struct WikiArticle: Sendable {
    /// The article's title.
    public let title: String
    /// Its first sentences.
    public let text: String
    /// What the article is about, such as "Geography"; nil for the 1,000 most important ones, which have no topic.
    public let topic: String?

    /// The text as word vectors are trained on it: lower case, letters and digits only.
    public var plainText: String {
        String(text.lowercased().map { $0.isLetter || $0.isNumber ? $0 : " " })
    }
}

/// Some 10,000 introductions of Wikipedia articles, of which some 9,000 have one of eleven topics.
///
/// - Throws: ``ExampleFailure`` if they can't be had.
public func wikiArticles() throws -> [WikiArticle] {
    let file = try exampleData("wiki").appending(path: "articles.tsv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        try check(fields.count == 3, "a line of \(file.path) has topic, title and text")
        return WikiArticle(title: fields[1], text: fields[2], topic: fields[0].isEmpty ? nil : fields[0])
    }
}

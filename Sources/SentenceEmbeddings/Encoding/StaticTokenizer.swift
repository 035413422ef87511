import Foundation
import Vectors

/// Gives the tokens whose vectors a static model averages: no special ones.
struct StaticTokenizer: Sendable {
    private let tokenizer: SubwordTokenizer
    /// The most tokens of a text.
    let maximumTokens: Int
    /// What is cut off before a text is tokenized, in Unicode scalars.
    private let maximumScalars: Int
    /// The token that stands for what the vocabulary lacks, which has no vector worth having.
    private let ignored: Int32?

    /// As sentence-transformers' `StaticEmbedding` reads texts: whole, with all tokens.
    init(_ tokenizer: SubwordTokenizer) {
        self.tokenizer = tokenizer
        maximumTokens = .max
        maximumScalars = .max
        ignored = nil
    }

    /// As Model2Vec reads them: without unknown tokens, and not more than `max_length` others, nor more characters than
    /// so many tokens of median length have.
    init(_ tokenizer: SubwordTokenizer, _ folder: URL, _ settings: ConfigurationFile) throws(VectorError) {
        self.tokenizer = tokenizer
        maximumTokens = try settings.int("max_length", in: 1...Int(Int32.max), default: 512)
        let file = folder.appending(path: "tokenizer.json")
        guard try Folder.hasFile(file) else {
            throw VectorError(.inputOutput, "'\(try folder.filePath)' has no tokenizer.json, which Model2Vec reads")
        }
        let json = try JSON(contentsOf: file)
        var lengths: [Int] = []
        func append(_ token: JSON?) { lengths.append(token?.string?.unicodeScalars.count ?? 0) }
        // Unigram lists pairs of a piece and its score, the others map pieces to ids.
        let vocabulary = json["model"]?["vocab"]
        if let pieces = vocabulary?.array {
            for piece in pieces { append(piece[0]) }
        } else if let pieces = vocabulary?.object {
            for (piece, _) in pieces { append(piece) }
        }
        let count = lengths.count
        if let added = json["added_tokens"]?.array {
            for token in added where token["id"]?.int ?? 0 >= count { append(token["content"]) }
        }
        lengths.sort()
        let middle = lengths.count / 2
        let median =
            lengths.isEmpty
            ? 0 : lengths.count.isMultiple(of: 2) ? (lengths[middle - 1] + lengths[middle]) / 2 : lengths[middle]
        maximumScalars = maximumTokens * median
        ignored =
            json["model"]?["unk_token"]?.string.flatMap(tokenizer.id(of:))
            ?? json["model"]?["unk_id"]?.int.flatMap(Int32.init(exactly:))
    }

    func ids(of text: String) -> [Int32] {
        let isLong = text.utf8.count > maximumScalars
        let text = isLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(maximumScalars))) : text
        return tokenizer.pieceIDs(of: text).prefix(maximumTokens).filter { $0 != ignored }
    }
}

import Foundation
import SentenceEmbeddings
import Testing
import Vectors

/// The small tokenizers beside the tests, and the ids that Python's `tokenizers` gave.
struct TokenizerFixtures {
    static let kinds = [
        "albert", "bert-cased", "bert-uncased", "bge-m3", "llama-2", "llama-3", "modern-bert", "roberta", "xlm-roberta",
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/tokenizers", directoryHint: .isDirectory)
    private let json: JSON
    let texts: [String]

    init() throws {
        json = try JSON(contentsOf: Self.folder.appending(path: "texts.json"))
        texts = try #require(json["texts"]?.array).map { $0.string ?? "" }
        try #require(texts.count > 200)
    }

    static func folder(of kind: String) -> URL { folder.appending(path: kind, directoryHint: .isDirectory) }

    static func tokenizer(_ kind: String) throws -> SubwordTokenizer {
        try SubwordTokenizer(contentsOf: folder(of: kind))
    }

    /// The ids of each text.
    func ids(_ kind: String) throws -> [[Int32]] {
        try #require(json["ids"]?[kind]?.array).map { Self.numbers($0) }
    }

    /// Pairs of texts, the most ids that each may have, and the ids and types that it then has.
    func pairs(_ kind: String) throws -> [(first: String, second: String, maximum: Int, ids: [Int32], types: [Int32])] {
        let limits = try #require(json["limits"]?.array).compactMap(\.int)
        let results = Array(try #require(json["pairs"]?[kind]?.array))
        try #require(results.count == limits.count)
        let paired = Array(texts.suffix(40))
        return zip(limits, results).flatMap { limit, results in
            (results.array.map(Array.init) ?? []).enumerated().map { number, result in
                (
                    paired[2 * number], paired[2 * number + 1], limit, Self.numbers(result[0]), Self.numbers(result[1])
                )
            }
        }
    }

    private static func numbers(_ json: JSON?) -> [Int32] {
        (json?.array.map(Array.init) ?? []).compactMap(\.int).map(Int32.init)
    }
}

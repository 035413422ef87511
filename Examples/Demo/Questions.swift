import Console
import Faiss
import Vectors
import Word2Vec

/// What the demo asks: words and analogies of everyday English, or where the text is another, some of its own words.
struct Questions {
    private static let words = ["music", "winter", "doctor", "fish", "gold", "computer"]
    private static let analogies = [
        ("king", "he", "queen"), ("man", "king", "woman"), ("uncle", "aunt", "grandfather"),
        ("france", "french", "spain"), ("good", "better", "bad"), ("walk", "walked", "play"),
    ]

    private let words: [String]
    private let analogies: [(String, String, String)]

    init(for vectors: WordVectors) {
        let known = Self.words.filter(vectors.contains)
        // Frequent words stand first; those from the hundredth on mostly mean something.
        let own = vectors.words[min(100, vectors.count / 2)...].prefix(Self.words.count)
        words = known.isEmpty ? Array(own) : known
        analogies = Self.analogies.filter { [$0.0, $0.1, $0.2].allSatisfy(vectors.contains) }
    }

    /// Lines that answer the questions, neighbours from an index whose ids are the words' numbers.
    func answers(in vectors: WordVectors, using index: VectorIndex) throws -> [String] {
        var lines: [String] = []
        for (word, list) in zip(words, try neighbors(in: index, of: vectors)) {
            let names = list.filter { vectors.words[Int($0.id)] != word }.prefix(6).map { neighbor in
                "\(vectors.words[Int(neighbor.id)]) \(Double(neighbor.distance).formatted(decimals: 2))"
            }
            lines.append("\(word): \(names.joined(separator: ", "))")
        }
        for (a, b, c) in analogies {
            let answers = try vectors.mostSimilar(positive: [b, c], negative: [a], top: 3, restrict: 30_000)
                .map(\.word)
            lines.append("\(a) is to \(b) as \(c) is to: \(answers.joined(separator: ", "))")
        }
        return lines
    }

    /// The neighbours of each word.
    func neighbors(in index: VectorIndex, of vectors: WordVectors) throws -> [[Neighbor]] {
        try words.compactMap { vectors[$0] }.map { try index.search($0, k: 7) }
    }
}

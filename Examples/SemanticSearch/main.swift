import Console
import ExampleSupport
import Faiss
import Foundation
import Vectors
import Word2Vec

// Search by meaning: introductions of 10,000 Wikipedia articles behind an index; a question gets the nearest titles,
// whether or not they share a word with it.
//
//     swift run -c release semantic-search                      some questions, then yours if there is a terminal
//     swift run -c release semantic-search ships of the vikings

let articles = try wikiArticles()
let texts = articles.map(\.plainText)

// Word vectors, and texts as means of them by smooth inverse frequency: of a question, rare words should count most.
var configuration = Word2VecConfiguration()
configuration.window = 10
configuration.minimumCount = 3
configuration.epochs = 20
let bar = ProgressBar("training word vectors")
let corpus = Corpus(sentences: texts.map { $0.split(separator: " ") })
let model = try Word2VecTrainer(configuration).train(on: corpus) { bar.update($0.fraction) }
bar.finish("\(model.vectors.count) words")
let weighted = try DocumentEmbedding(model.vectors, vocabulary: model.vocabulary)
let embedding = try weighted.removingFirstComponent(of: weighted.vectors(of: texts))

let index = try VectorIndex(.hnsw(), dimension: embedding.words.dimension, metric: .cosine)
try index.add(embedding.vectors(of: texts))

/// Prints the titles nearest to a question; their names.
@discardableResult
func answer(_ question: String) throws -> [String] {
    let vector = try embedding.vectors(of: [plainText(question)])
    guard vector.values.contains(where: { $0 != 0 }) else {
        print("\n\(question)\n  none of these words is known")
        return []
    }
    print("\n\(question)")
    let found = try index.search(vector[0], k: 5)
    for neighbor in found {
        let article = articles[Int(neighbor.id)]
        let text = article.text.prefix(90)
        print("  \(Double(neighbor.distance).formatted(decimals: 2))  \(article.title): \(text)…")
    }
    return found.map { articles[Int($0.id)].title }
}

let words = CommandLine.arguments.dropFirst()
guard words.isEmpty else {
    try answer(words.joined(separator: " "))
    exit(0)
}

// Questions of ours, most of which should find one of the articles that they mean.
let questions: [(text: String, meant: Set<String>)] = [
    ("insects that live in colonies and make honey", ["Bee", "Honey bee", "Western honey bee", "Beekeeping"]),
    ("string instrument played with a bow", ["Violin", "Cello", "Viola", "Double bass"]),
    ("infection of the lungs with cough and fever", ["Pneumonia", "Tuberculosis", "Influenza", "Bronchitis"]),
    ("theorem about the sides of a right triangle", ["Pythagorean theorem", "Triangle"]),
    ("machine that turns steam into motion", ["Steam engine", "Steam turbine", "Turbine", "Engine"]),
    ("large planets made of gas", ["Jupiter", "Saturn", "Giant planet", "Gas giant", "Uranus", "Neptune"]),
]
let found = try questions.count { question in try !question.meant.isDisjoint(with: answer(question.text)) }
print("\n\(found) of \(questions.count) questions found an article that they mean")
check(found >= questions.count - 2, "all but two questions find what they mean")

// The same for thousands of questions: an article's short description, which the index doesn't know, should find it.
let described = articles.indices.filter { !articles[$0].description.isEmpty }
let descriptions = described.map { plainText(articles[$0].description) }
print("\nthe descriptions of \(described.count) articles find the article among \(articles.count)")
print("                     first   in the first ten")
var recalls: [Double] = []
for (name, embedding) in [("mean", DocumentEmbedding(model.vectors)), ("inverse frequency", embedding)] {
    let index = try VectorIndex(.flat, dimension: embedding.words.dimension, metric: .cosine)
    try index.add(embedding.vectors(of: texts))
    let questions = try embedding.vectors(of: descriptions)
    // A question none of whose words is known asks for nothing.
    let known = described.indices.filter { row in questions[row].contains { $0 != 0 } }
    let answers = try zip(index.search(questions.gathering(known), k: 10), known).map { found, row in
        found.map { Int($0.id) }.firstIndex(of: described[row])
    }
    let first = Double(answers.count { $0 == 0 }) / Double(described.count)
    recalls.append(Double(answers.count { $0 != nil }) / Double(described.count))
    let label = name.padding(toLength: 21, withPad: " ", startingAt: 0)
    print("\(label)\(first.formatted(decimals: 3))   \(recalls[recalls.count - 1].formatted(decimals: 3))")
}
check(recalls[1] > 0.55, "a description finds its article among the first ten more often than not")
check(recalls[1] > recalls[0], "weighing words by inverse frequency finds more than the plain mean")

if isatty(STDIN_FILENO) == 1 {
    print("\nYour question (an empty line ends):")
    while let line = readLine(), !line.isEmpty { try answer(line) }
}

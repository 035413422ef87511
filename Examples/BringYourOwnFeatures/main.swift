import Console
import ExampleSupport
import Faiss
import Foundation
import SentenceEmbeddings
import VectorStorage
import Vectors
import Word2Vec

// Vectors from elsewhere: sentence embeddings made in Python (Scripts/data/sentences.py) arrive as NumPy files, are
// indexed and searched, and are held against document vectors that are trained here, on the same texts, and against those
// that the same model makes here.

// The files: vectors of texts, vectors of short descriptions, and what both belong to, a title a row.
let data = try exampleData("sentences")
let sentences = try (
    texts: VectorFile.read(data.appending(path: "texts.npy")),
    descriptions: VectorFile.read(data.appending(path: "descriptions.npy"))
)
let titles = try String(contentsOf: data.appending(path: "titles.txt"), encoding: .utf8)
    .split(separator: "\n").map(String.init)
print("sentence embeddings: \(sentences.texts)")

let all = try wikiArticles()
let byTitle = Dictionary(all.map { ($0.title, $0) }) { first, _ in first }
let articles = titles.compactMap { byTitle[$0] }
let topics = articles.compactMap(\.topic)
check(topics.count == sentences.texts.count, "each row is an article with a topic")

// Document vectors, by word vectors that have read all texts.
var configuration = Word2VecConfiguration()
configuration.window = 10
configuration.minimumCount = 3
configuration.epochs = 20
let bar = ProgressBar("training word vectors")
let corpus = Corpus(sentences: all.map { $0.plainText.split(separator: " ") })
let model = try Word2VecTrainer(configuration).train(on: corpus) { bar.update($0.fraction) }
bar.finish("\(model.vectors.count) words")
let weighted = try DocumentEmbedding(model.vectors, vocabulary: model.vocabulary)
let embedding = try weighted.removingFirstComponent(of: weighted.vectors(of: articles.map(\.plainText)))
let words = try (
    texts: embedding.vectors(of: articles.map(\.plainText)),
    descriptions: embedding.vectors(of: articles.map { plainText($0.description) })
)

// The same model, without Python: 128 tokens a text, as there, with weights of whole precision.
let encoder = try SentenceEncoder(contentsOf: exampleData("minilm"))
func encode(_ texts: [String]) throws -> VectorMatrix {
    let bar = ProgressBar("encoding")
    let starts = try texts.map { try encoder.passages(of: $0, maximumTokens: 128).first?.text ?? "" }
    let vectors = try encoder.encode(starts) { bar.update($0) }
    bar.finish("\(texts.count) texts")
    return vectors
}
let encoded = try (texts: encode(articles.map(\.text)), descriptions: encode(articles.map(\.description)))

/// The rows nearest to each vector.
func search(_ index: VectorIndex, for vectors: VectorMatrix, k: Int) throws -> [[Int]] {
    try index.search(vectors, k: k, options: SearchOptions(ef: 100)).map { found in found.map { Int($0.id) } }
}

/// The share of right answers when ten neighbours vote, every fifth text held out.
func accuracy(_ vectors: VectorMatrix) throws -> Double {
    let test = topics.indices.filter { $0.isMultiple(of: 5) }
    let training = topics.indices.filter { !$0.isMultiple(of: 5) }
    let classifier = try NearestNeighborsClassifier(k: 10, metric: .cosine)
        .fit(vectors.gathering(training), labels: training.map { topics[$0] })
    let answers = try classifier.predict(vectors.gathering(test))
    return Double(zip(answers, test).count { $0 == topics[$1] }) / Double(test.count)
}

// Descriptions that say something in words that are known.
let described = articles.indices.filter { row in
    !articles[row].description.isEmpty && words.descriptions[row].contains { $0 != 0 }
}
var figures: [(recall: Double, agreement: Double, accuracy: Double)] = []
var nearest: [[[Int]]] = []
print("\n                           article found by its      ten neighbours    right topic")
print("                           description, first ten    of its topic      by their vote")
for (name, texts, descriptions) in [
    ("Word2Vec", words.texts, words.descriptions), ("sentence embeddings", sentences.texts, sentences.descriptions),
    ("the same, made here", encoded.texts, encoded.descriptions),
] {
    let index = try VectorIndex(.hnsw(), dimension: texts.dimension, metric: .cosine)
    try index.add(texts)
    let found = try search(index, for: descriptions.gathering(described), k: 10)
    let recall = Double(zip(found, described).count { $0.contains($1) }) / Double(described.count)

    // The nearest to a text is the text itself.
    let near = try search(index, for: texts, k: 11).enumerated().map { row, near in near.filter { $0 != row } }
    let agreeing = zip(near, topics).reduce(0) { sum, row in sum + row.0.count { topics[$0] == row.1 } }
    let agreement = Double(agreeing) / Double(near.reduce(0) { $0 + $1.count })
    figures.append((recall, agreement, try accuracy(texts)))
    nearest.append(near)
    let columns = [recall, agreement, figures[figures.count - 1].accuracy].map { $0.formatted(decimals: 3) }
    let label = "\(name), \(texts.dimension)".padding(toLength: 27, withPad: " ", startingAt: 0)
    print(label + columns.joined(separator: "                     "))
}
check(figures[1].recall > figures[0].recall, "sentence embeddings find more articles by their descriptions")
check(figures[1].recall > 0.8, "sentence embeddings find eight of ten articles by their descriptions")
check(figures[2].recall > figures[1].recall - 0.005, "the model finds as many articles here as in Python")
check(figures.allSatisfy { $0.agreement > 0.65 }, "two of three neighbours have the same topic")
check(figures.allSatisfy { $0.accuracy > 0.8 }, "neighbours tell four topics of five")

// The same vectors in a store, with the words of the texts beside them: what each side finds alone, and both together.
let place = try exampleOutput("bring-your-own-features").appending(path: "articles.store")
try? FileManager.default.removeItem(at: place)
let store = try await VectorStore.open(place)
let collection = try await store.createCollection(
    "articles",
    dimension: encoder.dimension,
    fullText: FullTextIndex(fields: ["title", "text"], tokenizer: .english)
)
try await collection.upsert(
    articles.indices.map { row in
        StoredVector(
            key: VectorKey(row),
            vector: Array(encoded.texts[row]),
            metadata: ["title": .string(articles[row].title), "text": .string(articles[row].text)]
        )
    }
)
await collection.waitForIndex()
print("\n                           the article's place among the first ten (nDCG), found by its description")
var gains: [Double] = []
for (name, options) in [
    ("vectors", HybridOptions(textWeight: 0)), ("words", HybridOptions(vectorWeight: 0)), ("both", HybridOptions()),
] {
    var gain = 0.0
    for row in described {
        let description = articles[row].description
        let found = try await collection.search(encoded.descriptions[row], text: description, k: 10, options: options)
        if let rank = found.matches.firstIndex(where: { $0.key == VectorKey(row) }) {
            gain += 1 / log2(Double(rank + 2))
        }
    }
    gains.append(gain / Double(described.count))
    print(name.padding(toLength: 27, withPad: " ", startingAt: 0) + gains[gains.count - 1].formatted(decimals: 3))
}
check(gains[2] > max(gains[0], gains[1]), "both together find an article better than either alone")
try await store.close()

// Some texts and their nearest, by either.
for row in stride(from: 100, to: titles.count, by: 400) {
    print("\n\(titles[row])")
    for (name, near) in zip(["Word2Vec", "sentences"], nearest) {
        let label = name.padding(toLength: 11, withPad: " ", startingAt: 0)
        print("  \(label)\(near[row].prefix(4).map { titles[$0] }.joined(separator: "; "))")
    }
}

import Faiss
import Foundation
import Vectors
import Word2Vec

// The package's main job through its public surface alone: toy text in, trained vectors, an index, right answers out.

// Two topics that never share a sentence, so the nearest neighbour of a word must come from its own topic.
let topics = [["cat", "dog", "horse", "cow"], ["red", "green", "blue", "yellow"]]
var generator = SystemRandomNumberGenerator()
let sentences = (0..<4_000).map { number in
    (0..<8).map { _ in topics[number % 2].randomElement(using: &generator)! }
}

var configuration = Word2VecConfiguration()
configuration.dimension = 16
configuration.minimumCount = 1
configuration.sample = 0
configuration.learningRate = 0.05
configuration.threads = 1
let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: sentences))

let index = try VectorIndex(.flat, dimension: configuration.dimension, metric: .cosine)
try index.add(model.vectors.matrix)

for topic in topics {
    for word in topic {
        let neighbor = try model.vectors.mostSimilar(positive: [word], top: 1)[0].word
        require(topic.contains(neighbor), "nearest to \(word) is \(neighbor), expected another of \(topic)")

        let position = model.vectors.words.firstIndex(of: word)!
        let hits = try index.search(model.vectors.matrix[position], k: 2)
        require(hits[0].id == position, "the index finds \(hits[0].id) for vector \(position), expected itself")
        let second = model.vectors.words[Int(hits[1].id)]
        require(topic.contains(second), "the index finds \(second) next to \(word), expected another of \(topic)")
    }
}

let basis = try VectorIndex(.flat, dimension: 3, metric: .cosine)
try basis.add(VectorMatrix(rows: [[1, 0, 0], [0, 1, 0]]))
let hits = try basis.search([0, 2, 0], k: 2)
require(hits.map(\.id) == [1, 0], "search for [0, 2, 0] gives ids \(hits.map(\.id)), expected [1, 0]")
require(hits.map(\.distance) == [1, 0], "search for [0, 2, 0] gives cosines \(hits.map(\.distance)), expected [1, 0]")

do {
    _ = try basis.search([1, 0], k: 1)
    require(false, "a query of the wrong dimension was accepted")
} catch {
    require(error.message.contains("3"), "the error does not name the dimension: \(error.message)")
}
print("consumer: trained \(model.vectors.words.count) words, indexed \(index.count), every answer right")

func require(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard condition else {
        FileHandle.standardError.write(Data("consumer: \(message())\n".utf8))
        exit(1)
    }
}

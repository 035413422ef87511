import Faiss
import Foundation
import Word2Vec

let corpus = try Corpus(contentsOf: URL(filePath: CommandLine.arguments.dropFirst().first ?? "corpus.txt"))
let words = try Word2VecTrainer().train(on: corpus).vectors.normalized()

let index = try VectorIndex(.hnsw(), dimension: words.dimension, metric: .cosine)
try index.add(words.matrix)

for neighbor in try index.search(words["water"] ?? [], k: 5) {
    print(words.words[Int(neighbor.id)], neighbor.distance)
}
try index.write(to: URL(filePath: "words.vindex"))

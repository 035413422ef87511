import Console
import ExampleSupport
import Faiss
import Foundation
import Vectors
import Word2Vec

// What is a text about? Word vectors are trained on introductions of Wikipedia articles, a text becomes the mean of its
// words' vectors, and its topic is that of the texts it is near to.

// The texts: every fifth with a topic is held out, and nothing is learned from it.
let articles = try wikiArticles()
let withTopic = articles.filter { $0.topic != nil }
let heldOut = withTopic.indices.filter { $0.isMultiple(of: 5) }.map { withTopic[$0] }
let known = withTopic.indices.filter { !$0.isMultiple(of: 5) }.map { withTopic[$0] }
let (knownTopics, topics) = (known.compactMap(\.topic), heldOut.compactMap(\.topic))
print("\(known.count) texts to learn from, \(heldOut.count) to classify, \(Set(topics).count) topics")

// Word vectors, from the texts without topic, too.
var configuration = Word2VecConfiguration()
configuration.window = 10
configuration.minimumCount = 3
configuration.epochs = 20
let texts = (known + articles.filter { $0.topic == nil }).map { $0.plainText.split(separator: " ") }
let bar = ProgressBar("training word vectors")
let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: texts)) { bar.update($0.fraction) }
bar.finish("\(model.vectors.count) words")

/// The share of right answers.
func accuracy(_ answers: [String]) -> Double {
    Double(zip(answers, topics).count { $0 == $1 }) / Double(topics.count)
}

// Two ways to make a document's vector, two ways to classify it.
let mean = DocumentEmbedding(model.vectors)
let weighted = try DocumentEmbedding(model.vectors, vocabulary: model.vocabulary)
let inverseFrequency = try weighted.removingFirstComponent(of: weighted.vectors(of: known.map(\.plainText)))
let folder = try exampleOutput("TextClassification")
var best: (accuracy: Double, answers: [String]) = (0, [])
print("\naccuracy                    nearest centroid   10 nearest neighbours")
for (name, embedding) in [("mean", mean), ("inverse-frequency", inverseFrequency)] {
    let training = try embedding.vectors(of: known.map(\.plainText)).normalized()
    let test = try embedding.vectors(of: heldOut.map(\.plainText)).normalized()
    let centroids = try NearestCentroidClassifier().fit(training, labels: knownTopics)
    let neighbors = try NearestNeighborsClassifier(k: 10).fit(training, labels: knownTopics)
    let byCentroid = try accuracy(centroids.predict(test))
    let answers = try neighbors.predict(test)
    if accuracy(answers) > best.accuracy { best = (accuracy(answers), answers) }
    let label = name.padding(toLength: 28, withPad: " ", startingAt: 0)
    print(label + "\(byCentroid.formatted(decimals: 3))              \(accuracy(answers).formatted(decimals: 3))")
    check(byCentroid > 0.73, "nearest centroid on \(name) vectors gets 73 % right")
    check(accuracy(answers) > 0.83, "nearest neighbours on \(name) vectors get 83 % right")

    // For Benchmarks/Peers/text_classification.py, which asks scikit-learn on the same vectors.
    try VectorFile.write(training, to: folder.appending(path: "\(name)-training.npy"))
    try VectorFile.write(test, to: folder.appending(path: "\(name)-test.npy"))
}
for (name, labels) in [("training", knownTopics), ("test", topics)] {
    let file = folder.appending(path: "\(name)-topics.txt")
    try Data(labels.map { $0 + "\n" }.joined().utf8).write(to: file)
}

// How well each topic is found, and what it is taken for otherwise.
print("\ntopic                         right   mistaken most often for")
for topic in Set(topics).sorted() {
    let answers = zip(best.answers, topics).filter { $0.1 == topic }.map(\.0)
    let counts = Dictionary(grouping: answers) { $0 }.mapValues(\.count)
    let right = Double(counts[topic] ?? 0) / Double(answers.count)
    let mistake = counts.filter { $0.key != topic }.max { ($0.value, $1.key) < ($1.value, $0.key) }
    let label = topic.padding(toLength: 30, withPad: " ", startingAt: 0)
    print(label + "\(right.formatted(decimals: 2))    \(mistake.map { "\($0.key) (\($0.value))" } ?? "nothing")")
}

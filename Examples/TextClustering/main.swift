import Console
import ExampleSupport
import Faiss
import Foundation
import Vectors
import Word2Vec

// What are all these texts about? Nobody says: k-means and DBSCAN group introductions of Wikipedia articles, and each
// group gets its name from the words that are typical of it. The topics are only used to judge the groups.

let articles = try wikiArticles().filter { $0.topic != nil }
let topics = articles.compactMap(\.topic)
let texts = articles.map(\.plainText)

// Texts become vectors: word vectors, then means of them by smooth inverse frequency.
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
let vectors = try embedding.vectors(of: texts)

// In how many texts each word stands.
let words = texts.map { Set($0.split(separator: " ").map(String.init)) }
let occurrences = counts(words.joined())

/// How often each word occurs.
func counts(_ words: some Sequence<String>) -> [String: Int] {
    words.reduce(into: [:]) { $0[$1, default: 0] += 1 }
}

/// The words that most set a cluster apart: in many of its texts, and in few others.
func name(of cluster: [Int]) -> String {
    counts(cluster.map { words[$0] }.joined())
        .map { word, count in
            let share = Double(count) / Double(cluster.count)
            return (word: word, weight: share * log(share / (Double(occurrences[word] ?? 1) / Double(texts.count))))
        }
        .sorted { ($0.weight, $1.word) > ($1.weight, $0.word) }
        .prefix(6).map(\.word).joined(separator: ", ")
}

/// Prints the clusters, the largest first: size, the share of the commonest topic, typical words.
func show(_ labels: [Int?], atMost limit: Int) {
    let clusters = Dictionary(grouping: labels.indices.filter { labels[$0] != nil }) { labels[$0] ?? 0 }.values
    for cluster in clusters.sorted(by: { ($0.count, $1[0]) > ($1.count, $0[0]) }).prefix(limit) {
        let commonest = counts(cluster.map { topics[$0] }).max { ($0.value, $1.key) < ($1.value, $0.key) }
        let share = Int(100 * Double(commonest?.value ?? 0) / Double(cluster.count))
        let size = "\(cluster.count)".padding(toLength: 6, withPad: " ", startingAt: 0)
        let label = "\(share) % \(commonest?.key ?? "")".padding(toLength: 34, withPad: " ", startingAt: 0)
        print("  \(size) \(label) \(name(of: cluster))")
    }
}

// k-means puts every text into one of twenty clusters.
let kMeans = try KMeans(clusters: 20, restarts: 3, spherical: true).fit(vectors)
let agreement = try ClusteringScores.normalizedMutualInformation(of: kMeans.labels, classes: topics)
print("k-means: 20 clusters, normalised mutual information with the topics \(agreement.formatted(decimals: 3))")
show(kMeans.labels, atMost: 20)
check(agreement > 0.46, "k-means agrees with the topics, normalised mutual information above 0.46")

// DBSCAN finds dense places and leaves the rest alone as noise. The wider the radius, the more is taken in.
for radius in [0.14, 0.17, 0.20] {
    let model = try DBSCAN(radius: radius, minimumPoints: 8, metric: .cosine).fit(vectors)
    let noise = Double(model.noiseCount) / Double(texts.count)
    let clustered = texts.indices.filter { model.labels[$0] != nil }
    let agreement = try ClusteringScores.normalizedMutualInformation(
        of: clustered.map { model.labels[$0] },
        classes: clustered.map { topics[$0] }
    )
    print(
        "\nDBSCAN, radius \(radius): \(model.clusterCount) clusters, \(Int(100 * noise)) % noise, normalised mutual "
            + "information without the noise \(agreement.formatted(decimals: 3))"
    )
    show(model.labels, atMost: 6)
    check(model.clusterCount >= 5, "radius \(radius) gives five clusters or more")
    check(agreement > 0.5, "radius \(radius) agrees with the topics above 0.5 where it doesn't see noise")
}

import Console
import ExampleSupport
import Foundation
import TestSupport
import Word2Vec

// "Who has X also has": item2vec (Barkan and Koenigstein 2016, arXiv:1603.04259), that is, Word2Vec on sets of things
// that were chosen together. Here the things are Debian's packages, and a set is what one package depends on.

/// A package, by what it depends on.
struct Basket {
    var source: String
    var items: [String]
}

let text = try String(
    contentsOf: exampleData("debian-dependencies").appending(path: "dependencies.txt"),
    encoding: .utf8
)
let baskets = text.split(separator: "\n").map { line in
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    return Basket(source: String(fields[1]), items: fields[2].split(separator: " ").map(String.init))
}

// Packages built from one source look alike: a tenth of the sources is held back as a whole.
var random = SplitMix64(seed: 1)
let sources = Array(Set(baskets.map(\.source))).sorted().shuffled(using: &random)
let heldBack = Set(sources.prefix(sources.count / 10))
let known = baskets.filter { !heldBack.contains($0.source) }
let asked = baskets.filter { heldBack.contains($0.source) && $0.items.count >= 4 }

// A set has no order: its items are shuffled, and the window takes in all of them.
var configuration = Word2VecConfiguration()
configuration.dimension = 64
configuration.window = 40
configuration.epochs = 40
configuration.minimumCount = 3
configuration.sample = 1e-4
configuration.loss = .negativeSampling(negatives: 10)
let sentences = known.filter { $0.items.count >= 2 }.map { $0.items.shuffled(using: &random) }
let bar = ProgressBar("training on \(sentences.count) packages")
let model = try Word2VecTrainer(configuration).train(on: Corpus(sentences: sentences)) { bar.update($0.fraction) }
bar.finish("\(model.vectors.count) of the packages that they depend on")
let items = model.vectors

print("\nWho depends on … also depends on\n")
for item in ["python3-numpy", "libgtk-3-0", "ruby", "libsdl2-2.0-0", "default-jre-headless", "r-cran-ggplot2"] {
    let similar = try items.mostSimilar(positive: [item], top: 5)
    print(
        "  \(item): "
            + similar.map { "\($0.word) \(Double($0.similarity).formatted(decimals: 2))" }.joined(separator: ", ")
    )
}

// One item of each held-back set is left out; is it among the ten that its others suggest?
var hits = (item2vec: 0, popularity: 0)
var questions = 0
let popular = model.vocabulary.words
for basket in asked {
    let inside = basket.items.filter(items.contains).shuffled(using: &random)
    guard inside.count >= 3 else { continue }
    let (leftOut, rest) = (inside[0], Array(inside[1...]))
    let suggested = try items.mostSimilar(positive: rest, top: 10)
    if suggested.contains(where: { $0.word == leftOut }) { hits.item2vec += 1 }
    if popular.lazy.filter({ !rest.contains($0) }).prefix(10).contains(leftOut) { hits.popularity += 1 }
    questions += 1
}
let rates = (
    item2vec: Double(hits.item2vec) / Double(questions), popularity: Double(hits.popularity) / Double(questions)
)
print("\nThe item left out of \(questions) unseen packages is among ten suggestions\n")
print("  item2vec          \((100 * rates.item2vec).formatted(decimals: 1)) %")
print("  the most popular  \((100 * rates.popularity).formatted(decimals: 1)) %")

try check(questions > 1000, "over 1,000 questions")

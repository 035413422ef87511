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
configuration.epochs = 100
configuration.minimumCount = 3
configuration.sample = 1e-4
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

// One item of each held-back set is left out; is it among the ten that its others suggest? Nobody needs to be told of
// the hundred that everybody has, such as libc6: they are neither asked for nor suggested.
let popular = model.vocabulary.words
let common = Set(popular.prefix(100))
let suggestible = popular.filter { !common.contains($0) }
var (hits, popularHits, questions) = (0, 0, 0)
for basket in asked {
    let inside = basket.items.filter(items.contains).shuffled(using: &random)
    guard inside.count >= 3, let leftOut = inside.first(where: { !common.contains($0) }) else { continue }
    let rest = inside.filter { $0 != leftOut }
    let suggested = try items.mostSimilar(positive: rest, top: 10, among: suggestible)
    if suggested.contains(where: { $0.word == leftOut }) { hits += 1 }
    if suggestible.lazy.filter({ !rest.contains($0) }).prefix(10).contains(leftOut) { popularHits += 1 }
    questions += 1
}
let (rate, popularRate) = (Double(hits) / Double(questions), Double(popularHits) / Double(questions))
print("\nThe item left out of \(questions) unseen packages is among ten suggestions\n")
print("  item2vec          \((100 * rate).formatted(decimals: 1)) %")
print("  the most popular  \((100 * popularRate).formatted(decimals: 1)) %")

check(questions > 500, "there are over 500 questions")
check(rate > 2 * popularRate, "item2vec finds twice as many as popularity")
try check(
    items.similarity("python3-numpy", "python3-scipy") > items.similarity("python3-numpy", "libgtk-3-0"),
    "numpy goes with scipy rather than with GTK"
)
let likeSDL = try items.mostSimilar(positive: ["libsdl2-2.0-0"], top: 10)
check(likeSDL.contains { $0.word.hasPrefix("libsdl2-") }, "SDL goes with its own libraries")

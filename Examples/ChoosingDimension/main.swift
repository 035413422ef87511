import Console
import ExampleSupport
import Faiss
import Foundation
import Vectors
import Word2Vec

// How long should word vectors be? Trains the same text at several dimensions and holds quality against what it costs.
// `choosing-dimension CORPUS` takes a text of your own.

let text =
    try CommandLine.arguments.dropFirst().first.map { URL(filePath: $0) }
    ?? exampleData("corpus").appending(path: "corpus.txt")
let judgements = try exampleData("word-similarity")
let dimensions = [25, 50, 100, 200, 400]

/// What one dimension gives and costs.
struct Row {
    var dimension: Int
    /// Spearman's correlation with people's judgement of how related, and how similar, words are; in percent.
    var relatedness, similarity: Double
    /// The part of the analogies that are answered, in percent.
    var analogies: Double
    var megabytes: Double
    var microseconds: Double
    var trainingSeconds: Double
}

var rows: [Row] = []
let related = try WordPairs(contentsOf: judgements.appending(path: "wordsim353.tsv"))
let similar = try WordPairs(contentsOf: judgements.appending(path: "simlex999.txt"))
let questions = try AnalogyQuestions(contentsOf: judgements.appending(path: "questions-words.txt"))
for dimension in dimensions {
    var configuration = Word2VecConfiguration()
    configuration.dimension = dimension
    configuration.epochs = 2
    configuration.learningRate = 0.05
    let bar = ProgressBar("dimension \(dimension)")
    let model = try Word2VecTrainer(configuration).train(on: Corpus(contentsOf: text)) { bar.update($0.fraction) }
    bar.finish("\(model.vectors.count) words, mean loss \((model.losses.last ?? 0).formatted(decimals: 3))")
    let words = model.vectors

    let relatedness = try words.evaluateWordPairs(related)
    let similarity = try words.evaluateWordPairs(similar)
    let analogies = try words.evaluateAnalogies(questions, restrict: 10_000)

    let index = try VectorIndex(.flat, dimension: dimension, metric: .cosine)
    try index.add(words.matrix)
    var seconds: [Double] = []
    for row in stride(from: 0, to: words.count, by: max(1, words.count / 200)) {
        let query = Array(words.matrix[row])
        let start = ContinuousClock.now
        _ = try index.search(query, k: 10, options: SearchOptions(threads: 1))
        seconds.append((ContinuousClock.now - start).seconds)
    }
    rows.append(
        Row(
            dimension: dimension,
            relatedness: 100 * relatedness.spearman,
            similarity: 100 * similarity.spearman,
            analogies: 100 * analogies.accuracy,
            megabytes: Double(index.memorySize) / 1e6,
            microseconds: 1e6 * median(seconds),
            trainingSeconds: model.seconds
        )
    )
}

print("\ndimension  WordSim-353  SimLex-999  analogies      MB  µs a query  trained in")
for row in rows {
    let cells = [
        ("\(row.dimension)", 9), (row.relatedness.formatted(decimals: 1), 11),
        (row.similarity.formatted(decimals: 1), 10), (row.analogies.formatted(decimals: 1), 9),
        (row.megabytes.formatted(decimals: 0), 6), (row.microseconds.formatted(decimals: 0), 10),
        (row.trainingSeconds.formatted(decimals: 1) + " s", 10),
    ]
    print(
        cells.map { text, width in String(repeating: " ", count: max(0, width - text.count)) + text }.joined(
            separator: "  "
        )
    )
}

/// A plot over the dimensions.
@MainActor
func plot(_ title: String, _ label: String, _ lines: KeyValuePairs<String, KeyPath<Row, Double>>) -> LinePlot {
    var plot = LinePlot(title: title, x: "dimension", y: label)
    plot.x.isLogarithmic = true
    plot.x.ticks = dimensions.map(Double.init)
    plot.y.range = 0...1
    for (name, value) in lines { plot.add(name, rows.map { (Double($0.dimension), $0[keyPath: value]) }) }
    return plot
}
let picture = try exampleOutput("choosing-dimension").appending(path: "dimension.svg")
try LinePlot.write(
    [
        plot(
            "Quality: gains become small",
            "Spearman's correlation and right answers, %",
            [
                "WordSim-353 (related)": \.relatedness, "SimLex-999 (similar)": \.similarity,
                "analogies, 10,000 words": \.analogies,
            ]
        ),
        plot("Memory: in proportion", "MB for all words", ["flat index": \.megabytes]),
        plot("Time of a query: in proportion", "µs, one thread, all words compared", ["flat index": \.microseconds]),
    ],
    to: picture
)
print("\nThe plot is in \(picture.path)")

let byDimension = Dictionary(uniqueKeysWithValues: rows.map { ($0.dimension, $0) })
if let least = byDimension[25], let middle = byDimension[100], let most = byDimension[400] {
    check(middle.analogies > least.analogies + 3, "100 dimensions answer more analogies than 25")
    check(middle.relatedness > 45, "words are as related as people find them, by 45 % and more")
    let (first, second) = (middle.relatedness - least.relatedness, most.relatedness - middle.relatedness)
    check(second < max(first, 2), "from 100 to 400 dimensions less is gained than from 25 to 100")
    check(most.megabytes > 3 * middle.megabytes, "memory is in proportion to the dimension")
}

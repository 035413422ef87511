import Console
import ExampleSupport
import Faiss
import Foundation
import TestSupport
import Vectors

// What noise and near-duplicates do to search and clustering, and what cleaning wins back. The vectors are 1,797
// written digits, 64 pixels each; the class of a vector is the digit that it is.

let text = try String(contentsOf: exampleData("digits").appending(path: "digits.csv"), encoding: .utf8)
let table = text.split(separator: "\n").map { line in line.split(separator: ",").compactMap { Float($0) } }
let digits = try VectorMatrix(rows: table.map { Array($0.prefix(64)) })
let classes = table.map { Int($0[64]) }
var random = SplitMix64(seed: 1)

/// How well k-means finds the digits among points, by normalised mutual information over the digits alone, which are
/// assigned to the clusters of `points`.
func clusteringQuality(_ points: VectorMatrix, of digits: VectorMatrix, spherical: Bool = false) throws -> Double {
    let model = try KMeans(clusters: 10, restarts: 5, spherical: spherical).fit(points)
    return try ClusteringScores.normalizedMutualInformation(of: model.predict(digits), classes: classes)
}

/// The share of useful answers among ten: digits of the same class, each once, the digit asked with left out.
///
/// `origins` holds for each point the digit that it is, or is a copy of; nil for noise.
func searchQuality(
    _ points: VectorMatrix,
    origins: [Int?],
    queries: VectorMatrix = digits,
    metric: Metric = .squaredL2
) throws -> Double {
    let index = try VectorIndex(.flat, dimension: points.dimension, metric: metric)
    try index.add(points)
    var useful = 0
    for (query, neighbors) in try index.search(queries, k: 11).enumerated() {
        // The digit itself is nearest as a rule, and its copies are no news.
        let others = neighbors.map { origins[Int($0.id)] }.drop { $0 == query }.prefix(10)
        useful += Set(others.compactMap { $0 }.filter { $0 != query && classes[$0] == classes[query] }).count
    }
    return Double(useful) / Double(10 * queries.count)
}

/// Search among all points and among the clean ones, clusters of all points and of the clean ones.
func qualities(_ points: VectorMatrix, origins: [Int?], clean: [Int]) throws -> [Double] {
    let cleaned = points.gathering(clean)
    return [
        try searchQuality(points, origins: origins),
        try searchQuality(cleaned, origins: clean.map { origins[$0] }),
        try clusteringQuality(points, of: digits),
        try clusteringQuality(cleaned, of: digits),
    ]
}

/// Joins rows of two matrices.
func + (one: VectorMatrix, other: VectorMatrix) throws -> VectorMatrix {
    try VectorMatrix(one.values + other.values, dimension: one.dimension)
}

/// One line of a table and one point of each curve.
func report(_ label: String, _ values: [Double]) {
    let cells = values.map { $0.formatted(decimals: 3) }.joined(separator: "   ")
    print("  \(label)\(String(repeating: " ", count: max(1, 8 - label.count)))\(cells)")
}

/// A plot with a line for each name, from rows of values.
func plot(_ title: String, x: String, _ names: [String], _ rows: [(x: Double, values: [Double])]) -> LinePlot {
    var plot = LinePlot(title: title, x: x, y: "quality, 1 is best")
    plot.y.range = 0.4...1
    for (column, name) in names.enumerated() {
        plot.add(name, rows.map { ($0.x, $0.values[column]) }, isDashed: column % 2 == 1)
    }
    return plot
}

// MARK: Points that are nothing

print("\nNoise points for each digit: search, and after cleaning; clusters, and after cleaning\n")
var noise: [(x: Double, values: [Double])] = []
for share in [0, 0.5, 1, 2, 4] {
    let count = Int(share * Double(digits.count))
    let nothing = try VectorMatrix(
        (0..<count * 64).map { _ in Float.random(in: 0...16, using: &random) },
        dimension: 64
    )
    let points = try digits + nothing
    let origins = (0..<digits.count).map(Optional.some) + [Int?](repeating: nil, count: count)
    // The radius at which most digits have five neighbours.
    let labels = try DBSCAN(radius: 22, minimumPoints: 5).fit(points).labels
    let clean = labels.indices.filter { labels[$0] != nil }
    noise.append((share, try qualities(points, origins: origins, clean: clean)))
    report("\(share)", noise[noise.count - 1].values)
}

// MARK: Points that were there before

/// The rows that are not within a distance of an earlier one that stays.
func withoutDuplicates(_ points: VectorMatrix, within distance: Float) throws -> [Int] {
    let index = try VectorIndex(.flat, dimension: points.dimension)
    try index.add(points)
    var isKept = [Bool](repeating: true, count: points.count)
    for (row, neighbors) in try index.search(points, within: distance * distance).enumerated() where isKept[row] {
        for neighbor in neighbors where neighbor.id > row { isKept[Int(neighbor.id)] = false }
    }
    return isKept.indices.filter { isKept[$0] }
}

print("\nCopies for each digit, of one digit in twenty: the same four\n")
var copies: [(x: Double, values: [Double])] = []
let popular = (0..<digits.count).shuffled(using: &random).prefix(digits.count / 20)
for share in [0, 0.5, 1, 2, 4] {
    let copied = (0..<Int(share * Double(digits.count))).map { popular[$0 % popular.count] }
    let values = digits.gathering(copied).values.map { $0 + 0.3 * random.nextGaussian() }
    let points = try digits + VectorMatrix(values, dimension: 64)
    let origins = (0..<digits.count).map(Optional.some) + copied.map(Optional.some)
    let clean = try withoutDuplicates(points, within: 5)
    copies.append((share, try qualities(points, origins: origins, clean: clean)))
    report("\(share)", copies[copies.count - 1].values)
}

// MARK: Lengths that mean nothing

print("\nSpread of the lengths, as of light in photographs: search, and by cosine; clusters, and of directions\n")
var lengths: [(x: Double, values: [Double])] = []
for spread in [0, 0.2, 0.4, 0.6, 0.8] {
    let rows = (0..<digits.count).map { row in
        let factor = Float(exp(spread * Double(random.nextGaussian())))
        return digits[row].map { $0 * factor }
    }
    let points = try VectorMatrix(rows: rows)
    let origins = (0..<digits.count).map(Optional.some)
    lengths.append(
        (
            spread,
            [
                try searchQuality(points, origins: origins, queries: points),
                try searchQuality(points, origins: origins, queries: points, metric: .cosine),
                try clusteringQuality(points, of: points),
                try clusteringQuality(points, of: points, spherical: true),
            ]
        )
    )
    report("\(spread)", lengths[lengths.count - 1].values)
}

let cleaning = ["search", "search, cleaned", "clusters", "clusters, cleaned"]
let picture = try exampleOutput("noise").appending(path: "noise.svg")
try LinePlot.write(
    [
        plot("Noise, and without DBSCAN's noise", x: "noise points for each digit", cleaning, noise),
        plot("Near-duplicates, and without them", x: "copies for each digit", cleaning, copies),
        plot(
            "Lengths that mean nothing, and normalised",
            x: "spread of the lengths (deviation of the logarithm)",
            ["search", "search by cosine", "clusters", "clusters of directions"],
            lengths
        ),
    ],
    to: picture
)
print("\nThe plot is in \(picture.path)")

func value(_ rows: [(x: Double, values: [Double])], _ column: Int, last: Bool = true) -> Double {
    rows[last ? rows.count - 1 : 0].values[column]
}
check(value(noise, 2) < value(noise, 2, last: false) - 0.1, "four noise points for each digit spoil the clusters")
check(value(noise, 3) > value(noise, 3, last: false) - 0.05, "DBSCAN's noise label wins them back")
check(value(copies, 0) < value(copies, 0, last: false) - 0.1, "near-duplicates take the places of answers")
check(value(copies, 1) > value(copies, 1, last: false) - 0.05, "without duplicates search is what it was")
check(value(lengths, 0) < value(lengths, 0, last: false) - 0.1, "lengths that mean nothing spoil search")
check(value(lengths, 1) > value(lengths, 1, last: false) - 0.01, "cosine does not see them")

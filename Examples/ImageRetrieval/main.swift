// Finds pictures that look alike: 60,000 photographs of clothes (Fashion-MNIST), 784 pixels each. The pixels are the
// features; principal components shorten them, a product quantizer stores 16 bytes of what is left, and the question
// is how much that costs.

import Console
import ExampleSupport
import Faiss
import Foundation
import Vectors

let kinds = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]
let data = try exampleData("fashion")
let images = try VectorFile.read(data.appending(path: "images.npy"))
let labels = try VectorFile.read(data.appending(path: "labels.npy")).values.map { Int($0) }
let queries = try VectorFile.read(data.appending(path: "test-images.npy"), limit: 2000)
let queryLabels = try VectorFile.read(data.appending(path: "test-labels.npy"), limit: 2000).values.map { Int($0) }

/// Of ten neighbours, how many are of the query's kind.
func precision(_ answers: NeighborLists) -> Double {
    let hits = zip(answers, queryLabels).map { answer, kind in answer.count { labels[Int($0.id)] == kind } }
    return Double(hits.reduce(0, +)) / Double(10 * queryLabels.count)
}

/// Of the ten nearest, how many are found.
func recall(_ answers: NeighborLists, of truth: NeighborLists) -> Double {
    let found = zip(answers, truth).map { Set($0.map(\.id)).intersection($1.map(\.id)).count }
    return Double(found.reduce(0, +)) / Double(10 * truth.count)
}

/// Builds an index, asks it and prints a line of the table.
func ask(_ name: String, _ description: IndexDescription, truth: NeighborLists?) throws -> NeighborLists {
    let bar = ProgressBar("building \(name)")
    let index = try VectorIndex(description, dimension: images.dimension)
    try index.train(on: images) { bar.update($0.fraction) }
    try index.add(images)
    bar.finish()
    let start = ContinuousClock.now
    let answers = try index.search(queries, k: 10)
    let microseconds = (ContinuousClock.now - start).seconds / Double(queries.count) * 1e6
    print(
        name.padding(toLength: 34, withPad: " ", startingAt: 0),
        "precision \(precision(answers).formatted(decimals: 3))",
        "recall \(recall(answers, of: truth ?? answers).formatted(decimals: 3))",
        "\(index.memorySize / index.count) bytes an image, \(microseconds.formatted(decimals: 0)) µs a query",
        separator: "  "
    )
    return answers
}

let exact = try ask("all 784 pixels, exact", .flat, truth: nil)
let shortened = try ask("64 components, exact", .pca(to: 64, then: .flat), truth: exact)
let coded = try ask("64 components, IVFPQ", .pca(to: 64, then: .ivfPQ(subquantizers: 16)), truth: exact)
let refined = try ask("the same, refined", .refined(.pca(to: 64, then: .ivfPQ(subquantizers: 16))), truth: exact)

// A row of the sheet: a query of each kind, and what the smallest index finds for it.
var sheet = ContactSheet(title: "Queries, and the ten nearest of 60,000 images by 16 bytes each", scale: 2)
func picture(_ pixels: ArraySlice<Float>, _ kind: Int, isRight: Bool? = nil) -> ContactSheet.Picture {
    let frame = isRight.map { $0 ? "seagreen" : "crimson" }
    return ContactSheet.Picture(pixels.map { UInt8(255 - $0) }, width: 28, caption: kinds[kind], frame: frame)
}
for kind in kinds.indices {
    guard let query = queryLabels.firstIndex(of: kind) else { continue }
    let found = coded[query].map { neighbor in
        let row = Int(neighbor.id)
        return picture(images[row], labels[row], isRight: labels[row] == kind)
    }
    sheet.append(row: [picture(queries[query], kind)] + found)
}
let file = try exampleOutput("image-retrieval").appending(path: "neighbours.svg")
try sheet.write(to: file)
print("the sheet: \(file.path)")

check(precision(exact) > 0.80, "four of five neighbours by all pixels are of the query's kind")
check(precision(shortened) > precision(exact) - 0.01, "64 components are as good as 784 pixels")
check(precision(coded) > precision(exact) - 0.02, "16 bytes of them are nearly as good")
check(recall(refined, of: exact) > recall(coded, of: exact), "comparing the pixels again finds more of the nearest")

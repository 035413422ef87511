// Where am I? A robot has been everywhere once by daylight. It comes back at dusk, stands a little beside where it was,
// its camera is noisy, and it asks its index which place this is. Places are parts of photographs; a view becomes
// patches, patches become visual words, words become one vector.

import Console
import ExampleSupport
import Faiss
import Foundation
import TestSupport
import Vectors

struct Place {
    let photograph: Photograph
    let x: Int
    let y: Int

    var view: View { photograph.view(x: x, y: y) }
}

struct Visit {
    /// The number of the place that it should be recognised as.
    let place: Int
    let view: View
}

let files = try FileManager.default.contentsOfDirectory(at: exampleData("photographs"), includingPropertiesForKeys: nil)
let photographs = try files.filter { $0.pathExtension == "npy" }.map { try Photograph(contentsOf: $0) }
    .sorted { $0.name < $1.name }

// Places overlap by half; a second visit stands at most a quarter of the step beside the first. Nobody can tell where
// in a clear sky they are: such views are no places.
let step = (x: View.width / 2, y: View.height / 2)
let slack = (x: step.x / 4, y: step.y / 4)
let places = photographs.flatMap { photograph in
    stride(from: slack.y, through: photograph.height - View.height - slack.y, by: step.y).flatMap { y in
        stride(from: slack.x, through: photograph.width - View.width - slack.x, by: step.x).map { x in
            Place(photograph: photograph, x: x, y: y)
        }
    }
}.filter { $0.view.detail > 2 }
print("\(places.count) places in \(photographs.count) photographs")

var generator = SplitMix64(seed: 1)
let visits = places.indices.shuffled(using: &generator).prefix(300).map { number in
    let place = places[number]
    let x = place.x + Int.random(in: -slack.x...slack.x, using: &generator)
    let y = place.y + Int.random(in: -slack.y...slack.y, using: &generator)
    let view = place.photograph.view(x: x, y: y).dimmed(to: 0.5, noise: 8, using: &generator)
    return Visit(place: number, view: view)
}

/// Builds an index of all places with one kind of vector, and answers with the nearest place of each visit.
func recognise(_ name: String, metric: Metric, describe: (View) throws -> [Float]) throws -> NeighborLists {
    let bar = ProgressBar("describing views by \(name)")
    let total = Double(places.count + visits.count)
    var seen = 0.0
    func described(_ view: View) throws -> [Float] {
        seen += 1
        bar.update(seen / total)
        return try describe(view)
    }
    let vectors = try VectorMatrix(rows: places.map { try described($0.view) })
    let queries = try VectorMatrix(rows: visits.map { try described($0.view) })
    let index = try VectorIndex(.flat, dimension: vectors.dimension, metric: metric)
    try index.add(vectors)
    let answers = try index.search(queries, k: 3)
    bar.finish("\(vectors.dimension) numbers a view, recall at 1: \(recall(answers).formatted(decimals: 3))")
    return answers
}

/// How many visits have their place as the first answer.
func recall(_ answers: NeighborLists) -> Double {
    let right = zip(answers, visits).count { answer, visit in answer.first.map { Int($0.id) } == visit.place }
    return Double(right) / Double(visits.count)
}

// What one would try first: the pixels themselves, averaged over squares; then without the light's strength.
_ = try recognise("pixels", metric: .squaredL2) { $0.brightness(side: 10) }
let contrasts = try recognise("pixels without brightness", metric: .cosine) { view in
    let pixels = view.brightness(side: 10)
    let mean = pixels.reduce(0, +) / Float(pixels.count)
    return pixels.map { $0 - mean }
}

let sample = try places.shuffled(using: &generator).prefix(200).flatMap { try Patches.descriptors(of: $0.view).values }
let patches = try VectorMatrix(sample, dimension: Patches.dimension)
let learning = ProgressBar("learning visual words")
let words = try VisualWords(count: 32, learnedFrom: patches) { learning.update($0.fraction) }
learning.finish("of \(patches.count) patches")
let answers = try recognise("visual words", metric: .cosine) { try words.vector(of: Patches.descriptors(of: $0)) }

// A row of the sheet: a visit, then what the visual words answer, then what the pixels do.
var sheet = ContactSheet(title: "A visit at dusk, the three nearest places by visual words, the nearest by pixels")
func picture(_ neighbor: Neighbor, of visit: Visit, by kind: String) -> ContactSheet.Picture {
    let number = Int(neighbor.id)
    return places[number].view.thumbnail(caption: kind, frame: number == visit.place ? "seagreen" : "crimson")
}
for (number, visit) in visits.enumerated().prefix(8) {
    let found = answers[number].map { neighbor in
        picture(neighbor, of: visit, by: "cosine \(Double(neighbor.distance).formatted(decimals: 2))")
    }
    let byPixels = contrasts[number].prefix(1).map { picture($0, of: visit, by: "by pixels") }
    sheet.append(row: [visit.view.thumbnail(caption: places[visit.place].photograph.name)] + found + byPixels)
}
let file = try exampleOutput("place-recognition").appending(path: "places.svg")
try sheet.write(to: file)
print("the sheet: \(file.path)")

check(recall(answers) > 0.8, "four of five visits are recognised by their visual words")
check(recall(answers) > recall(contrasts) + 0.2, "visual words recognise far more than pixels do")

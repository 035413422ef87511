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
}

let files = try FileManager.default.contentsOfDirectory(at: exampleData("photographs"), includingPropertiesForKeys: nil)
let photographs = try files.filter { $0.pathExtension == "npy" }.map { try Photograph(contentsOf: $0) }
    .sorted { $0.name < $1.name }

// Places overlap by half; a second visit sees at most a quarter of the step beside the first.
let step = (x: View.width / 2, y: View.height / 2)
var places: [Place] = []
for photograph in photographs {
    for y in stride(from: step.y / 4, through: photograph.height - View.height - step.y / 4, by: step.y) {
        for x in stride(from: step.x / 4, through: photograph.width - View.width - step.x / 4, by: step.x) {
            places.append(Place(photograph: photograph, x: x, y: y))
        }
    }
}
print("\(places.count) places in \(photographs.count) photographs")

var generator = SplitMix64(seed: 1)
var visits: [(place: Int, view: View)] = []
for place in places.indices.shuffled(using: &generator).prefix(300) {
    let x = places[place].x + Int.random(in: -step.x / 4...step.x / 4, using: &generator)
    let y = places[place].y + Int.random(in: -step.y / 4...step.y / 4, using: &generator)
    let view = places[place].photograph.view(x: x, y: y)
    visits.append((place, view.dimmed(to: 0.4, noise: 12, using: &generator)))
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
    let vectors = try VectorMatrix(rows: places.map { try described($0.photograph.view(x: $0.x, y: $0.y)) })
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
let pixels = try recognise("pixels", metric: .squaredL2) { $0.brightness(side: 10) }
let contrasts = try recognise("pixels without brightness", metric: .cosine) { view in
    let pixels = view.brightness(side: 10)
    let mean = pixels.reduce(0, +) / Float(pixels.count)
    return pixels.map { $0 - mean }
}

var sample = try VectorMatrix([], dimension: Patches.dimension)
for place in places.shuffled(using: &generator).prefix(200) {
    for patch in try Patches.descriptors(of: place.photograph.view(x: place.x, y: place.y)) { try sample.append(patch) }
}
let learning = ProgressBar("learning visual words")
let words = try VisualWords(count: 32, learnedFrom: sample) { learning.update($0.fraction) }
learning.finish("of \(sample.count) patches")
let answers = try recognise("visual words", metric: .cosine) { try words.vector(of: Patches.descriptors(of: $0)) }

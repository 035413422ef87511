import ExampleSupport
import Foundation
import TestSupport
import Vectors

/// A photograph: what a robot can see from one spot when it turns its camera.
struct Photograph {
    let name: String
    private let rows: VectorMatrix

    /// Reads an array of rows, three bytes a pixel.
    init(contentsOf url: URL) throws {
        name = url.deletingPathExtension().lastPathComponent
        rows = try VectorFile.read(url)
    }

    var width: Int { rows.dimension / 3 }
    var height: Int { rows.count }

    /// What the camera sees with its upper left corner at a pixel.
    func view(x: Int, y: Int) -> View {
        View(pixels: (y..<y + View.height).flatMap { rows[$0].dropFirst(3 * x).prefix(3 * View.width) })
    }
}

/// One picture of the robot's camera, 320 × 240 pixels.
struct View {
    static let width = 320
    static let height = 240

    /// Red, green and blue, 0…255, row after row.
    let pixels: [Float]

    /// The same in less light, with a noisy sensor: Gaussian noise of so many shades in each component.
    func dimmed(to light: Float, noise: Float, using generator: inout SplitMix64) -> View {
        View(pixels: pixels.map { min(max($0 * light + noise * generator.nextGaussian(), 0), 255) })
    }

    /// How much there is to see: the mean difference in brightness between neighbours. Clear sky has next to none.
    var detail: Float {
        let brightness = brightness(side: 4)
        let differences = zip(brightness, brightness.dropFirst()).map { abs($0 - $1) }
        return differences.reduce(0, +) / Float(differences.count)
    }

    /// The brightness of squares of so many pixels a side, row after row.
    func brightness(side: Int) -> [Float] {
        let columns = Self.width / side
        var sums = [Float](repeating: 0, count: columns * (Self.height / side))
        for y in 0..<Self.height {
            for x in 0..<Self.width {
                let pixel = 3 * (y * Self.width + x)
                sums[y / side * columns + x / side] += pixels[pixel] + pixels[pixel + 1] + pixels[pixel + 2]
            }
        }
        return sums.map { $0 / Float(3 * side * side) }
    }

    /// A third of its size, for the contact sheet.
    func thumbnail(caption: String, frame: String? = nil) -> ContactSheet.Picture {
        var small: [UInt8] = []
        for y in stride(from: 1, to: Self.height, by: 3) {
            for x in stride(from: 1, to: Self.width - 2, by: 3) {
                let pixel = 3 * (y * Self.width + x)
                small += pixels[pixel..<pixel + 3].map { UInt8($0) }
            }
        }
        return ContactSheet.Picture(small, width: 106, isColour: true, caption: caption, frame: frame)
    }
}

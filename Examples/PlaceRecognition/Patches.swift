import Foundation
import Vectors

/// Describes the patches of a view by the directions of their edges, as SIFT does (Lowe 2004,
/// doi:10.1023/B:VISI.0000029664.99615.94): 4 × 4 cells, in each a histogram of eight directions.
enum Patches {
    static let dimension = 4 * 4 * bins
    private static let bins = 8
    private static let cell = 4

    /// A descriptor a row, of the half of the patches with the strongest edges: clear sky looks the same everywhere.
    static func descriptors(of view: View) throws -> VectorMatrix {
        // The mean of sixteen pixels in three colours has a seventh of their noise.
        let side = 4
        let (width, height) = (View.width / side, View.height / side)
        let brightness = view.brightness(side: side)

        // Every pixel's edge goes into the histogram of its cell, shared between the two nearest directions.
        let (columns, rows) = (width / cell, height / cell)
        var cells = [Float](repeating: 0, count: columns * rows * bins)
        for y in 1..<height - 1 {
            for x in 1..<width - 1 {
                let at = y * width + x
                let dx = brightness[at + 1] - brightness[at - 1]
                let dy = brightness[at + width] - brightness[at - width]
                let strength = (dx * dx + dy * dy).squareRoot()
                let direction = (atan2(dy, dx) / (2 * .pi) + 1) * Float(bins)
                let lower = Int(direction)
                let share = direction - Float(lower)
                let histogram = (y / cell * columns + x / cell) * bins
                cells[histogram + lower % bins] += strength * (1 - share)
                cells[histogram + (lower + 1) % bins] += strength * share
            }
        }

        var patches: [(strength: Float, histograms: [Float])] = []
        for top in 0...rows - 4 {
            for left in 0...columns - 4 {
                var histograms: [Float] = []
                for row in top..<top + 4 {
                    let first = (row * columns + left) * bins
                    histograms += cells[first..<first + 4 * bins]
                }
                patches.append((histograms.reduce(0, +), histograms))
            }
        }
        patches.sort { $0.strength > $1.strength }
        // Shares instead of strengths, so that less light changes nothing, and their square roots, so that one strong
        // edge does not outweigh all others (Arandjelović, Zisserman 2012, doi:10.1109/CVPR.2012.6248018).
        return try VectorMatrix(
            rows: patches.prefix(patches.count / 2).map { patch in
                patch.histograms.map { ($0 / max(patch.strength, .leastNormalMagnitude)).squareRoot() }
            }
        )
    }
}

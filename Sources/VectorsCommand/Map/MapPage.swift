import Faiss
import Foundation
import Vectors

/// The page that `vectors map` writes: `page.html`, compiled into the program so that this may be copied alone, with the
/// data in place of a mark.
struct MapPage {
    let title: String
    let points: VectorMatrix
    let labels: [String]?
    let metric: Metric
    let clustering: KMeansModel
    let map: NeighborEmbeddingModel

    /// How many neighbours of a point the page lists.
    private static let neighborCount = 10

    /// What the page's script reads; arrays of numbers are base64 of little-endian memory.
    private struct Content: Encodable {
        var title: String
        var dimension: Int
        var metric: String
        var labels: [String]?
        /// The labels that name each cluster, as numbers of points.
        var clusters: [[Int]]
        /// x and y from 0 to 1, y downwards.
        var positions: Data
        /// A byte a point.
        var clusterOf: Data
        var neighborCount: Int
        /// Numbers of points, `neighborCount` a point, its own for none.
        var neighbors: Data
        /// Beside them, cosine or distance, as bytes from the lower end of the range to the upper.
        var nearness: Data
        var nearnessRange: [Float]
    }

    func html() throws -> [UInt8] {
        let (neighbors, nearness, range) = neighborTables()
        let content = Content(
            title: title,
            dimension: points.dimension,
            metric: metric == .cosine ? "their cosine" : "their distance",
            labels: labels,
            clusters: labels == nil ? [[Int]](repeating: [], count: clustering.centroids.count) : clusterNames(),
            positions: bytes(unitSquare()),
            clusterOf: Data(clustering.labels.map { UInt8($0) }),
            neighborCount: Self.neighborCount,
            neighbors: bytes(neighbors),
            nearness: Data(nearness),
            nearnessRange: [range.lowerBound, range.upperBound]
        )
        // Inside a script element only `<` can begin something else than text, and JSON has it in strings alone.
        let data = try JSONEncoder().encode(content)
        var page: [UInt8] = []
        let template = PackageResources.page_html
        let mark = Array("/*DATA*/".utf8)
        guard let place = template.firstRange(of: mark) else { throw DataError("the page has no place for data") }
        page.reserveCapacity(template.count + data.count)
        page += template[..<place.lowerBound]
        for byte in data {
            if byte == UInt8(ascii: "<") { page += Array(#"\u003c"#.utf8) } else { page.append(byte) }
        }
        page += template[place.upperBound...]
        return page
    }

    /// Positions moved and scaled, both axes alike, to 0…1.
    private func unitSquare() -> [Float] {
        let positions = map.positions.values
        let xs = stride(from: 0, to: positions.count, by: 2).lazy.map { positions[$0] }
        let ys = stride(from: 1, to: positions.count, by: 2).lazy.map { positions[$0] }
        guard let left = xs.min(), let right = xs.max(), let low = ys.min(), let high = ys.max() else { return [] }
        let side = max(right - left, high - low, .leastNormalMagnitude)
        return positions.enumerated().map { place, value in
            place.isMultiple(of: 2)
                ? 0.5 + (value - (left + right) / 2) / side
                : 0.5 - (value - (low + high) / 2) / side
        }
    }

    private func neighborTables() -> (ids: [UInt32], nearness: [UInt8], range: ClosedRange<Float>) {
        var ids: [UInt32] = []
        var values: [Float?] = []
        for (point, list) in map.neighbors.enumerated() {
            let nearest = list.prefix(Self.neighborCount)
            for neighbor in nearest {
                ids.append(UInt32(neighbor.id))
                // Of rows of length 1 the squared distance is 2 − 2 · cosine.
                values.append(metric == .cosine ? 1 - neighbor.distance / 2 : neighbor.distance.squareRoot())
            }
            for _ in nearest.count..<Self.neighborCount {
                ids.append(UInt32(point))
                values.append(nil)
            }
        }
        let known = values.compactMap { $0 }
        let range = (known.min() ?? 0)...(known.max() ?? 1)
        let unit = max(range.upperBound - range.lowerBound, .leastNormalMagnitude) / 255
        let nearness = values.map { value in
            value.map { UInt8(min(max((($0 - range.lowerBound) / unit).rounded(), 0), 255)) } ?? 0
        }
        return (ids, nearness, range)
    }

    /// Of each cluster's most frequent labels the three nearest to its centre.
    private func clusterNames() -> [[Int]] {
        var members = [[Int]](repeating: [], count: clustering.centroids.count)
        for (point, cluster) in clustering.labels.enumerated() where members[cluster].count < 60 {
            members[cluster].append(point)
        }
        return members.enumerated().map { cluster, frequent in
            let center = clustering.centroids[cluster]
            let distances = frequent.map { point in
                zip(points[point], center).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            return frequent.indices.sorted { distances[$0] < distances[$1] }.prefix(3).map { frequent[$0] }
        }
    }

    private func bytes<Number>(_ numbers: [Number]) -> Data { numbers.withUnsafeBytes { Data($0) } }
}

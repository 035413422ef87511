import Foundation
import TestSupport
import Testing
import Vectors

@Suite("vectors map", .enabled(if: VectorsProgram.url != nil))
struct MapCommandTests {
    /// What the page's script reads.
    private struct Content: Decodable {
        var title: String
        var labels: [String]?
        var clusters: [[Int]]
        var positions: Data
        var clusterOf: Data
        var neighborCount: Int
        var neighbors: Data
    }

    private func content(_ page: String) throws -> Content {
        // Not by a regular expression: labels may hold what ends a line.
        let start = try #require(page.range(of: #"<script type="application/json" id="data">"#))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        return try JSONDecoder().decode(Content.self, from: Data(page[start.upperBound..<end.lowerBound].utf8))
    }

    private func numbers<Number>(_ data: Data, as: Number.Type) -> [Number] {
        data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.stride).map {
                bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)
            }
        }
    }

    @Test(
        "The page holds labels, places, clusters and neighbours of the first vectors, and no label can end its script"
    )
    func page() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            let points = try TestVectors.gaussianMixture(200, dimension: 8, clouds: 4, spread: 0.1, seed: 1)
            try VectorFile.write(points, to: folder.appending(path: "points.npy"))
            var labels = (0..<200).map { "row <\($0)>" }
            labels[0] = "</script><script>alert(1)</script>"
            labels[1] = "<!--<script>"
            labels[2] = ""
            labels[3] = "a\u{2028}b /*DATA*/ \\u003c"
            try labels.joined(separator: "\n").write(toFile: path("labels.txt"), atomically: true, encoding: .utf8)
            let result = try VectorsProgram.run([
                "map", path("points.npy"), "--labels", path("labels.txt"), "--output", path("map.html"), "--clusters",
                "4", "--limit", "150", "--metric", "l2", "--iterations", "50", "--title", "</title>", "--json",
            ])
            #expect(result.status == 0)
            #expect(result.figures["count"] as? Int == 150)
            let page = try String(contentsOfFile: path("map.html"), encoding: .utf8)
            #expect(page.utf8.count == result.figures["bytes"] as? Int)
            // The data's element and the script's.
            #expect(page.components(separatedBy: "<script").count == 3)
            #expect(page.components(separatedBy: "</script").count == 3)

            let content = try content(page)
            #expect(content.labels == Array(labels.prefix(150)))
            #expect(content.title == "</title>")
            #expect(content.clusters.count == 4)
            let places = numbers(content.positions, as: Float.self)
            #expect(places.count == 300 && places.allSatisfy { (0...1).contains($0) })
            let clusters = [UInt8](content.clusterOf)
            #expect(clusters.count == 150 && clusters.allSatisfy { $0 < 4 })
            let neighbors = numbers(content.neighbors, as: UInt32.self)
            let oracle = BruteForce(points[0..<150], metric: .squaredL2)
            for row in 0..<150 {
                let nearest = oracle.search(Array(points[row]), k: content.neighborCount, where: { $0 != row })
                let listed = neighbors[row * content.neighborCount..<(row + 1) * content.neighborCount]
                #expect(listed.map(Int64.init) == nearest.map(\.id))
            }
        }
    }

    @Test("One vector, and vectors without labels, have a map too")
    func small() throws {
        try withTemporaryFolder { folder in
            for count in [1, 2, 5] {
                let input = folder.appending(path: "\(count).fvecs")
                let output = folder.appending(path: "\(count).html")
                try VectorFile.write(TestVectors.uniform(count, dimension: 3, seed: 1), to: input)
                #expect(try VectorsProgram.run(["map", input.path, "--output", output.path]).status == 0)
                let content = try content(String(contentsOf: output, encoding: .utf8))
                #expect(content.labels == nil)
                #expect(content.positions.count == 8 * count)
            }
        }
    }

    @Test("Mistakes end before the work, with exit code 64 for the command's words and 1 for the data")
    func mistakes() throws {
        try withTemporaryFolder { folder in
            func path(_ name: String) -> String { folder.appending(path: name).path }
            try VectorFile.write(TestVectors.uniform(5, dimension: 3, seed: 1), to: folder.appending(path: "five.npy"))
            try "one\ntwo\n".write(toFile: path("two.txt"), atomically: true, encoding: .utf8)
            func status(_ arguments: String...) throws -> Int32 {
                try VectorsProgram.run(["map", path("five.npy")] + arguments).status
            }
            #expect(try status("--output", path("map.txt")) == 64)
            #expect(try status("--output", path("map.html"), "--clusters", "257") == 64)
            #expect(try status("--output", path("map.html"), "--metric", "ip") == 64)
            #expect(try status("--output", path("map.html"), "--limit", "0") == 64)
            #expect(try status("--output", path("map.html"), "--labels", path("two.txt")) == 1)
            #expect(try status("--output", path("map.html"), "--labels", path("none.txt")) == 1)
            #expect(try status("--output", path("map.html"), "--perplexity", "0") == 64)
            #expect(!FileManager.default.fileExists(atPath: path("map.html")))
        }
    }
}

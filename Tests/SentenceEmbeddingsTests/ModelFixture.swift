import Foundation
import Testing
import Vectors

/// A small model in Fixtures, and what Python computes with it; see Fixtures/make_models.py.
struct ModelFixture: CustomTestStringConvertible {
    let name: String
    let folder: URL

    init(_ name: String) {
        self.name = name
        folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/\(name)")
    }

    static let transformers = ["bert", "distilbert", "roberta", "xlm-roberta", "mpnet", "modernbert"].map(Self.init)
    static let encoders = transformers + ["static", "static-embedding"].map(Self.init)

    var testDescription: String { name }

    private struct Reference: Decodable {
        var ids: [[Int32]]?
        var texts: [String]
    }

    private func reference() throws -> Reference {
        try JSONDecoder().decode(Reference.self, from: Data(contentsOf: folder.appending(path: "reference.json")))
    }

    /// Token ids of several lengths, up to the model's last position.
    func ids() throws -> [[Int32]] { try #require(try reference().ids) }

    func texts() throws -> [String] { try reference().texts }

    /// What Python computes: "states" of all ids, "vectors" or "scores" of all texts.
    func expected(_ name: String) throws -> VectorMatrix {
        try VectorFile.read(folder.appending(path: "\(name).npy"))
    }

    /// Calls `body` with a copy of the model that may be changed.
    func withCopy(_ body: (URL) throws -> Void) throws {
        let copy = URL.temporaryDirectory.appending(path: "\(name)-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: folder, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        try body(copy)
    }
}

/// Changes the object that a JSON file holds.
func changeJSON(_ file: URL, _ change: (inout [String: Any]) throws -> Void) throws {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    try change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: file)
}

/// The largest difference of two lists of numbers.
func largestDifference(_ first: [Float], _ second: [Float]) -> Float {
    first.count == second.count ? zip(first, second).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// The least cosine of rows with the same number.
func leastCosine(_ first: VectorMatrix, _ second: VectorMatrix) -> Float {
    zip(first.normalized(), second.normalized()).reduce(1) { least, rows in
        min(least, zip(rows.0, rows.1).reduce(0) { $0 + $1.0 * $1.1 })
    }
}

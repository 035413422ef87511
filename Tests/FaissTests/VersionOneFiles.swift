import Faiss
import Testing
import Vectors

enum VersionOneFiles {
    struct Fixture: CustomTestStringConvertible {
        let description: IndexDescription
        let metric: Metric
        let ids: [Int64]
        let nearest: [Int64]
        let base64: String
        var testDescription: String { "\(description), \(metric)" }
    }
    static let all: [Fixture] = []
}

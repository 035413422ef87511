#if Milvus
import Faiss
import Foundation
import VectorStorage
import Vectors

/// An index of the server, as its builders name it.
struct ServerIndex: Sendable, Hashable, CustomStringConvertible {
    var type: String
    /// What it is built with.
    var parameters: [String: Int]

    /// The server's counterpart of an index.
    ///
    /// Product quantisation has none: Milvus 2.3 answers with wrong rows as soon as there is a condition or a deleted row.
    init(_ index: CollectionIndex) throws(VectorError) {
        switch index {
        case .automatic: self.init(type: "HNSW", parameters: ["M": 16, "efConstruction": 200])
        case .described(let description):
            switch description.kind {
            case .flat: self.init(type: "FLAT", parameters: [:])
            case .hnsw(let neighbors, let efConstruction):
                try checkRange(neighbors, 2...2048, "the number of an HNSW index's neighbors")
                self.init(type: "HNSW", parameters: ["M": neighbors, "efConstruction": efConstruction])
            case .ivf(_, let storing) where storing == .flat || storing == .scalarQuantized():
                let count = description.listCount ?? Self.defaultListCount
                try checkRange(count, 1...65_536, "the number of lists")
                self.init(type: storing == .flat ? "IVF_FLAT" : "IVF_SQ8", parameters: ["nlist": count])
            default:
                throw VectorError(
                    .invalidArgument,
                    "a Milvus server has no counterpart of the index \(description) that answers right: it has flat, "
                        + "ivfFlat, ivf of 8-bit components, and hnsw"
                )
            }
        }
    }

    /// What a server says of an index.
    init(_ answer: [WireKeyValuePair]) throws(VectorError) {
        let type = answer.first { $0.key == "index_type" }?.value ?? ""
        let text = answer.first { $0.key == "params" }?.value ?? "{}"
        guard !type.isEmpty, let parameters = try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8))
        else {
            throw VectorError(
                .invalidFormat,
                "the server has an index '\(type)' of \(text), which this release can't read"
            )
        }
        self.init(type: type, parameters: parameters)
    }

    private init(type: String, parameters: [String: Int]) {
        self.type = type
        self.parameters = parameters
    }

    var description: String {
        ([type] + parameters.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }).joined(separator: ", ")
    }

    /// How many lists there are where nobody says: the server needs a number before it has rows.
    static let defaultListCount = 1024

    /// Whether the scores that it answers with are those of the stored vectors.
    var isExactInScores: Bool { type != "IVF_SQ8" }

    /// How it is built, as JSON.
    var buildParameters: String { Self.json(parameters) }

    /// How it is searched, as JSON: wider, the fewer rows pass the condition.
    ///
    /// - Parameter share: of the rows that pass.
    func searchParameters(k: Int, share: Double, options: QueryOptions) -> String {
        switch type {
        case "HNSW":
            let ef = options.ef ?? Int((64 / share).rounded(.up))
            return Self.json(["ef": min(max(ef, k), max(k, 32_768))])
        case "IVF_FLAT", "IVF_SQ8":
            let lists = parameters["nlist"] ?? Self.defaultListCount
            let probes = options.probes ?? Int((1.5 * (Double(lists) / share).squareRoot()).rounded(.up))
            return Self.json(["nprobe": min(max(probes, 1), lists)])
        default: return "{}"
        }
    }

    private static func json(_ parameters: [String: Int]) -> String {
        "{" + parameters.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
    }
}
#endif

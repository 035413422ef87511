public import Faiss
import Foundation
import Vectors

/// Which index a collection keeps beside its rows.
public enum CollectionIndex: Sendable, Hashable {
    /// None for up to 10,000 rows, with all of which a query is compared; beyond, inverted lists of a byte a component.
    /// Those take a quarter of the memory of lists of whole vectors and find the same rows: candidates are ranked by their
    /// stored vectors.
    case automatic
    /// This one, once there are 1,000 rows or as many as its training needs. `.flat` keeps none: every query is
    /// compared with all rows.
    case described(IndexDescription)

    /// The number of rows from which an index pays.
    var minimumCount: Int {
        switch self {
        case .automatic: 10_000
        case .described(.flat): .max
        case .described: 1_000
        }
    }

    /// What is built for so many rows: `.flat` where there are too few for an index.
    public func description(count: Int) -> IndexDescription { count < minimumCount ? .flat : description }

    /// What to build.
    var description: IndexDescription {
        switch self {
        case .automatic: .ivf(storing: .scalarQuantized())
        case .described(let description): description
        }
    }

    /// Its form in the catalogue: nothing, or the description as JSON.
    var stored: String? {
        get throws {
            guard case .described(let description) = self else { return nil }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(description), as: UTF8.self)
        }
    }

    init(stored: String?) throws(VectorError) {
        guard let stored else {
            self = .automatic
            return
        }
        guard let description = try? JSONDecoder().decode(IndexDescription.self, from: Data(stored.utf8)) else {
            throw VectorError(.unsupportedVersion, "this release does not know the index \(stored)")
        }
        self = .described(description)
    }
}

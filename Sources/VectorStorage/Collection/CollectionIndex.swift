public import Faiss
import Foundation

/// Which index a collection keeps beside its rows.
public enum CollectionIndex: Sendable, Hashable {
    /// None for up to 10,000 rows, which are all looked at; inverted lists of a byte a component beyond. Those take a
    /// quarter of the memory of lists of whole vectors, and find the same: of what the lists propose, the best by their
    /// stored vectors are answered.
    case automatic
    /// This one, once there are 1,000 rows or as many as its training needs. `.flat` keeps none: all rows are looked at.
    case described(IndexDescription)

    /// Rows from which an index pays.
    var minimumCount: Int {
        switch self {
        case .automatic: 10_000
        case .described(.flat): .max
        case .described: 1_000
        }
    }

    /// What is built for so many rows: `.flat` where they are all looked at.
    public func description(count: Int) -> IndexDescription { count < minimumCount ? .flat : description }

    /// What to build.
    var description: IndexDescription {
        switch self {
        case .automatic: .ivf(storing: .scalarQuantized())
        case .described(let description): description
        }
    }

    /// How it stands in the catalogue: nothing, or the description as JSON.
    var stored: String? {
        get throws {
            guard case .described(let description) = self else { return nil }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(description), as: UTF8.self)
        }
    }

    init(stored: String?) throws(StorageError) {
        guard let stored else {
            self = .automatic
            return
        }
        guard let description = try? JSONDecoder().decode(IndexDescription.self, from: Data(stored.utf8)) else {
            throw StorageError(.unsupportedVersion, "this release does not know the index \(stored)")
        }
        self = .described(description)
    }
}

import Vectors

extension IndexDescription {
    /// What an index can do beside adding and searching for the nearest, which all can, with filters, in every metric.
    ///
    /// | builder | within a distance | removal | `VectorIndex/reconstruct(_:)` |
    /// |---|---|---|---|
    /// | `flat`, `ivfFlat` | yes, exact | frees memory | exact |
    /// | `scalarQuantized`, `pq`, `pqFastScan`, and IVF over these | yes, of the decoded vectors | frees memory | decoded |
    /// | `rabitq`, `ivfRaBitQ` | yes, by estimates | frees memory | decoded |
    /// | `hnsw` | no | hides | exact |
    /// | `pca`, `opq`, `randomRotation` | as what follows, after the transform | as what follows | turned back |
    /// | `normalized` | as what follows, after the transform | as what follows | of length 1 |
    /// | `refined` | no | as what is refined | exact |
    ///
    /// What a type can't do throws `unsupported`. Faiss 1.7.3 itself can do less: there filters fail
    /// in product-quantized, transformed and refined indexes, searches within a distance in quantized ones, and removal
    /// in fast scan.
    public struct Capabilities: Sendable, Hashable {
        /// Whether it can search within a distance.
        public let searchesWithinDistance: Bool
        /// Whether removing vectors gives their memory back; otherwise they are only hidden.
        public let freesRemovedVectors: Bool
        /// Whether vectors come back as they were added (for cosine: normalised).
        public let reconstructsExactly: Bool
    }

    /// What an index of this kind can do.
    public var capabilities: Capabilities {
        let within =
            inner?.capabilities
            ?? Capabilities(
                searchesWithinDistance: !hasGraph,
                freesRemovedVectors: !hasGraph,
                reconstructsExactly: self == .flat || hasGraph
            )
        return switch kind {
        case .flat, .scalarQuantized, .pq, .pqFastScan, .rabitq, .hnsw, .ivf: within
        case .pca, .normalized, .opq, .randomRotation:
            Capabilities(
                searchesWithinDistance: within.searchesWithinDistance,
                freesRemovedVectors: within.freesRemovedVectors,
                reconstructsExactly: false
            )
        case .refined:
            Capabilities(
                searchesWithinDistance: false,
                freesRemovedVectors: within.freesRemovedVectors,
                reconstructsExactly: true
            )
        }
    }

    // MARK: What the calls of an index depend on

    /// Whether Faiss's labels are ids; otherwise they are positions. Inverted lists store ids, but those inside of a
    /// refined index store positions among the exact vectors.
    var labelsAreIDs: Bool {
        switch kind {
        case .ivf: true
        case .refined: false
        default: inner?.labelsAreIDs ?? false
        }
    }

    /// Whether this is RaBitQ itself, flat or in lists.
    var storesRaBitQ: Bool {
        switch kind {
        case .rabitq: true
        case .ivf(_, let storing): storing.storesRaBitQ
        default: false
        }
    }

    /// Whether vectors are stored as RaBitQ codes, and how long they are then.
    func dimensionOfRaBitQ(_ dimension: Int) -> Int? {
        if case .rabitq = kind { dimension } else { inner?.dimensionOfRaBitQ(innerDimension(dimension)) }
    }

    /// Whether there are inverted lists.
    var hasLists: Bool { if case .ivf = kind { true } else { inner?.hasLists ?? false } }

    /// Whether the lists of such an index can stay in a file: those of vectors as they are and of codes of 8 bits, with
    /// nothing in front of them.
    package var canKeepListsInFile: Bool {
        if case .ivf(_, let storing) = kind { storing == .flat || storing == .scalarQuantized(.int8) } else { false }
    }

    /// Whether a graph is walked.
    var hasGraph: Bool { if case .hnsw = kind { true } else { inner?.hasGraph ?? false } }

    /// How many candidates are looked at for an answer.
    var candidatesAnAnswer: Float { if case .refined(_, let factor) = kind { factor } else { 1 } }

    /// How many vectors are added between two looks at a cancellation: about a second's work or less.
    var addingBatch: Int { hasGraph ? 2048 : 32_768 }

    /// Whether binary vectors can be held so.
    var holdsBits: Bool {
        switch kind {
        case .flat, .hnsw: true
        case .ivf(_, let storing): storing == .flat
        default: false
        }
    }
}

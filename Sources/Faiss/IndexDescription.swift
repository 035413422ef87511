import Vectors

/// What kind of index to build: the typed counterpart of Faiss's factory strings.
///
/// | builder | Faiss | answers | memory a vector (d dimensions) | training |
/// |---|---|---|---|---|
/// | ``flat`` | `Flat` | exact | 4 d | no |
/// | ``ivfFlat(lists:)`` | `IVFx,Flat` | exact within the lists it visits | 4 d + 8 | yes |
/// | ``ivfPQ(lists:subquantizers:bitsPerCode:)`` | `IVFx,PQyxb` | approximate | y · b / 8 + 8 | yes |
/// | ``hnsw(neighbors:efConstruction:)`` | `HNSWx,Flat` | approximate, very fast | 4 d + about 8 x | no |
/// | ``scalarQuantized(_:)`` | `SQ8` | nearly exact | d | yes |
///
/// A description that can't work (a dimension that the subquantizers don't divide, numbers out of range) is refused
/// by ``validate(dimension:)``, which every index calls before it asks for memory.
public struct IndexDescription: Sendable, Hashable, Codable, CustomStringConvertible {
    enum Kind: Sendable, Hashable, Codable {
        case flat
        case ivfFlat(lists: ListCount)
        case ivfPQ(lists: ListCount, subquantizers: Int, bitsPerCode: Int)
        case hnsw(neighbors: Int, efConstruction: Int)
        case scalarQuantized(ScalarType)
    }

    /// The number of inverted lists of an IVF index.
    public struct ListCount: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral, CustomStringConvertible {
        /// The largest number of lists.
        public static let maximum = 1 << 20

        /// Chosen at training time: the largest power of two that is at most four times the square root of the number
        /// of vectors and leaves 39 training vectors a list, as Faiss's guidelines have it.
        public static let automatic = ListCount(number: nil)

        /// Exactly so many.
        public static func count(_ number: Int) -> ListCount { ListCount(number: number) }

        let number: Int?

        private init(number: Int?) { self.number = number }

        /// Exactly so many.
        public init(integerLiteral number: Int) { self.number = number }

        /// "automatic" or the number.
        public var description: String { number.map(String.init) ?? "automatic" }

        /// The number for an index that will hold `count` vectors and is trained on `trainingCount` of them.
        func resolved(count: Int, trainingCount: Int) -> Int {
            if let number { return number }
            let wanted = min(4 * Double(count).squareRoot(), Double(trainingCount) / 39)
            var lists = 1
            while Double(lists * 2) <= wanted, lists * 2 <= Self.maximum { lists *= 2 }
            return lists
        }
    }

    /// How a scalar quantizer stores a component.
    public enum ScalarType: String, Sendable, Hashable, Codable, CaseIterable {
        /// One byte a component, over the range that the training vectors span in it. Faiss: `QT_8bit`.
        case int8
    }

    let kind: Kind

    /// All vectors as they are; exact search through all of them. Faiss: `IndexFlat`.
    public static let flat = IndexDescription(kind: .flat)

    /// Vectors as they are, in the lists of their nearest centroids; a search visits the lists nearest to the query.
    /// Faiss: `IndexIVFFlat`.
    ///
    /// - Parameter lists: 1…1,048,576, at most the number of training vectors.
    public static func ivfFlat(lists: ListCount = .automatic) -> IndexDescription {
        IndexDescription(kind: .ivfFlat(lists: lists))
    }

    /// Product-quantized residuals in inverted lists (Jégou, Douze, Schmid 2011, doi:10.1109/TPAMI.2010.57). Faiss:
    /// `IndexIVFPQ`, built directly, without polysemous training.
    ///
    /// - Parameters:
    ///   - lists: 1…1,048,576, at most the number of training vectors.
    ///   - subquantizers: the number of parts of a vector, each coded by itself; must divide the dimension.
    ///   - bitsPerCode: 4 or 8 bits for each part; training needs 16 or 256 vectors at least.
    public static func ivfPQ(
        lists: ListCount = .automatic,
        subquantizers: Int,
        bitsPerCode: Int = 8
    ) -> IndexDescription {
        IndexDescription(kind: .ivfPQ(lists: lists, subquantizers: subquantizers, bitsPerCode: bitsPerCode))
    }

    /// A graph of near neighbours over vectors as they are (Malkov, Yashunin 2020, doi:10.1109/TPAMI.2018.2889473).
    /// Faiss: `IndexHNSWFlat`. It can't forget: removed vectors are hidden but keep their memory.
    ///
    /// - Parameters:
    ///   - neighbors: links a vector, 2…256, twice as many on the base level; Faiss's `M`, 32 by default.
    ///   - efConstruction: candidates while building, 1…4,096; 40 by default, as in Faiss.
    public static func hnsw(neighbors: Int = 32, efConstruction: Int = 40) -> IndexDescription {
        IndexDescription(kind: .hnsw(neighbors: neighbors, efConstruction: efConstruction))
    }

    /// Every component in a byte; search through all vectors. Faiss: `IndexScalarQuantizer`.
    public static func scalarQuantized(_ type: ScalarType = .int8) -> IndexDescription {
        IndexDescription(kind: .scalarQuantized(type))
    }

    /// Whether an index of this kind must be trained before vectors can be added.
    public var needsTraining: Bool {
        switch kind {
        case .flat, .hnsw: false
        case .ivfFlat, .ivfPQ, .scalarQuantized: true
        }
    }

    /// Refuses what can't be built for vectors of this dimension.
    ///
    /// - Throws: ``FaissError/Code/invalidArgument`` with the value and its limit.
    public func validate(dimension: Int) throws(FaissError) {
        try checkRange(dimension, 1...VectorMatrix.maximumDimension, "dimension")
        switch kind {
        case .flat, .scalarQuantized: break
        case .ivfFlat(let lists):
            try checkRange(lists.number ?? 1, 1...ListCount.maximum, "number of lists")
        case .ivfPQ(let lists, let subquantizers, let bitsPerCode):
            try checkRange(lists.number ?? 1, 1...ListCount.maximum, "number of lists")
            try checkRange(subquantizers, 1...dimension, "number of subquantizers")
            guard dimension.isMultiple(of: subquantizers) else {
                throw FaissError(
                    .invalidArgument,
                    "dimension \(dimension) is not divisible by \(subquantizers) subquantizers"
                )
            }
            guard bitsPerCode == 4 || bitsPerCode == 8 else {
                throw FaissError(.invalidArgument, "bits per code \(bitsPerCode) is neither 4 nor 8")
            }
        case .hnsw(let neighbors, let efConstruction):
            try checkRange(neighbors, 2...256, "number of neighbors")
            try checkRange(efConstruction, 1...4096, "efConstruction")
        }
    }

    /// The number of inverted lists, where there are any and their number is decided.
    public var listCount: Int? {
        switch kind {
        case .ivfFlat(let lists), .ivfPQ(let lists, _, _): lists.number
        default: nil
        }
    }

    /// Whether later vectors move up to the place of a removed one, which otherwise is hidden where it is.
    var closesGaps: Bool {
        if case .hnsw = kind { false } else { true }
    }

    /// The fewest vectors that training needs.
    var minimumTrainingCount: Int {
        switch kind {
        case .flat, .hnsw: 0
        case .scalarQuantized: 1
        case .ivfFlat(let lists): lists.number ?? 1
        case .ivfPQ(let lists, _, let bitsPerCode): max(lists.number ?? 1, 1 << bitsPerCode)
        }
    }

    /// The description with its number of lists decided.
    func resolved(count: Int, trainingCount: Int) -> IndexDescription {
        func decided(_ lists: ListCount) -> ListCount {
            .count(lists.resolved(count: count, trainingCount: trainingCount))
        }
        switch kind {
        case .flat, .hnsw, .scalarQuantized: return self
        case .ivfFlat(let lists): return .ivfFlat(lists: decided(lists))
        case .ivfPQ(let lists, let subquantizers, let bitsPerCode):
            return .ivfPQ(lists: decided(lists), subquantizers: subquantizers, bitsPerCode: bitsPerCode)
        }
    }

    /// The builder as it is written in code, such as `ivfFlat(lists: 1024)`.
    public var description: String {
        switch kind {
        case .flat: "flat"
        case .ivfFlat(let lists): "ivfFlat(lists: \(lists))"
        case .ivfPQ(let lists, let subquantizers, let bitsPerCode):
            "ivfPQ(lists: \(lists), subquantizers: \(subquantizers), bitsPerCode: \(bitsPerCode))"
        case .hnsw(let neighbors, let efConstruction):
            "hnsw(neighbors: \(neighbors), efConstruction: \(efConstruction))"
        case .scalarQuantized(let type): "scalarQuantized(\(type))"
        }
    }
}

import Vectors

/// A reader of factory strings, from left to right.
struct FactoryParser {
    private let string: String
    private var parts: ArraySlice<Substring>
    /// Whether an id map was read, of which there is one at most.
    private var hasMap = false

    init(_ string: String) {
        self.string = string
        parts = string.split(separator: ",", omittingEmptySubsequences: false)[...]
    }

    mutating func description() throws(VectorError) -> IndexDescription {
        skipMap()
        if !hasMap, parts.count > 1, let last = parts.last, Self.maps.contains(last) {
            parts.removeLast()
            hasMap = true
        }
        var isRefined = false
        if parts.count > 1, parts.last == "RFlat" || parts.last == "Refine(Flat)" {
            parts.removeLast()
            isRefined = true
        }
        let description = try index()
        if let rest = parts.first { throw unknown(rest) }
        return isRefined ? .refined(description) : description
    }

    private static let maps: [Substring] = ["IDMap", "IDMap2"]

    private mutating func skipMap() {
        guard !hasMap, let first = parts.first, Self.maps.contains(first) else { return }
        parts.removeFirst()
        hasMap = true
    }

    /// What comes after transforms: an id map may stand before it.
    private mutating func inner() throws(VectorError) -> IndexDescription {
        skipMap()
        return try index()
    }

    private mutating func index() throws(VectorError) -> IndexDescription {
        guard let part = parts.popFirst() else {
            throw VectorError(.invalidArgument, "the factory string '\(string)' ends before it names an index")
        }
        if let numbers = Self.numbers(in: part, after: "PCA"), numbers.count == 1 {
            return .pca(to: numbers[0], then: try inner())
        }
        for variant in ["PCAW", "PCAR", "PCAWR"] {
            guard let numbers = Self.numbers(in: part, after: variant), numbers.count == 1 else { continue }
            return .pca(
                to: numbers[0],
                isWhitened: variant.contains("W"),
                isRotated: variant.contains("R"),
                then: try inner()
            )
        }
        if part == "L2norm" || part == "L2Norm" { return .normalized(then: try inner()) }
        if let numbers = Self.numbers(in: part, after: "OPQ"), numbers.count <= 2 {
            return .opq(subquantizers: numbers[0], to: numbers.dropFirst().first, then: try inner())
        }
        if part == "RR" { return .randomRotation(then: try inner()) }
        if let numbers = Self.numbers(in: part, after: "RR"), numbers.count == 1 {
            return .randomRotation(to: numbers[0], then: try inner())
        }
        if let numbers = Self.numbers(in: part, after: "IVF"), numbers.count == 1 {
            guard let stored = parts.popFirst() else {
                throw VectorError(.invalidArgument, "the factory string '\(string)' ends before what IVF stores")
            }
            guard let storing = Self.codec(stored) else { throw unknown(stored) }
            return .ivf(lists: .count(numbers[0]), storing: storing)
        }
        let graph = part.hasSuffix("_Flat") ? part.dropLast(5) : part
        if graph == "HNSW" || Self.numbers(in: graph, after: "HNSW")?.count == 1 {
            if graph == part, parts.first == "Flat" { parts.removeFirst() }
            return Self.numbers(in: graph, after: "HNSW").map { .hnsw(neighbors: $0[0]) } ?? .hnsw()
        }
        guard let codec = Self.codec(part) else { throw unknown(part) }
        return codec
    }

    /// How vectors are stored one by one.
    private static func codec(_ part: Substring) -> IndexDescription? {
        switch part {
        case "Flat": return .flat
        case "SQ8": return .scalarQuantized(.int8)
        case "SQ6": return .scalarQuantized(.int6)
        case "SQ4": return .scalarQuantized(.int4)
        case "SQfp16": return .scalarQuantized(.float16)
        default: break
        }
        for prefix in ["RaBitQfs", "RaBitQ"] where part.hasPrefix(prefix) {
            if part == prefix { return .rabitq() }
            return numbers(in: part, after: prefix).flatMap { $0.count == 1 ? .rabitq(bits: $0[0]) : nil }
        }
        guard part.hasPrefix("PQ") else { return nil }
        for ending in ["x4fs", "x4fs_32"] where part.hasSuffix(ending) {
            return numbers(in: part.dropLast(ending.count), after: "PQ").flatMap {
                $0.count == 1 ? .pqFastScan(subquantizers: $0[0]) : nil
            }
        }
        let sizes = (part.hasSuffix("np") ? part.dropLast(2) : part).dropFirst(2)
            .split(separator: "x", omittingEmptySubsequences: false).map(number)
        guard sizes.count <= 2, let subquantizers = sizes[0], let bits = sizes.count == 2 ? sizes[1] : 8 else {
            return nil
        }
        return .pq(subquantizers: subquantizers, bitsPerCode: bits)
    }

    /// The numbers, separated by `_`, that are all there is after a prefix.
    private static func numbers(in part: Substring, after prefix: String) -> [Int]? {
        guard part.hasPrefix(prefix) else { return nil }
        let numbers = part.dropFirst(prefix.count).split(separator: "_", omittingEmptySubsequences: false).map(number)
        return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
    }

    /// A number of digits only; one too large for an `Int` is the largest there is, which no limit lets pass.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }

    /// What is wrong with a part that the grammar doesn't have.
    private func unknown(_ part: Substring) -> VectorError {
        // The first letters of the types that Faiss 1.7.3 has and this package doesn't offer.
        let others = [
            "PCAR", "PCAW", "ITQ", "Pad", "L2norm", "LSH", "NSG", "NNDescent", "RQ", "PRQ", "LSQ", "PLSQ", "ZnLattice",
            "Residual", "RCQ", "IMI", "PQ", "SQ", "HNSW", "IVF", "RFlat", "Refine", "RowwiseMinMax", "MinMax",
            "Lattice",
            "HNSW2Level", "IDMap",
        ]
        return others.contains { part.hasPrefix($0) }
            ? VectorError(.unsupported, "'\(part)' in the factory string '\(string)' is not offered here, or not there")
            : VectorError(.invalidArgument, "'\(part)' in the factory string '\(string)' is no type of index")
    }
}

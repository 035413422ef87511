import Vectors

/// A reader of Faiss's own format that looks at the structure only.
///
/// Faiss trusts its input: a wrong size makes it ask for terabytes, a wrong link makes a search leave the memory of the
/// index. So every size, every link and every agreement between them is verified here before Faiss reads the bytes,
/// for the types that this package offers; other types are refused.
struct FaissFormat {
    /// - Throws: ``FaissError/Code/invalidFormat``, ``FaissError/Code/unsupported`` for a type that is not offered.
    static func verify(_ bytes: [UInt8]) throws(FaissError) {
        try withFaissError {
            try bytes.withUnsafeBytes { bytes in
                var format = FaissFormat(bytes: bytes)
                _ = try format.index(allowing: [.map, .flat, .scalarQuantized, .ivfFlat, .ivfPQ, .hnswFlat])
                guard format.offset == bytes.count else {
                    throw format.invalid("\(bytes.count - format.offset) bytes follow its end")
                }
            }
        }
    }

    /// The index types by the first four bytes of their data.
    private enum Kind {
        case flat, scalarQuantized, ivfFlat, ivfPQ, hnswFlat, map

        init?(fourCC: String) {
            switch fourCC {
            case "IxF2", "IxFI", "IxFl": self = .flat
            case "IxSQ": self = .scalarQuantized
            case "IwFl": self = .ivfFlat
            case "IwPQ": self = .ivfPQ
            case "IHNf": self = .hnswFlat
            case "IxMp", "IxM2": self = .map
            default: return nil
            }
        }
    }

    private struct Header {
        var dimension: Int
        var count: Int
        var metric: Int32
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    private init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    // MARK: Indexes

    private mutating func index(allowing kinds: Set<Kind>) throws -> Header {
        let fourCC = try fourCC()
        guard let kind = Kind(fourCC: fourCC), kinds.contains(kind) else {
            let isText = fourCC.allSatisfy { $0.isLetter || $0.isNumber }
            throw isText && fourCC.hasPrefix("I")
                ? FaissError(.unsupported, "a Faiss index of type '\(fourCC)' can't be read here")
                : invalid("it does not start as a Faiss index does")
        }
        let header = try indexHeader()
        switch kind {
        case .flat:
            try vectors(named: "vectors", count: product(header.count, header.dimension))
        case .scalarQuantized: try scalarQuantized(header)
        case .ivfFlat:
            let lists = try ivfHeader(header)
            try invertedLists(lists, codeSize: 4 * header.dimension, count: header.count, holdsNumbers: true)
        case .ivfPQ: try ivfPQ(header)
        case .hnswFlat: try hnswFlat(header)
        case .map:
            let inner = try index(allowing: [.flat, .scalarQuantized, .ivfFlat, .ivfPQ, .hnswFlat])
            guard inner.count == header.count, inner.dimension == header.dimension else {
                throw invalid("its map and the index inside differ in size")
            }
            try vector(of: Int64.self, named: "id map", count: header.count)
        }
        return header
    }

    private mutating func indexHeader() throws -> Header {
        let dimension = try Int(number(Int32.self))
        let count = try number(Int64.self)
        _ = try number(Int64.self)
        _ = try number(Int64.self)
        let isTrained = try number(UInt8.self)
        let metric = try number(Int32.self)
        guard (1...VectorMatrix.maximumDimension).contains(dimension) else {
            throw invalid("dimension \(dimension) is outside 1...\(VectorMatrix.maximumDimension)")
        }
        guard (0...Int64(Int32.max)).contains(count) else {
            throw invalid("the number of vectors, \(count), is outside 0...\(Int32.max)")
        }
        guard metric == 0 || metric == 1 else {
            throw FaissError(.unsupported, "a Faiss index with metric \(metric) can't be read here")
        }
        guard isTrained == 1 else { throw FaissError(.unsupported, "the Faiss index is not trained") }
        return Header(dimension: dimension, count: Int(count), metric: metric)
    }

    private mutating func scalarQuantized(_ header: Header) throws {
        let type = try number(Int32.self)
        guard type == 0 else {
            throw FaissError(.unsupported, "a scalar quantizer of type \(type) can't be read here, only 8-bit ones")
        }
        let rangeStatistic = try number(Int32.self)
        _ = try number(UInt32.self)
        let dimension = try number(UInt64.self)
        let codeSize = try number(UInt64.self)
        guard (0...3).contains(rangeStatistic), dimension == header.dimension, codeSize == header.dimension else {
            throw invalid("its scalar quantizer does not fit its dimension")
        }
        // A range may span from the smallest number that is allowed to the largest.
        try vectors(named: "ranges", count: 2 * header.dimension, limit: 2 * VectorIndex.maximumMagnitude)
        try vector(of: UInt8.self, named: "codes", count: product(header.count, header.dimension))
    }

    private mutating func ivfHeader(_ header: Header) throws -> Int {
        let lists = try number(UInt64.self)
        _ = try number(UInt64.self)
        guard (1...UInt64(IndexDescription.ListCount.maximum)).contains(lists) else {
            throw invalid("the number of lists, \(lists), is outside 1...\(IndexDescription.ListCount.maximum)")
        }
        let quantizer = try index(allowing: [.flat])
        guard quantizer.count == lists, quantizer.dimension == header.dimension, quantizer.metric == header.metric
        else { throw invalid("its \(lists) lists don't fit its \(quantizer.count) centroids") }
        // A map from ids to places, 0 for none, 1 an array, 2 pairs; it is dropped after reading.
        let mapType = try number(UInt8.self)
        guard mapType <= 2 else { throw invalid("its direct map has type \(mapType)") }
        try vector(of: Int64.self, named: "direct map")
        if mapType == 2 { try vector(of: (Int64, Int64).self, named: "direct map") }
        return Int(lists)
    }

    private mutating func ivfPQ(_ header: Header) throws {
        let lists = try ivfHeader(header)
        let byResidual = try number(UInt8.self)
        let codeSize = try number(UInt64.self)
        let dimension = try number(UInt64.self)
        let subquantizers = try number(UInt64.self)
        let bits = try number(UInt64.self)
        guard bits == 4 || bits == 8 else {
            throw FaissError(.unsupported, "a product quantizer of \(bits) bits can't be read here, only 4 and 8")
        }
        guard byResidual <= 1, dimension == header.dimension, (1...dimension).contains(subquantizers),
            dimension.isMultiple(of: subquantizers), codeSize == (subquantizers * bits + 7) / 8
        else { throw invalid("its product quantizer does not fit its dimension") }
        // Residuals: differences of two numbers that are allowed.
        try vectors(
            named: "codebook",
            count: header.dimension << Int(bits),
            limit: 2 * VectorIndex.maximumMagnitude
        )
        try invertedLists(lists, codeSize: Int(codeSize), count: header.count, holdsNumbers: false)
    }

    private mutating func invertedLists(_ lists: Int, codeSize: Int, count: Int, holdsNumbers: Bool) throws {
        let fourCC = try fourCC()
        guard fourCC == "ilar" else {
            throw FaissError(.unsupported, "inverted lists of type '\(fourCC)' can't be read here")
        }
        guard try number(UInt64.self) == lists, try number(UInt64.self) == codeSize else {
            throw invalid("its inverted lists don't fit its header")
        }
        var sizes = [Int](repeating: 0, count: lists)
        switch try self.fourCC() {
        case "full":
            let stored = try vector(of: UInt64.self, named: "list sizes", count: lists)
            for list in 0..<lists { sizes[list] = try listSize(element(list, of: stored), count) }
        case "sprs":
            let stored = try vector(of: UInt64.self, named: "list sizes")
            let numbers = stored.count / 8
            guard numbers.isMultiple(of: 2) else { throw invalid("its list sizes are incomplete") }
            for pair in stride(from: 0, to: numbers, by: 2) {
                let list: UInt64 = element(pair, of: stored)
                guard list < lists, sizes[Int(list)] == 0 else { throw invalid("list \(list) does not exist") }
                sizes[Int(list)] = try listSize(element(pair + 1, of: stored), count)
            }
        case let other: throw invalid("its list sizes are of type '\(other)'")
        }
        guard sizes.reduce(0, +) == count else { throw invalid("its lists don't hold its \(count) vectors") }
        for size in sizes {
            let codes = try skip(product(size, codeSize), named: "an inverted list")
            if holdsNumbers { try checkNumbers(codes, limit: VectorIndex.maximumMagnitude, named: "vectors") }
            _ = try skip(product(size, 8), named: "the ids of an inverted list")
        }
    }

    private func listSize(_ size: UInt64, _ count: Int) throws -> Int {
        guard size <= count else { throw invalid("a list of \(size) vectors is larger than the index") }
        return Int(size)
    }

    // MARK: HNSW

    private mutating func hnswFlat(_ header: Header) throws {
        let probabilities = try vector(of: Double.self, named: "level probabilities")
        let cumulative: [Int32] = try array(vector(of: Int32.self, named: "links a level"))
        let levels: [Int32] = try array(vector(of: Int32.self, named: "levels", count: header.count))
        let offsets: [UInt64] = try array(vector(of: UInt64.self, named: "offsets", count: header.count + 1))
        let links = try vector(of: Int32.self, named: "links")
        let entryPoint = try number(Int32.self)
        let maximumLevel = try number(Int32.self)
        let efConstruction = try number(Int32.self)
        _ = try number(Int32.self)
        let upperBeam = try number(Int32.self)

        guard cumulative.count >= 3, cumulative.count <= 256, cumulative[0] == 0,
            zip(cumulative, cumulative.dropFirst()).allSatisfy({ $0 < $1 && $1 <= 1 << 20 }),
            !probabilities.isEmpty, probabilities.count / 8 < cumulative.count,
            (1...1 << 20).contains(efConstruction), upperBeam == 1
        else { throw invalid("the parameters of its graph are out of range") }
        guard levels.allSatisfy({ $0 >= 1 && $0 < cumulative.count }) else {
            throw invalid("a vector of its graph is on a level that does not exist")
        }
        guard offsets[0] == 0,
            (0..<header.count).allSatisfy({
                offsets[$0 + 1] == offsets[$0] &+ UInt64(cumulative[Int(levels[$0])])
            }),
            offsets[header.count] == links.count / 4
        else { throw invalid("the offsets of its graph don't fit its levels") }
        if header.count == 0 {
            guard entryPoint == -1, maximumLevel == -1 else { throw invalid("its empty graph has an entry point") }
        } else {
            guard (0..<Int32(header.count)).contains(entryPoint), maximumLevel >= 0,
                maximumLevel < levels[Int(entryPoint)]
            else { throw invalid("the entry point of its graph does not exist") }
        }
        for vertex in 0..<header.count {
            for level in 0..<Int(levels[vertex]) {
                let first = Int(offsets[vertex]) + Int(cumulative[level])
                for slot in first..<Int(offsets[vertex]) + Int(cumulative[level + 1]) {
                    let neighbor: Int32 = element(slot, of: links)
                    // A neighbour must itself be on the level on which it is linked.
                    guard neighbor == -1 || neighbor >= 0 && neighbor < header.count && levels[Int(neighbor)] > level
                    else { throw invalid("a link of its graph leads nowhere") }
                }
            }
        }
        let storage = try index(allowing: [.flat])
        guard storage.count == header.count, storage.dimension == header.dimension, storage.metric == header.metric
        else { throw invalid("its graph and its vectors differ in size") }
    }

    // MARK: Primitives

    private func invalid(_ what: String) -> FaissError {
        FaissError(.invalidFormat, "the Faiss index is damaged: \(what)")
    }

    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let place = try skip(MemoryLayout<Number>.size, named: "a number")
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place.lowerBound, as: type))
    }

    private mutating func fourCC() throws -> String {
        try String(decoding: bytes[skip(4, named: "a type")], as: UTF8.self)
    }

    /// A number of elements and the elements; returns the place of the latter.
    @discardableResult
    private mutating func vector<Element>(
        of type: Element.Type,
        named name: String,
        count: Int? = nil
    ) throws -> Range<Int> {
        let stored = try number(UInt64.self)
        if let count, stored != count { throw invalid("it holds \(stored) numbers for its \(name), not \(count)") }
        guard stored <= bytes.count else { throw invalid("it claims to hold \(stored) numbers for its \(name)") }
        return try skip(Int(stored) * MemoryLayout<Element>.size, named: "its \(name)")
    }

    /// A number of floats and the floats, of which each must be one that an index would take.
    private mutating func vectors(
        named name: String,
        count: Int,
        limit: Float = VectorIndex.maximumMagnitude
    ) throws {
        try checkNumbers(vector(of: Float.self, named: name, count: count), limit: limit, named: name)
    }

    private func checkNumbers(_ place: Range<Int>, limit: Float, named name: String) throws {
        for index in 0..<place.count / 4 {
            let value = Float(bitPattern: element(index, of: place))
            guard value.magnitude <= limit else { throw invalid("it holds \(value) among its \(name)") }
        }
    }

    private mutating func skip(_ count: Int, named name: String) throws -> Range<Int> {
        guard count <= bytes.count - offset else { throw invalid("it ends within \(name)") }
        defer { offset += count }
        return offset..<offset + count
    }

    private func product(_ first: Int, _ second: Int) throws -> Int {
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        if overflow { throw invalid("\(first) × \(second) numbers are too many") }
        return product
    }

    private func element<Number: FixedWidthInteger>(_ index: Int, of place: Range<Int>) -> Number {
        let start = place.lowerBound + index * MemoryLayout<Number>.size
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }

    private func array<Number: FixedWidthInteger>(_ place: Range<Int>) -> [Number] {
        (0..<place.count / MemoryLayout<Number>.size).map { element($0, of: place) }
    }
}

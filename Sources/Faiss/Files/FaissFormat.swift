import Vectors

/// A reader of Faiss's own format that looks at the structure only.
///
/// Faiss trusts its input: a wrong size makes it ask for terabytes, a wrong link makes a search leave the memory of the
/// index. So every size, every link and every agreement between them is verified here before Faiss reads the bytes,
/// for the types that can be read; other types are refused by their names.
struct FaissFormat {
    /// - Throws: `invalidFormat`, `unsupported` for a type that is not offered.
    static func verify(_ bytes: [UInt8]) throws(VectorError) {
        try verify(bytes) { format in
            _ = try format.index(allowing: Kind.anywhere.union([.map, .transformed, .refined]))
        }
    }

    /// Verifies that bytes are what `read` reads, and no more.
    static func verify(_ bytes: [UInt8], as read: (inout FaissFormat) throws -> Void) throws(VectorError) {
        try withVectorError {
            try bytes.withUnsafeBytes { bytes in
                var format = FaissFormat(bytes: bytes)
                try read(&format)
                guard format.offset == bytes.count else {
                    throw format.invalid("\(bytes.count - format.offset) bytes follow its end")
                }
            }
        }
    }

    /// The index types by the first four bytes of their data.
    private enum Kind {
        case flat, scalarQuantized, pq, pqFastScan, ivfFlat, ivfScalarQuantized, ivfPQ, ivfPQFastScan, hnswFlat
        case hnswScalarQuantized, hnswPQ, rabitq, ivfRaBitQ
        case transformed, refined, map

        /// Those that may stand inside any other but inverted lists.
        static let anywhere: Set<Kind> = [
            .flat, .scalarQuantized, .pq, .pqFastScan, .ivfFlat, .ivfScalarQuantized, .ivfPQ, .ivfPQFastScan, .hnswFlat,
            .hnswScalarQuantized, .hnswPQ, .rabitq, .ivfRaBitQ,
        ]

        init?(fourCC: String) {
            switch fourCC {
            case "IxF2", "IxFI", "IxFl": self = .flat
            case "IxSQ": self = .scalarQuantized
            case "IxPq": self = .pq
            case "IPfs": self = .pqFastScan
            case "IwFl": self = .ivfFlat
            case "IwSq": self = .ivfScalarQuantized
            case "IwPQ": self = .ivfPQ
            case "IwPf": self = .ivfPQFastScan
            case "IHNf": self = .hnswFlat
            case "IHNs": self = .hnswScalarQuantized
            case "IHNp": self = .hnswPQ
            case "Ixrq", "Ixrr", RaBitQFormat.flat: self = .rabitq
            case "Iwrq", "Iwrr", RaBitQFormat.lists: self = .ivfRaBitQ
            case "IxPT": self = .transformed
            case "IxRF": self = .refined
            case "IxMp", "IxM2": self = .map
            default: return nil
            }
        }
    }

    struct Header {
        var dimension: Int
        var count: Int
        var metric: Int32
    }

    let bytes: UnsafeRawBufferPointer
    var offset = 0
    /// The largest magnitude of a component of a vector. Behind a transform a component may be as large as the whole
    /// vector was before it.
    private(set) var limit = VectorIndex.maximumMagnitude
    /// Whether the components of vectors may have been stretched.
    private var isWhitened = false
    /// What is around the part that is being read, by Faiss's names, the outermost first.
    var around: [String] = []

    init(bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    // MARK: Indexes

    private mutating func index(allowing kinds: Set<Kind>) throws -> Header {
        let fourCC = try fourCC()
        guard let kind = Kind(fourCC: fourCC), kinds.contains(kind) else {
            if around.isEmpty, let name = Self.binaryNames[fourCC] {
                throw VectorError(.unsupported, "it is \(Self.phrase(name)): read it as a BinaryIndex")
            }
            throw notReadable(fourCC, as: "index")
        }
        around.append(Self.name(of: fourCC) ?? fourCC)
        defer { around.removeLast() }
        guard around.count <= IndexDescription.maximumDepth else {
            throw VectorError(.unsupported, "it nests indexes more than \(IndexDescription.maximumDepth) deep")
        }
        let header = try indexHeader()
        switch kind {
        case .flat:
            try vectors(named: "vectors", count: product(header.count, header.dimension))
        case .scalarQuantized:
            let codec = try scalarQuantizer(header)
            try checkCodes(vector(of: UInt8.self, named: "codes", count: product(header.count, codec.codeSize)), codec)
        case .pq: try pq(header)
        case .pqFastScan: try pqFastScan(header)
        case .ivfFlat:
            let lists = try ivfHeader(header)
            try invertedLists(lists.count, codec: Codec(codeSize: 4 * header.dimension, numbers: .single), header.count)
        case .ivfScalarQuantized: try ivfScalarQuantized(header)
        case .ivfPQ: try ivfPQ(header)
        case .ivfPQFastScan: try ivfPQFastScan(header)
        case .hnswFlat: try hnsw(header, over: .flat)
        case .hnswScalarQuantized: try hnsw(header, over: .scalarQuantized)
        case .hnswPQ: try hnsw(header, over: .pq)
        case .rabitq: try rabitq(header, fourCC)
        case .ivfRaBitQ: try ivfRaBitQ(header, fourCC)
        case .transformed: try transformed(header)
        case .refined: try refined(header)
        case .map:
            let isInside = around.contains("IndexPreTransform")
            let inner = try index(allowing: Kind.anywhere.union(isInside ? [.refined] : [.transformed, .refined]))
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
            let name = Self.metricNames[metric].map { " (\($0))" } ?? ""
            throw VectorError(
                .unsupported,
                "it compares by metric \(metric)\(name), which this package does not offer: only squared L2 and inner "
                    + "product"
            )
        }
        guard isTrained == 1 else {
            throw VectorError(.unsupported, "\(around.last.map(Self.phrase) ?? "the index") in it is not trained")
        }
        return Header(dimension: dimension, count: Int(count), metric: metric)
    }

    // MARK: Codecs

    /// How a vector is stored, as far as reading goes.
    struct Codec {
        enum Numbers {
            case codes, single, half
            /// Squares of lengths and lengths, at these places of each code.
            case lengths(squares: [Int], lengths: [Int])
        }

        var codeSize: Int
        /// What the codes are made of, which decides what is checked of them.
        var numbers = Numbers.codes
    }

    private mutating func scalarQuantizer(_ header: Header) throws -> Codec {
        let type = try number(Int32.self)
        let rangeStatistic = try number(Int32.self)
        _ = try number(UInt32.self)
        let dimension = try number(UInt64.self)
        let codeSize = try number(UInt64.self)
        let bits: Int
        // The numbers are a low end and a width for each component; for all together; or there are none.
        var ranges = 2 * header.dimension
        // By the order of Faiss's ScalarQuantizer::QuantizerType.
        switch type {
        case 0: bits = 8
        case 1: bits = 4
        case 2: (bits, ranges) = (8, 2)
        case 3: (bits, ranges) = (4, 2)
        case 4: (bits, ranges) = (16, 0)
        case 5: (bits, ranges) = (8, 0)
        case 6: bits = 6
        default:
            let names = Self.scalarQuantizerNames
            let isKnown = names.indices.contains(Int(type))
            throw notOffered("a scalar quantizer of type \(isKnown ? names[Int(type)] : String(type))")
        }
        guard (0...3).contains(rangeStatistic), dimension == header.dimension,
            codeSize == (header.dimension * bits + 7) / 8
        else { throw invalid("its scalar quantizer does not fit its dimension") }
        // A range may span from the smallest number that is allowed to the largest, of residuals twice that.
        try vectors(named: "ranges", count: ranges, limit: 4 * limit)
        guard bits != 16 || !isWhitened else { throw notOffered("half precision behind a whitening PCAMatrix") }
        return Codec(codeSize: Int(codeSize), numbers: bits == 16 ? .half : .codes)
    }

    /// A product quantizer, whose codebook holds residuals at most: differences of two numbers that are allowed.
    private mutating func productQuantizer(
        _ header: Header,
        bits allowed: [UInt64]
    ) throws -> (subquantizers: Int, codeSize: Int) {
        let dimension = try number(UInt64.self)
        let subquantizers = try number(UInt64.self)
        let bits = try number(UInt64.self)
        guard allowed.contains(bits) else {
            let names = allowed.map(String.init).joined(separator: " and ")
            throw notOffered("a product quantizer of \(bits) bits instead of \(names)")
        }
        guard dimension == header.dimension, (1...dimension).contains(subquantizers),
            dimension.isMultiple(of: subquantizers)
        else { throw invalid("its product quantizer does not fit its dimension") }
        if around.contains("IndexHNSWPQ") {
            // Faiss makes a table of the distances between all pairs of each part's centroids.
            try checkMemory(bytes: 4 * Int(subquantizers) << (2 * Int(bits)), for: "the table of a graph over codes")
        }
        try vectors(named: "codebook", count: header.dimension << Int(bits), limit: 2 * limit)
        return (Int(subquantizers), (Int(subquantizers) * Int(bits) + 7) / 8)
    }

    private mutating func pq(_ header: Header) throws {
        let (_, codeSize) = try productQuantizer(header, bits: [4, 8])
        try vector(of: UInt8.self, named: "codes", count: product(header.count, codeSize))
        let searchType = try number(Int32.self)
        _ = try number(UInt8.self)
        _ = try number(Int32.self)
        guard (0...5).contains(searchType) else { throw invalid("its type of search, \(searchType), does not exist") }
    }

    /// The numbers of vectors and of parts that fast scan lays out for, which are rounded up.
    private func fastScanSizes(count: Int, subquantizers: Int) -> (count: Int, parts: Int) {
        ((count + 31) / 32 * 32, (subquantizers + 1) / 2 * 2)
    }

    private mutating func pqFastScan(_ header: Header) throws {
        let (subquantizers, _) = try productQuantizer(header, bits: [4])
        _ = try number(Int32.self)
        let block = try number(Int32.self)
        _ = try number(Int32.self)
        let storedCount = try number(UInt64.self)
        let storedParts = try number(UInt64.self)
        let (count, parts) = fastScanSizes(count: header.count, subquantizers: subquantizers)
        guard block == 32 else {
            throw notOffered("fast-scan blocks of \(block) vectors instead of 32")
        }
        guard storedCount == count, storedParts == parts else { throw invalid("its blocks don't fit its header") }
        try vector(of: UInt8.self, named: "codes", count: product(count, parts) / 2)
    }

    func checkCodes(_ place: Range<Int>, _ codec: Codec) throws {
        switch codec.numbers {
        case .codes: return
        case .single: try checkNumbers(place, limit: limit, named: "vectors")
        case .lengths(let squares, let lengths): try checkLengths(place, codec.codeSize, squares, lengths)
        case .half:
            for index in 0..<place.count / 2 {
                let value: UInt16 = element(index, of: place)
                guard value & 0x7C00 != 0x7C00 else { throw invalid("it holds NaN or infinity among its vectors") }
            }
        }
    }

    // MARK: Indexes around indexes

    private mutating func transformed(_ header: Header) throws {
        let count = try number(Int32.self)
        guard (1...Int32(IndexDescription.maximumDepth)).contains(count) else {
            throw notOffered("a chain of \(count) transforms instead of 1...\(IndexDescription.maximumDepth)")
        }
        let before = limit
        let wasWhitened = isWhitened
        var dimension = header.dimension
        for _ in 0..<count { dimension = try transform(from: dimension) }
        // One id map may stand in front of the transforms or behind them.
        let isOutermost = around.count == 1
        let inner = try index(allowing: Kind.anywhere.union(isOutermost ? [.refined, .map] : [.refined]))
        guard inner.dimension == dimension, inner.count == header.count, inner.metric == header.metric else {
            throw invalid("its transforms and the index inside differ in size")
        }
        limit = before
        isWhitened = wasWhitened
    }

    /// Reads a transform and returns the dimension after it.
    private mutating func transform(from dimension: Int) throws -> Int {
        let fourCC = try fourCC()
        let square = dimension * dimension
        var stretch: Float = 1
        var components = dimension
        switch fourCC {
        case "rrot", "LTra": break
        case RaBitQFormat.rotation:
            guard try number(Int32.self) == dimension else { throw invalid("its rotation does not fit its dimension") }
            limit *= Float(dimension).squareRoot()
            return dimension
        case "VNrm":
            let norm = Float(bitPattern: try number(UInt32.self))
            guard norm == 2 else { throw notOffered("a NormalizationTransform of the norm \(norm) instead of 2") }
            guard try number(Int32.self) == dimension, try number(Int32.self) == dimension,
                try number(UInt8.self) == 1
            else { throw invalid("its normalization does not fit its dimension") }
            isWhitened = false
            return dimension
        case "Pcam":
            let power = Float(bitPattern: try number(UInt32.self))
            let epsilon = Float(bitPattern: try number(UInt32.self))
            let isRotated = try number(UInt8.self)
            let bins = try number(Int32.self)
            guard power == 0 || power == -0.5, bins == 0 else {
                throw notOffered(
                    bins != 0 ? "a PCAMatrix with balanced bins" : "a PCAMatrix with an eigen_power of \(power)"
                )
            }
            guard isRotated <= 1, power == 0 || epsilon.isFinite else {
                throw invalid("its PCA has no sound parameters")
            }
            try vectors(named: "mean", count: dimension)
            // Used to make the matrix, which is there, and to turn back vectors that were whitened.
            let eigenvalues = try vector(of: Float.self, named: "eigenvalues")
            let directions = try vector(of: Float.self, named: "principal directions")
            guard eigenvalues.count / 4 <= dimension, directions.count / 4 <= square else {
                throw invalid("its principal components don't fit its dimension")
            }
            if power != 0 {
                isWhitened = true
                stretch = IndexDescription.largestStretch
                components = min(eigenvalues.count / 4, directions.count / 4 / dimension)
                try checkNumbers(eigenvalues, limit: .greatestFiniteMagnitude, named: "eigenvalues")
                try checkNumbers(directions, limit: 1.01, named: "principal directions")
            }
        default: throw notReadable(fourCC, as: "transform")
        }
        let hasOffset = try number(UInt8.self)
        let matrix = try vector(of: Float.self, named: "matrix")
        let offset = try vector(of: Float.self, named: "offset")
        let input = try number(Int32.self)
        let output = try number(Int32.self)
        let isTrained = try number(UInt8.self)
        guard input == dimension, (1...Int32(dimension)).contains(output),
            dimension <= IndexDescription.maximumTransformDimension
        else {
            throw notOffered(
                "\(Self.phrase(Self.name(of: fourCC) ?? fourCC)) from \(input) to \(output) dimensions instead of from "
                    + "\(dimension) to fewer, and from \(IndexDescription.maximumTransformDimension) at most,"
            )
        }
        guard matrix.count / 4 == dimension * Int(output), offset.count / 4 == (hasOffset == 1 ? Int(output) : 0),
            hasOffset <= 1, isTrained == 1, components >= Int(output)
        else { throw invalid("its transform does not fit its dimensions") }
        // Rows of length 1, up to rounding: what is larger is no rotation. Where whitening makes them longer, vectors are
        // allowed to be as much shorter.
        try checkNumbers(matrix, limit: 1.01 * stretch, named: "transform")
        limit *= 2 * Float(dimension).squareRoot()
        try checkNumbers(offset, limit: limit, named: "offset")
        return Int(output)
    }

    private mutating func refined(_ header: Header) throws {
        let base = try index(allowing: Kind.anywhere.union([.transformed]))
        let exact = try index(allowing: [.flat, .scalarQuantized, .pq])
        try checkDecoded(exact, named: "a refinement")
        for part in [base, exact] {
            guard part.dimension == header.dimension, part.count == header.count, part.metric == header.metric else {
                throw invalid("the parts of its refinement differ in size")
            }
        }
        let factor = Float(bitPattern: try number(UInt32.self))
        guard factor >= 1, factor <= 1000 else { throw invalid("its factor, \(factor), is outside 1...1000") }
    }

    // MARK: Inverted lists

    /// What stands in front of inverted lists.
    struct Lists {
        var count: Int
        /// Where the numbers of the centroids are.
        var centroids: Range<Int>
    }

    mutating func ivfHeader(_ header: Header) throws -> Lists {
        let lists = try number(UInt64.self)
        _ = try number(UInt64.self)
        guard (1...UInt64(IndexDescription.ListCount.maximum)).contains(lists) else {
            throw invalid("the number of lists, \(lists), is outside 1...\(IndexDescription.ListCount.maximum)")
        }
        let quantizer = try index(allowing: [.flat, .hnswFlat])
        guard quantizer.count == lists, quantizer.dimension == header.dimension else {
            throw invalid("its \(lists) lists don't fit its \(quantizer.count) centroids")
        }
        guard quantizer.metric == header.metric else {
            throw notOffered("a quantizer with another metric than the index's")
        }
        let centroids = offset - 4 * quantizer.count * quantizer.dimension..<offset
        try directMap()
        return Lists(count: Int(lists), centroids: centroids)
    }

    /// A map from ids to places, 0 for none, 1 an array, 2 pairs; it is dropped after reading.
    mutating func directMap() throws {
        let type = try number(UInt8.self)
        guard type <= 2 else { throw invalid("its direct map has type \(type)") }
        try vector(of: Int64.self, named: "direct map")
        if type == 2 { try vector(of: (Int64, Int64).self, named: "direct map") }
    }

    private mutating func ivfScalarQuantized(_ header: Header) throws {
        let lists = try ivfHeader(header)
        let codec = try scalarQuantizer(header)
        // What is left of a vector without its centroid must fit in half precision.
        if case .half = codec.numbers { try checkNumbers(lists.centroids, limit: 65_504 / 2, named: "centroids") }
        let codeSize = try number(UInt64.self)
        let byResidual = try number(UInt8.self)
        guard codeSize == codec.codeSize, byResidual <= 1 else {
            throw invalid("its scalar quantizer does not fit its lists")
        }
        try invertedLists(lists.count, codec: codec, header.count)
    }

    private mutating func ivfPQ(_ header: Header) throws {
        let lists = try ivfHeader(header)
        let byResidual = try number(UInt8.self)
        let codeSize = try number(UInt64.self)
        let quantizer = try productQuantizer(header, bits: [4, 8])
        guard byResidual <= 1, codeSize == quantizer.codeSize else {
            throw invalid("its product quantizer does not fit its lists")
        }
        try invertedLists(lists.count, codec: Codec(codeSize: quantizer.codeSize), header.count)
    }

    private mutating func ivfPQFastScan(_ header: Header) throws {
        let lists = try ivfHeader(header)
        let byResidual = try number(UInt8.self)
        let codeSize = try number(UInt64.self)
        let block = try number(Int32.self)
        let storedParts = try number(UInt64.self)
        _ = try number(Int32.self)
        _ = try number(UInt64.self)
        let quantizer = try productQuantizer(header, bits: [4])
        guard block == 32 else { throw notOffered("fast-scan blocks of \(block) vectors instead of 32") }
        let (_, parts) = fastScanSizes(count: 0, subquantizers: quantizer.subquantizers)
        guard byResidual <= 1, codeSize == quantizer.codeSize, storedParts == parts else {
            throw invalid("its product quantizer does not fit its lists")
        }
        try blockLists(lists.count, codeSize: quantizer.codeSize, blockSize: 16 * parts, header.count)
    }

    /// Inverted lists whose codes lie in blocks of 32 vectors.
    private mutating func blockLists(_ lists: Int, codeSize: Int, blockSize: Int, _ count: Int) throws {
        let fourCC = try fourCC()
        guard fourCC == "ilbl" else {
            throw notReadable(fourCC, as: "set of inverted lists")
        }
        // The size of a code is what Faiss doesn't fill in here, as codes are mixed with each other.
        guard try number(UInt64.self) == lists, [UInt64(codeSize), .max].contains(try number(UInt64.self)),
            try number(UInt64.self) == 32, try number(UInt64.self) == blockSize
        else { throw invalid("its inverted lists don't fit its header") }
        var total = 0
        for _ in 0..<lists {
            let ids = try vector(of: Int64.self, named: "the ids of an inverted list")
            let codes = try vector(of: UInt8.self, named: "an inverted list")
            let size = ids.count / 8
            total += size
            guard size <= count, codes.count == (size + 31) / 32 * blockSize else {
                throw invalid("a list of \(size) vectors has \(codes.count) bytes of codes")
            }
        }
        guard total == count else { throw invalid("its lists don't hold its \(count) vectors") }
    }

    mutating func invertedLists(_ lists: Int, codec: Codec, _ count: Int) throws {
        let fourCC = try fourCC()
        guard fourCC == "ilar" else {
            throw notReadable(fourCC, as: "set of inverted lists")
        }
        guard try number(UInt64.self) == lists, try number(UInt64.self) == codec.codeSize else {
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
            try checkCodes(skip(product(size, codec.codeSize), named: "an inverted list"), codec)
            _ = try skip(product(size, 8), named: "the ids of an inverted list")
        }
    }

    private func listSize(_ size: UInt64, _ count: Int) throws -> Int {
        guard size <= count else { throw invalid("a list of \(size) vectors is larger than the index") }
        return Int(size)
    }

    /// A graph and a refinement are read with the vectors that their codes stand for.
    private func checkDecoded(_ stored: Header, named name: String) throws {
        let bytes = try product(product(stored.count, stored.dimension), 4)
        try checkMemory(bytes: bytes, for: "the \(stored.count) vectors of \(name)")
    }

    // MARK: HNSW

    private mutating func hnsw(_ header: Header, over stored: Kind) throws {
        try graph(of: header.count)
        let storage = try index(allowing: [stored])
        guard storage.count == header.count, storage.dimension == header.dimension, storage.metric == header.metric
        else { throw invalid("its graph and its vectors differ in size") }
        try checkDecoded(storage, named: "a graph")
    }

    /// A graph of so many vertices.
    mutating func graph(of count: Int) throws {
        let probabilities = try vector(of: Double.self, named: "level probabilities")
        let cumulative: [Int32] = try array(vector(of: Int32.self, named: "links a level"))
        let levels: [Int32] = try array(vector(of: Int32.self, named: "levels", count: count))
        let offsets: [UInt64] = try array(vector(of: UInt64.self, named: "offsets", count: count + 1))
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
            (0..<count).allSatisfy({
                offsets[$0 + 1] == offsets[$0] &+ UInt64(cumulative[Int(levels[$0])])
            }),
            offsets[count] == links.count / 4
        else { throw invalid("the offsets of its graph don't fit its levels") }
        if count == 0 {
            guard entryPoint == -1, maximumLevel == -1 else { throw invalid("its empty graph has an entry point") }
        } else {
            guard (0..<Int32(count)).contains(entryPoint), maximumLevel >= 0,
                maximumLevel < levels[Int(entryPoint)]
            else { throw invalid("the entry point of its graph does not exist") }
        }
        for vertex in 0..<count {
            for level in 0..<Int(levels[vertex]) {
                let first = Int(offsets[vertex]) + Int(cumulative[level])
                for slot in first..<Int(offsets[vertex]) + Int(cumulative[level + 1]) {
                    let neighbor: Int32 = element(slot, of: links)
                    // A neighbour must itself be on the level on which it is linked.
                    guard neighbor == -1 || neighbor >= 0 && neighbor < count && levels[Int(neighbor)] > level
                    else { throw invalid("a link of its graph leads nowhere") }
                }
            }
        }
    }

    // MARK: Primitives

    func invalid(_ what: String) -> VectorError {
        VectorError(.invalidFormat, "the Faiss index is damaged: \(what)")
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let place = try skip(MemoryLayout<Number>.size, named: "a number")
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place.lowerBound, as: type))
    }

    mutating func fourCC() throws -> String {
        try String(decoding: bytes[skip(4, named: "a type")], as: UTF8.self)
    }

    /// A number of elements and the elements; returns the place of the latter.
    @discardableResult
    mutating func vector<Element>(
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
    mutating func vectors(named name: String, count: Int, limit: Float? = nil) throws {
        try checkNumbers(
            vector(of: Float.self, named: name, count: count),
            limit: limit ?? self.limit,
            named: name
        )
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

    func product(_ first: Int, _ second: Int) throws -> Int {
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        if overflow { throw invalid("\(first) × \(second) numbers are too many") }
        return product
    }

    func element<Number: FixedWidthInteger>(_ index: Int, of place: Range<Int>) -> Number {
        let start = place.lowerBound + index * MemoryLayout<Number>.size
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
    }

    private func array<Number: FixedWidthInteger>(_ place: Range<Int>) -> [Number] {
        (0..<place.count / MemoryLayout<Number>.size).map { element($0, of: place) }
    }
}

import Vectors

/// What this package calls RaBitQ in its own files; in those for Faiss it is an `IndexRaBitQ` or an `IndexIVFRaBitQ` behind
/// a matrix.
enum RaBitQFormat {
    static let flat = "SwRx"
    static let lists = "SwRl"
    static let rotation = "SwRo"
}

extension FaissFormat {
    mutating func rabitq(_ header: Header, _ fourCC: String) throws {
        let codec = try rabitqCodec(header, fourCC)
        try checkCodes(vector(of: UInt8.self, named: "codes", count: product(header.count, codec.codeSize)), codec)
        try vectors(named: "centre", count: header.dimension)
        if fourCC != RaBitQFormat.flat { try queryBits() }
    }

    mutating func ivfRaBitQ(_ header: Header, _ fourCC: String) throws {
        let lists = try ivfHeader(header)
        let codec = try rabitqCodec(header, fourCC)
        if fourCC != RaBitQFormat.lists {
            let codeSize = try number(UInt64.self)
            guard codeSize == codec.codeSize, try number(UInt8.self) <= 1 else {
                throw invalid("its quantizer does not fit its lists")
            }
            try queryBits()
        }
        try invertedLists(lists.count, codec: codec, header.count)
    }

    /// To how many bits Faiss rounds a query.
    private mutating func queryBits() throws {
        let bits = try number(UInt8.self)
        guard bits <= 8 else { throw invalid("it rounds queries to \(bits) bits") }
    }

    /// The sizes of rows as `Sources/FaissC/kinds/rabitq.h` has them.
    private mutating func rabitqCodec(_ header: Header, _ fourCC: String) throws -> Codec {
        let isOwn = fourCC == RaBitQFormat.flat || fourCC == RaBitQFormat.lists
        var stored: (dimension: UInt64, codeSize: UInt64, metric: Int32)?
        if !isOwn { stored = try (number(UInt64.self), number(UInt64.self), number(Int32.self)) }
        let bits = try fourCC.hasSuffix("q") ? 1 : number(UInt64.self)
        guard (1...4).contains(bits) else { throw notOffered("a RaBitQuantizer of \(bits) bits instead of 1...4") }
        let others = Int(bits) - 1
        let dimension = header.dimension
        if isOwn {
            func words(_ bits: Int) -> Int { 4 * ((dimension * bits + 31) / 32) }
            let codes = bits == 3 ? words(2) + words(1) : words(Int(bits))
            return Codec(codeSize: codes + 8, numbers: .lengths(squares: [codes], lengths: [codes + 4]))
        }
        let signs = (dimension + 7) / 8
        var codec = Codec(codeSize: signs + 8, numbers: .lengths(squares: [signs], lengths: [signs + 4]))
        if others > 0 {
            let more = signs + 12 + (dimension * others + 7) / 8
            codec = Codec(
                codeSize: more + 8,
                numbers: .lengths(squares: [signs, more], lengths: [signs + 4, more + 4])
            )
        }
        guard stored?.dimension == UInt64(dimension), stored?.codeSize == UInt64(codec.codeSize),
            stored?.metric == header.metric
        else { throw invalid("its quantizer does not fit its dimension") }
        return codec
    }

    /// Refuses numbers that no vectors within the limits have: distances would not be finite.
    func checkLengths(_ place: Range<Int>, _ codeSize: Int, _ squares: [Int], _ lengths: [Int]) throws {
        let length = 4 * limit * Float(place.isEmpty ? 1 : codeSize * 8).squareRoot()
        for start in stride(from: place.lowerBound, to: place.upperBound, by: codeSize) {
            for (places, limit) in [(squares, length * length), (lengths, length)] {
                for number in places {
                    let bits = bytes.loadUnaligned(fromByteOffset: start + number, as: UInt32.self)
                    let value = Float(bitPattern: UInt32(littleEndian: bits))
                    guard value.magnitude <= limit else { throw invalid("it holds \(value) among its codes") }
                }
            }
        }
    }
}

extension IndexDescription {
    /// Refuses what an index for Faiss itself can't be written with.
    func checkForFaiss(dimension: Int) throws(VectorError) {
        guard let length = dimensionOfRaBitQ(dimension), length > Self.maximumTransformDimension else { return }
        throw VectorError(
            .unsupported,
            "Faiss would need a matrix of \(length) × \(length) numbers for the rotation of RaBitQ, and up to "
                + "\(Self.maximumTransformDimension) dimensions are written so: use write(to:)"
        )
    }
}

import Vectors

extension FaissFormat {
    /// As ``verify(_:)``, of binary indexes.
    static func verifyBinary(_ bytes: [UInt8]) throws(VectorError) {
        try verify(bytes) { format in
            _ = try format.binaryIndex(allowing: ["IBxF", "IBwF", "IBHf", "IBMp", "IBM2"])
        }
    }

    private mutating func binaryIndex(allowing types: Set<String>) throws -> Header {
        let type = try fourCC()
        guard types.contains(type) else {
            if around.isEmpty, let name = Self.indexNames[type] {
                throw VectorError(.unsupported, "it is \(Self.phrase(name)): read it as a VectorIndex")
            }
            throw notReadable(type, as: "binary index")
        }
        around.append(Self.name(of: type) ?? type)
        defer { around.removeLast() }
        let header = try binaryHeader()
        switch type {
        case "IBxF":
            try vector(of: UInt8.self, named: "vectors", count: product(header.count, header.dimension / 8))
        case "IBwF": try binaryLists(header)
        case "IBHf":
            try graph(of: header.count)
            try inside(header, allowing: ["IBxF"])
        default:
            try inside(header, allowing: ["IBxF", "IBwF", "IBHf"])
            try vector(of: Int64.self, named: "id map", count: header.count)
        }
        return header
    }

    /// An index that holds as many vectors of the same dimension.
    private mutating func inside(_ header: Header, allowing types: Set<String>) throws {
        let inner = try binaryIndex(allowing: types)
        guard inner.count == header.count, inner.dimension == header.dimension else {
            throw invalid("it and the index inside differ in size")
        }
    }

    private mutating func binaryHeader() throws -> Header {
        let dimension = try Int(number(Int32.self))
        let rowBytes = try number(Int32.self)
        let count = try number(Int64.self)
        let isTrained = try number(UInt8.self)
        let metric = try number(Int32.self)
        guard (8...BinaryMatrix.maximumDimension).contains(dimension), dimension.isMultiple(of: 8),
            rowBytes == dimension / 8
        else {
            throw invalid(
                "dimension \(dimension) with \(rowBytes) bytes a vector is not a multiple of 8 in "
                    + "8...\(BinaryMatrix.maximumDimension)"
            )
        }
        guard (0...Int64(Int32.max)).contains(count) else {
            throw invalid("the number of vectors, \(count), is outside 0...\(Int32.max)")
        }
        // Faiss compares bits in one way only, which it calls by the number of squared L2.
        guard metric == 1 else { throw invalid("its metric has the number \(metric), not 1") }
        guard isTrained == 1 else {
            throw VectorError(.unsupported, "\(around.last.map(Self.phrase) ?? "the index") in it is not trained")
        }
        return Header(dimension: dimension, count: Int(count), metric: metric)
    }

    private mutating func binaryLists(_ header: Header) throws {
        let lists = try number(UInt64.self)
        _ = try number(UInt64.self)
        guard (1...UInt64(IndexDescription.ListCount.maximum)).contains(lists) else {
            throw invalid("the number of lists, \(lists), is outside 1...\(IndexDescription.ListCount.maximum)")
        }
        let quantizer = try binaryIndex(allowing: ["IBxF"])
        guard quantizer.count == lists, quantizer.dimension == header.dimension else {
            throw invalid("its \(lists) lists don't fit its \(quantizer.count) centroids")
        }
        try directMap()
        try invertedLists(Int(lists), codec: Codec(codeSize: header.dimension / 8), header.count)
    }
}

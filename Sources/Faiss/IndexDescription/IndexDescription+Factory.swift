public import Vectors

extension IndexDescription {
    /// The most characters of a factory string.
    public static let maximumFactoryLength = 256

    /// The description of one of Faiss's factory strings, such as `OPQ16_64,IVF1024,PQ16x4fs,RFlat`.
    ///
    /// The string is read here, by the grammar below, and never reaches Faiss, whose own reader accepts numbers that end
    /// in crashes. Numbers are held to the same limits as the builders' by ``validate(dimension:)``.
    ///
    /// | part | meaning |
    /// |---|---|
    /// | `IDMap,` or `IDMap2,` in front or behind the transforms, `,IDMap` or `,IDMap2` at the end | nothing: every index here has ids |
    /// | `PCAx,` | ``pca(to:then:)`` |
    /// | `PCARx,`, `PCAWx,`, `PCAWRx,` | ``pca(to:isWhitened:isRotated:then:)`` |
    /// | `L2norm,` or `L2Norm,` | ``normalized(then:)`` |
    /// | `OPQy,` or `OPQy_x,` | ``opq(subquantizers:to:then:)`` |
    /// | `RR,` or `RRx,` | ``randomRotation(to:then:)`` |
    /// | `IVFx,` | ``ivf(lists:storing:)`` |
    /// | `Flat` | ``flat`` |
    /// | `SQ8`, `SQ6`, `SQ4`, `SQfp16` | ``scalarQuantized(_:)`` |
    /// | `PQy`, `PQyxb`, each also with `np` | ``pq(subquantizers:bitsPerCode:)``, never with polysemous training |
    /// | `PQyx4fs` or `PQyx4fs_32` | ``pqFastScan(subquantizers:)`` |
    /// | `RaBitQ`, `RaBitQb`, each also with `fs` before the bits | ``rabitq(bits:)``, with its rotation |
    /// | `HNSWx`, `HNSWx,Flat` or `HNSWx_Flat`; `HNSW` for 32 | ``hnsw(neighbors:efConstruction:)`` |
    /// | `,RFlat` or `,Refine(Flat)` at the end | ``refined(_:by:)`` with its default factor |
    ///
    /// - Throws: `invalidArgument` if the string is longer than ``maximumFactoryLength`` or is not of
    ///   this grammar, `unsupported` for types that Faiss has and this package doesn't offer.
    public init(factory string: String) throws(VectorError) {
        // Counted in bytes first, which are there, while counting characters walks through all of them.
        guard string.utf8.count <= 4 * Self.maximumFactoryLength, string.count <= Self.maximumFactoryLength else {
            throw VectorError(
                .invalidArgument,
                "the factory string starting '\(string.prefix(20))' is longer than \(Self.maximumFactoryLength) characters"
            )
        }
        var parser = FactoryParser(string)
        self = try parser.description()
    }
}

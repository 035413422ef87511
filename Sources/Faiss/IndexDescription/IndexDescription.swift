import Vectors

/// What kind of index to build: the typed counterpart of Faiss's factory strings.
///
/// | builder | Faiss | answers | memory a vector (d dimensions) | training |
/// |---|---|---|---|---|
/// | ``flat`` | `Flat` | exact | 4 d | no |
/// | ``ivfFlat(lists:)`` | `IVFx,Flat` | exact within the lists it visits | 4 d + 8 | yes |
/// | ``ivfPQ(lists:subquantizers:bitsPerCode:)`` | `IVFx,PQyxb` | approximate | y · b / 8 + 8 | yes |
/// | ``ivf(lists:storing:)`` | `IVFx,…` | as what it stores | as what it stores, + 8 | yes |
/// | ``hnsw(neighbors:efConstruction:)`` | `HNSWx,Flat` | approximate, very fast | 4 d + about 8 x | no |
/// | ``scalarQuantized(_:)`` | `SQ8`, `SQ6`, `SQ4`, `SQfp16` | nearly exact | d, 3 d / 4, d / 2, 2 d | all but the last |
/// | ``pq(subquantizers:bitsPerCode:)`` | `PQyxb` | approximate | y · b / 8 | yes |
/// | ``pqFastScan(subquantizers:)`` | `PQyx4fs` | approximate | y / 2 | yes |
/// | ``rabitq(bits:)`` | `RaBitQb` behind a rotation | approximate, within a known error | d · b / 8 + 8 | yes, at once |
/// | ``pca(to:then:)`` | `PCAx,…` | as what follows, in fewer dimensions | as what follows | yes |
/// | ``pca(to:isWhitened:isRotated:then:)`` | `PCAWx,…`, `PCARx,…`, `PCAWRx,…` | as what follows | as what follows | yes |
/// | ``normalized(then:)`` | `L2norm,…` | as what follows, by direction only | as what follows | no |
/// | ``opq(subquantizers:to:then:)`` | `OPQy_x,…` | as what follows | as what follows | yes, for long |
/// | ``randomRotation(to:then:)`` | `RRx,…` | as what follows | as what follows | yes, at once |
/// | ``refined(_:by:)`` | `…,RFlat` | nearly exact | 4 d more | as what it refines |
///
/// Builders nest: `.refined(.opq(subquantizers: 16, then: .ivf(lists: 1024, storing: .pqFastScan(subquantizers: 16))))`
/// turns vectors, sorts them into lists, stores 4 bits a part, and computes the distances of the best candidates again.
/// ``capabilities`` lists what each can and can't do.
///
/// A description that can't work (a dimension that the subquantizers don't divide, numbers out of range, builders that
/// don't go together) is refused by ``validate(dimension:)``, which every index calls before it allocates memory.
public struct IndexDescription: Sendable, Hashable, Codable {
    /// Its cases' names and labels are part of the vector store's file format.
    package indirect enum Kind: Sendable, Hashable, Codable {
        case flat
        case scalarQuantized(ScalarType)
        case pq(subquantizers: Int, bitsPerCode: Int)
        case pqFastScan(subquantizers: Int)
        case hnsw(neighbors: Int, efConstruction: Int)
        case ivf(lists: ListCount, storing: IndexDescription)
        case pca(to: Int, variant: PCAVariant? = nil, then: IndexDescription)
        case normalized(then: IndexDescription)
        case opq(subquantizers: Int, to: Int?, then: IndexDescription)
        case randomRotation(to: Int?, then: IndexDescription)
        case refined(IndexDescription, by: Float)
        case rabitq(bits: Int)
    }

    /// What follows the directions of a PCA. One that nothing follows is nil, as it was before there were variants.
    package struct PCAVariant: Sendable, Hashable, Codable {
        var isWhitened: Bool
        var isRotated: Bool
    }

    /// How deep builders may be nested.
    public static let maximumDepth = 6

    /// The largest dimension that a transform takes: its training decomposes a square matrix of this size, in cubic
    /// time and with no way to stop it.
    public static let maximumTransformDimension = 4096

    package let kind: Kind

    private init(kind: Kind) { self.kind = kind }

    /// A description around another. What is nested too deep already stays as it is, and is refused by
    /// ``validate(dimension:)``: a chain without end could not even be freed.
    private init(nesting kind: Kind, around inner: IndexDescription) {
        self.kind = inner.isTooDeep ? inner.kind : kind
    }

    /// All vectors as they are; exact search through all of them. Faiss: `IndexFlat`.
    public static let flat = IndexDescription(kind: .flat)

    /// Vectors in the lists of their nearest centroids, stored in any way that needs no structure of its own; a search
    /// visits the lists nearest to the query. Faiss: `IndexIVF…`.
    ///
    /// - Parameters:
    ///   - lists: 1…1,048,576, at most the number of training vectors.
    ///   - storing: ``flat``, ``scalarQuantized(_:)``, ``pq(subquantizers:bitsPerCode:)``,
    ///     ``pqFastScan(subquantizers:)`` or ``rabitq(bits:)``. The first keeps vectors, fast scan codes vectors, the
    ///     others code what is left of a vector without its centroid.
    public static func ivf(lists: ListCount = .automatic, storing: IndexDescription) -> IndexDescription {
        IndexDescription(nesting: .ivf(lists: lists, storing: storing), around: storing)
    }

    /// Vectors as they are, in the lists of their nearest centroids: `ivf(lists: lists, storing: .flat)`. Faiss:
    /// `IndexIVFFlat`.
    ///
    /// - Parameter lists: 1…1,048,576, at most the number of training vectors.
    public static func ivfFlat(lists: ListCount = .automatic) -> IndexDescription { ivf(lists: lists, storing: .flat) }

    /// Product-quantized residuals in inverted lists (Jégou, Douze, Schmid 2011, doi:10.1109/TPAMI.2010.57):
    /// `ivf(lists: lists, storing: .pq(…))`. Faiss: `IndexIVFPQ`, built directly, without polysemous training.
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
        ivf(lists: lists, storing: .pq(subquantizers: subquantizers, bitsPerCode: bitsPerCode))
    }

    /// RaBitQ codes of residuals in inverted lists: `ivf(lists: lists, storing: .rabitq(bits: bits))`. Faiss:
    /// `IndexIVFRaBitQ` behind a rotation.
    ///
    /// - Parameters:
    ///   - lists: 1…1,048,576, at most the number of training vectors.
    ///   - bits: 1…4 bits a component.
    public static func ivfRaBitQ(lists: ListCount = .automatic, bits: Int = 1) -> IndexDescription {
        ivf(lists: lists, storing: .rabitq(bits: bits))
    }

    /// A graph of near neighbours over vectors as they are (Malkov, Yashunin 2020, doi:10.1109/TPAMI.2018.2889473).
    /// Faiss: `IndexHNSWFlat`. Removed vectors are hidden but keep their memory.
    ///
    /// - Parameters:
    ///   - neighbors: links a vector, 2…256, twice as many on the base level; Faiss's `M`, 32 by default.
    ///   - efConstruction: candidates while building, 1…4,096; 40 by default, as in Faiss.
    public static func hnsw(neighbors: Int = 32, efConstruction: Int = 40) -> IndexDescription {
        IndexDescription(kind: .hnsw(neighbors: neighbors, efConstruction: efConstruction))
    }

    /// Every component in a few bits; search through all vectors. Faiss: `IndexScalarQuantizer`.
    public static func scalarQuantized(_ type: ScalarType = .int8) -> IndexDescription {
        IndexDescription(kind: .scalarQuantized(type))
    }

    /// Product-quantized vectors; search through all of them by looking distances up in tables. Faiss: `IndexPQ`,
    /// without polysemous training.
    ///
    /// - Parameters:
    ///   - subquantizers: the number of parts of a vector, each coded by itself; must divide the dimension.
    ///   - bitsPerCode: 4 or 8 bits for each part; training needs 16 or 256 vectors at least.
    public static func pq(subquantizers: Int, bitsPerCode: Int = 8) -> IndexDescription {
        IndexDescription(kind: .pq(subquantizers: subquantizers, bitsPerCode: bitsPerCode))
    }

    /// Product-quantized vectors of 4 bits a part, laid out so that a processor looks up the distances of many vectors at
    /// a time (André, Kermarrec, Le Scouarnec 2017, doi:10.1145/3078971.3078992). Faiss: `IndexPQFastScan`.
    ///
    /// Sums of bytes rule out most vectors; the distances of the rest are exact sums of the tables' numbers, where
    /// Faiss answers with rounded ones. A part has 16 centroids only, so recall is low: use ``refined(_:by:)``.
    ///
    /// - Parameter subquantizers: the number of parts of a vector; must divide the dimension. Training needs 16 vectors.
    public static func pqFastScan(subquantizers: Int) -> IndexDescription {
        IndexDescription(kind: .pqFastScan(subquantizers: subquantizers))
    }

    /// Each component in one to four bits, after a random rotation: RaBitQ (Gao, Long 2024, doi:10.1145/3654970; with more
    /// bits Gao and others 2025, doi:10.1145/3725413). Faiss: `IndexRaBitQ` behind a rotation, since its version 1.11.
    ///
    /// A vector is turned at random, taken from the mean of the training vectors (in inverted lists: from its list's
    /// centroid), and each component rounded to one of 2, 4, 8 or 16 equally far numbers. Distances are estimates,
    /// without a bias and with an error that falls with √d and by half with each bit, whatever the data are: nothing but
    /// the mean is learned. Queries are rounded to a byte a component, which adds hardly anything to that error.
    ///
    /// Inside of ``refined(_:by:)`` the error's bound says which candidates are compared by the exact vector.
    ///
    /// The rotation is made of signs and Hadamard transforms and takes d · log d steps. Files for Faiss hold it as a matrix
    /// of d² numbers, see <doc:FileFormats>.
    ///
    /// - Parameter bits: 1…4 bits a component, 1 by default. Training needs one vector.
    public static func rabitq(bits: Int = 1) -> IndexDescription { IndexDescription(kind: .rabitq(bits: bits)) }

    /// The directions in which the training vectors differ most, and an index over what is left in those. Faiss:
    /// `PCAMatrix` in an `IndexPreTransform`.
    ///
    /// Distances are those between the shortened vectors. By squared L2 the components are counted from the mean of the
    /// training vectors, as in Faiss; by inner product and cosine from the origin, as otherwise inner products would
    /// change (Faiss counts from the mean there, too). By cosine vectors are normalised first and not again after, so that
    /// the answer comes near to the cosine in all dimensions as far as the kept ones hold the vectors.
    ///
    /// - Parameters:
    ///   - dimension: how many dimensions are left, from 1 to the vectors' dimension, which is 4,096 at most.
    ///   - inner: the index over the shortened vectors.
    public static func pca(to dimension: Int, then inner: IndexDescription) -> IndexDescription {
        IndexDescription(nesting: .pca(to: dimension, then: inner), around: inner)
    }

    /// As ``pca(to:then:)``, with the components scaled, turned, or both. Faiss: `PCAMatrix` with an `eigen_power` of −0.5
    /// or with `random_rotation`.
    ///
    /// Whitening divides each component by its standard deviation over the training vectors, so that all of them count
    /// alike in a distance, but multiplies by 1,000,000 at most. It needs vectors and queries of magnitude 1e9 at most,
    /// and nothing in half precision behind it. There is no cosine of whitened vectors unless ``normalized(then:)`` is
    /// behind it.
    ///
    /// - Parameters:
    ///   - dimension: how many dimensions are left, from 1 to the vectors' dimension, which is 4,096 at most.
    ///   - isWhitened: whether every component gets the variance 1. Faiss: `PCAWx`. (Faiss's own training divides by the
    ///     root of the number of vectors as well, which changes all distances by one factor.)
    ///   - isRotated: whether a random rotation follows, which spreads what vectors hold evenly over the components.
    ///     Faiss: `PCARx`.
    ///   - inner: the index over the shortened vectors.
    public static func pca(
        to dimension: Int,
        isWhitened: Bool,
        isRotated: Bool = false,
        then inner: IndexDescription
    ) -> IndexDescription {
        let variant = PCAVariant(isWhitened: isWhitened, isRotated: isRotated)
        return pca(to: dimension, variant: isWhitened || isRotated ? variant : nil, then: inner)
    }

    static func pca(to dimension: Int, variant: PCAVariant?, then inner: IndexDescription) -> IndexDescription {
        IndexDescription(nesting: .pca(to: dimension, variant: variant, then: inner), around: inner)
    }

    /// Vectors and queries of length 1, whatever they were, and an index over those. Faiss: `NormalizationTransform`,
    /// `L2norm` in a factory string.
    ///
    /// Under inner product this is the cosine, which `Metric.cosine` is without a builder; under squared L2, distances
    /// are 2 − 2 times it. A vector of zeros stays as it is.
    ///
    /// - Parameter inner: the index over the normalised vectors.
    public static func normalized(then inner: IndexDescription) -> IndexDescription {
        IndexDescription(nesting: .normalized(then: inner), around: inner)
    }

    /// A rotation, learned so that product quantization loses less (Ge, He, Ke, Sun 2014,
    /// doi:10.1109/TPAMI.2013.240). Faiss: `OPQMatrix` in an `IndexPreTransform`.
    ///
    /// The rotation keeps distances and inner products, so nothing changes for any metric; by cosine vectors are
    /// normalised first. Training starts from principal components that are dealt out evenly, the paper's parametric
    /// solution, and turns them in ten rounds of its other one, on 65,536 vectors at most; as few as the product
    /// quantizer takes will do, of any dimension. It takes some times as long as that of the product quantizer alone.
    ///
    /// - Parameters:
    ///   - subquantizers: those of the product quantizer that follows, which must have as many.
    ///   - dimension: how many dimensions are left, from 1 to the vectors' dimension, which is 4,096 at most; by
    ///     default all.
    ///   - inner: an index with a product quantizer.
    public static func opq(subquantizers: Int, to dimension: Int? = nil, then inner: IndexDescription)
        -> IndexDescription
    {
        IndexDescription(nesting: .opq(subquantizers: subquantizers, to: dimension, then: inner), around: inner)
    }

    /// A random rotation, which spreads what vectors hold evenly over their components. Faiss: `RandomRotationMatrix` in
    /// an `IndexPreTransform`.
    ///
    /// - Parameters:
    ///   - dimension: how many dimensions are left, from 1 to the vectors' dimension, which is 4,096 at most; by
    ///     default all, and distances and inner products stay what they were.
    ///   - inner: the index over the turned vectors.
    public static func randomRotation(to dimension: Int? = nil, then inner: IndexDescription) -> IndexDescription {
        IndexDescription(nesting: .randomRotation(to: dimension, then: inner), around: inner)
    }

    /// An approximate index whose best candidates are compared again, by vectors as they are. Faiss: `IndexRefineFlat`.
    ///
    /// A search for k finds k · factor candidates in the index inside and returns the k nearest of these by exact distance.
    ///
    /// - Parameters:
    ///   - base: any index that is not refined itself.
    ///   - factor: candidates an answer, 1…1,000; 4 by default (Faiss: 1). Faiss: `k_factor`.
    public static func refined(_ base: IndexDescription, by factor: Float = 4) -> IndexDescription {
        IndexDescription(nesting: .refined(base, by: factor), around: base)
    }

    /// The description inside, where there is one.
    var inner: IndexDescription? {
        switch kind {
        case .flat, .scalarQuantized, .pq, .pqFastScan, .rabitq, .hnsw: nil
        case .ivf(_, let inner), .pca(_, _, let inner), .normalized(let inner), .opq(_, _, let inner),
            .randomRotation(_, let inner), .refined(let inner, _):
            inner
        }
    }

    /// Whether builders are nested deeper than ``maximumDepth``.
    var isTooDeep: Bool { depth > Self.maximumDepth }

    private var depth: Int { 1 + (inner?.depth ?? 0) }
}

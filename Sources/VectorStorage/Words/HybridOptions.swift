import Vectors

/// How a search by vectors and by words is done, and how the two sides' answers are put together: by reciprocal rank fusion
/// (Cormack, Clarke and Büttcher, SIGIR 2009). A row's score is the sum over the sides of weight / (``rankConstant`` + rank),
/// where the best row's rank is 1, and a side that has not found the row adds nothing.
public struct HybridOptions: Sendable {
    /// How much the nearness of vectors counts, from 0; 0 leaves that side out.
    public var vectorWeight: Double
    /// How much words count, from 0; 0 leaves that side out.
    public var textWeight: Double
    /// The larger, the less the first ranks stand out; the authors' 60 by default.
    public var rankConstant: Double
    /// How many rows each side finds, of which the k best are answered; by default ten times k, and at least 100.
    public var candidates: Int?
    /// Whether matches say where the query's words are in their texts.
    public var highlights: Bool
    /// How the side of the vectors searches.
    public var vectors: QueryOptions

    /// Makes options.
    public init(
        vectorWeight: Double = 1,
        textWeight: Double = 1,
        rankConstant: Double = 60,
        candidates: Int? = nil,
        highlights: Bool = false,
        vectors: QueryOptions = QueryOptions()
    ) {
        self.vectorWeight = vectorWeight
        self.textWeight = textWeight
        self.rankConstant = rankConstant
        self.candidates = candidates
        self.highlights = highlights
        self.vectors = vectors
    }

    func validate(k: Int) throws(VectorError) {
        try vectors.validate(k: k)
        try checkRange(candidates ?? 1, 1...Int.max, "the number of candidates")
        for (name, value) in [
            ("the weight of vectors", vectorWeight), ("the weight of words", textWeight),
            ("the rank constant", rankConstant),
        ] where !(0...1e9).contains(value) {
            throw VectorError(.invalidArgument, "\(name) is \(value), outside 0...1e9")
        }
        guard vectorWeight > 0 || textWeight > 0 else {
            throw VectorError(.invalidArgument, "the weights of vectors and of words are both 0")
        }
    }

    /// How many rows each side is to find.
    func depth(k: Int) -> Int { max(k, candidates ?? max(k.multipliedReportingOverflow(by: 10).partialValue, 100)) }
}

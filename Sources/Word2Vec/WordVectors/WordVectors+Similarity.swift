public import Vectors

/// A word found by its vector.
public struct SimilarWord: Sendable, Hashable {
    /// The word.
    public var word: String
    /// The cosine of the angle between its vector and the one asked for, from −1 to 1; of
    /// ``WordVectors/mostSimilarCosMul(positive:negative:top:restrict:among:)`` its score.
    public var similarity: Float

    /// Makes a finding.
    public init(word: String, similarity: Float) {
        self.word = word
        self.similarity = similarity
    }
}

extension WordVectors {
    /// The cosine of the angle between two words' vectors, from −1 to 1; 0 if one of them is zero.
    ///
    /// - Throws: `unknownWord`.
    public func similarity(_ first: String, _ second: String) throws(VectorError) -> Float {
        let (first, second) = (try row(of: first), try row(of: second))
        let direction = Direction(matrix[first])
        return withRow(second) { direction.cosine($0) }
    }

    /// The words whose vectors point most nearly where all of `positive` and none of `negative` do.
    ///
    /// Looks for the mean of the unit vectors, those of `negative` subtracted, as gensim does: "king" and "woman"
    /// without "man" asks what is to "woman" as "king" is to "man". The words asked with are never among the answers.
    ///
    /// Goes through all vectors, on the calling thread.
    ///
    /// - Parameters:
    ///   - positive: words to be near to.
    ///   - negative: words to be far from.
    ///   - top: how many answers; fewer if there are fewer words.
    ///   - restrict: look only among so many words from the start, the most frequent; nil looks among all.
    ///   - candidates: look only among these words; nil looks among all.
    /// - Returns: the nearest words, the nearest first; of equally near ones the first in ``words``.
    /// - Throws: `VectorError` with code `unknownWord`, or `invalidArgument` if no word is given, `top` is negative
    ///   or `restrict` is below 1.
    public func mostSimilar(
        positive: [String],
        negative: [String] = [],
        top: Int = 10,
        restrict: Int? = nil,
        among candidates: [String]? = nil
    ) throws(VectorError) -> [SimilarWord] {
        guard !positive.isEmpty || !negative.isEmpty else {
            throw VectorError(.invalidArgument, "no word is given to find similar words for")
        }
        var sum = [Double](repeating: 0, count: dimension)
        var asked = Set<Int>()
        for (words, sign) in [(positive, 1.0), (negative, -1.0)] {
            for word in words {
                let row = try row(of: word)
                asked.insert(row)
                for (column, value) in Direction(matrix[row]).components.enumerated() {
                    sum[column] += sign * Double(value)
                }
            }
        }
        let direction = Direction(sum)
        return try best(top, restrict, candidates, excluding: asked) { direction.cosine($0) }
    }

    /// The words whose vectors point most nearly where this vector does.
    ///
    /// - Parameters:
    ///   - vector: a vector of any length but of this dimension.
    ///   - top: how many answers; fewer if there are fewer words.
    ///   - restrict: look only among so many words from the start, the most frequent; nil looks among all.
    ///   - candidates: look only among these words; nil looks among all.
    ///   - excluded: words that are no answers, such as those of which the vector was made.
    /// - Returns: the nearest words, the nearest first; of equally near ones the first in ``words``.
    /// - Throws: `VectorError` with code `invalidArgument` for a wrong dimension, a negative `top` or a `restrict`
    ///   below 1, `notFinite` if the vector holds NaN or an infinity, `unknownWord`.
    public func mostSimilar(
        to vector: some Collection<Float>,
        top: Int = 10,
        restrict: Int? = nil,
        among candidates: [String]? = nil,
        excluding excluded: [String] = []
    ) throws(VectorError) -> [SimilarWord] {
        let direction = try self.direction(of: vector)
        return try best(top, restrict, candidates, excluding: rows(of: excluded)) { direction.cosine($0) }
    }

    /// The words that are near to each of `positive` and far from each of `negative`, by a product in place of a sum.
    ///
    /// The score is the product over `positive` of (1 + cosine) / 2, divided by the same product over `negative` plus
    /// 10⁻⁶: from 0 to 1 without `negative`, else from 0 on, larger is nearer. No single large term outweighs the
    /// others, as it may in ``mostSimilar(positive:negative:top:restrict:among:)``. The words asked with are never
    /// among the answers. (3CosMul of Levy and Goldberg 2014, doi:10.3115/v1/W14-1618; gensim's
    /// `most_similar_cosmul`, which takes `restrict_vocab` and ignores it.)
    ///
    /// Goes through all vectors, on the calling thread.
    ///
    /// - Parameters:
    ///   - positive: words to be near to, at least one.
    ///   - negative: words to be far from.
    ///   - top: how many answers; fewer if there are fewer words.
    ///   - restrict: look only among so many words from the start, the most frequent; nil looks among all.
    ///   - candidates: look only among these words; nil looks among all.
    /// - Returns: the words with the largest scores, the largest first; of equal ones the first in ``words``.
    /// - Throws: `VectorError` with code `unknownWord`, or `invalidArgument` if `positive` is empty, `top` is
    ///   negative or `restrict` is below 1.
    public func mostSimilarCosMul(
        positive: [String],
        negative: [String] = [],
        top: Int = 10,
        restrict: Int? = nil,
        among candidates: [String]? = nil
    ) throws(VectorError) -> [SimilarWord] {
        guard !positive.isEmpty else {
            throw VectorError(.invalidArgument, "no word is given to find similar words for")
        }
        let asked = try rows(of: positive + negative)
        var directions: [Direction] = []
        for word in positive + negative { directions.append(Direction(matrix[try row(of: word)])) }
        return try best(top, restrict, candidates, excluding: asked) { vector in
            var (numerator, denominator) = (1.0, 1.0)
            for (number, direction) in directions.enumerated() {
                let term = (1 + Double(direction.cosine(vector))) / 2
                if number < positive.count { numerator *= term } else { denominator *= term }
            }
            return Float(numerator / (denominator + 1e-6))
        }
    }

    /// The word that fits least among these: the one farthest from the mean of their unit vectors.
    ///
    /// - Returns: the word; of equally far ones the last given.
    /// - Throws: `VectorError` with code `unknownWord`, or `invalidArgument` for fewer than two words.
    public func doesntMatch(_ words: [String]) throws(VectorError) -> String {
        guard words.count >= 2 else {
            throw VectorError(.invalidArgument, "\(words.count) words are given; it takes 2 or more to find a misfit")
        }
        let ranked = try rankedByCentrality(words)
        return ranked[ranked.count - 1].word
    }

    /// The row of a word that must be known.
    func row(of word: String) throws(VectorError) -> Int {
        guard let row = index(of: word) else {
            throw VectorError(.unknownWord, "'\(word.prefix(40))' is not among the \(count) words")
        }
        return row
    }

    /// How many words from the start to look at.
    func limit(_ restrict: Int?) throws(VectorError) -> Int {
        guard let restrict else { return count }
        guard restrict >= 1 else { throw VectorError(.invalidArgument, "restrict \(restrict) is below 1") }
        return min(restrict, count)
    }

    /// The rows of words that must be known.
    func rows(of words: [String]) throws(VectorError) -> Set<Int> {
        var rows = Set<Int>()
        for word in words { rows.insert(try row(of: word)) }
        return rows
    }

    /// The direction of a vector that somebody gave us.
    func direction(of vector: some Collection<Float>) throws(VectorError) -> Direction {
        guard vector.count == dimension else {
            throw VectorError(
                .invalidArgument,
                "the vector has \(vector.count) components, the words' vectors have dimension \(dimension)"
            )
        }
        if let value = vector.first(where: { !$0.isFinite }) {
            throw VectorError(.notFinite, "the vector holds \(value)")
        }
        return Direction(vector)
    }

    /// The words with the highest scores, among those that a search may look at.
    private func best(
        _ top: Int,
        _ restrict: Int?,
        _ candidates: [String]?,
        excluding: Set<Int>,
        score: (UnsafeBufferPointer<Float>) -> Float
    ) throws(VectorError) -> [SimilarWord] {
        guard top >= 0 else { throw VectorError(.invalidArgument, "top \(top) is negative") }
        let limit = try limit(restrict)
        guard let candidates else { return best(top, among: 0..<limit, excluding: excluding, score: score) }
        let rows = try rows(of: candidates).filter { $0 < limit }.sorted()
        return best(top, among: rows, excluding: excluding, score: score)
    }

    private func best(
        _ top: Int,
        among rows: some Collection<Int>,
        excluding: Set<Int>,
        score: (UnsafeBufferPointer<Float>) -> Float
    ) -> [SimilarWord] {
        let wanted = min(top, rows.count)
        guard wanted > 0 else { return [] }
        var best: [(row: Int, score: Float)] = []
        // What is collected is cut back whenever it has twice the wanted size; from then on only better ones enter.
        var threshold = -Float.infinity
        func cut() {
            best.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
            best.removeSubrange(min(wanted, best.count)...)
            if best.count == wanted { threshold = best[wanted - 1].score }
        }
        matrix.withUnsafeBufferPointer { values in
            for row in rows {
                let value = score(UnsafeBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension]))
                guard value > threshold, !excluding.contains(row) else { continue }
                best.append((row, value))
                if best.count >= 2 * wanted + 64 { cut() }
            }
        }
        cut()
        return best.map { SimilarWord(word: words[$0.row], similarity: $0.score) }
    }

    func withRow<Result>(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        matrix.withUnsafeBufferPointer { values in
            body(UnsafeBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension]))
        }
    }
}

/// Where a vector points: the vector scaled to length 1, or zero.
struct Direction {
    let components: [Float]

    init(_ vector: some Collection<Float>) { self.init(vector.map(Double.init)) }

    init(_ vector: [Double]) {
        // In double precision neither the squares of the largest nor those of the smallest float are out of range.
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        components = vector.map { length > 0 ? Float($0 / length) : 0 }
    }

    /// The cosine of the angle to another vector of the same dimension; 0 if one of them is zero.
    func cosine(_ vector: UnsafeBufferPointer<Float>) -> Float {
        components.withUnsafeBufferPointer { components in
            typealias Lanes = SIMD8<Float>
            var (products, squares) = (Lanes.zero, Lanes.zero)
            let whole = vector.count & ~7
            let (raw, rawOwn) = (UnsafeRawBufferPointer(vector), UnsafeRawBufferPointer(components))
            for column in stride(from: 0, to: whole, by: 8) {
                let value = raw.loadUnaligned(fromByteOffset: column * 4, as: Lanes.self)
                products = products + value * rawOwn.loadUnaligned(fromByteOffset: column * 4, as: Lanes.self)
                squares = squares + value * value
            }
            var (product, square) = (products.sum(), squares.sum())
            for column in whole..<vector.count {
                product += vector[column] * components[column]
                square += vector[column] * vector[column]
            }
            if square > 1e-20, square < 1e30 { return min(1, max(-1, product / square.squareRoot())) }
            // Out of the range in which single precision is exact enough.
            var (exactProduct, exactSquare) = (0.0, 0.0)
            for column in vector.indices {
                exactProduct += Double(vector[column]) * Double(components[column])
                exactSquare += Double(vector[column]) * Double(vector[column])
            }
            guard exactSquare > 0 else { return 0 }
            return Float(min(1, max(-1, exactProduct / exactSquare.squareRoot())))
        }
    }
}

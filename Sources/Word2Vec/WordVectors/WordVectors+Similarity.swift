import Vectors

/// A word found by its vector.
public struct SimilarWord: Sendable, Hashable {
    /// The word.
    public var word: String
    /// The cosine of the angle between its vector and the one asked for, from −1 to 1.
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
    /// - Throws: ``Word2VecError/Code/unknownWord``.
    public func similarity(_ first: String, _ second: String) throws(Word2VecError) -> Float {
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
    /// - Returns: the nearest words, the nearest first; of equally near ones the first in ``words``.
    /// - Throws: ``Word2VecError`` with code `unknownWord`, or `invalidArgument` if no word is given, `top` is negative
    ///   or `restrict` is below 1.
    public func mostSimilar(
        positive: [String],
        negative: [String] = [],
        top: Int = 10,
        restrict: Int? = nil
    ) throws(Word2VecError) -> [SimilarWord] {
        guard !positive.isEmpty || !negative.isEmpty else {
            throw Word2VecError(.invalidArgument, "no word is given to find similar words for")
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
        return try nearest(to: Direction(sum), excluding: asked, top: top, restrict: restrict)
    }

    /// The words whose vectors point most nearly where this vector does.
    ///
    /// - Parameters:
    ///   - vector: a vector of any length but of this dimension.
    ///   - top: how many answers; fewer if there are fewer words.
    ///   - restrict: look only among so many words from the start, the most frequent; nil looks among all.
    /// - Returns: the nearest words, the nearest first; of equally near ones the first in ``words``.
    /// - Throws: ``Word2VecError`` with code `invalidArgument` for a wrong dimension, a negative `top` or a `restrict`
    ///   below 1, `notFinite` if the vector holds NaN or an infinity.
    public func mostSimilar(
        to vector: some Collection<Float>,
        top: Int = 10,
        restrict: Int? = nil
    ) throws(Word2VecError) -> [SimilarWord] {
        guard vector.count == dimension else {
            throw Word2VecError(
                .invalidArgument,
                "the vector has \(vector.count) components, the words' vectors have dimension \(dimension)"
            )
        }
        if let value = vector.first(where: { !$0.isFinite }) {
            throw Word2VecError(.notFinite, "the vector holds \(value)")
        }
        return try nearest(to: Direction(vector), excluding: [], top: top, restrict: restrict)
    }

    /// The word that fits least among these: the one farthest from the mean of their unit vectors.
    ///
    /// - Returns: the word; of equally far ones the last given.
    /// - Throws: ``Word2VecError`` with code `unknownWord`, or `invalidArgument` for fewer than two words.
    public func doesntMatch(_ words: [String]) throws(Word2VecError) -> String {
        guard words.count >= 2 else {
            throw Word2VecError(.invalidArgument, "\(words.count) words are given; it takes 2 or more to find a misfit")
        }
        var directions: [Direction] = []
        for word in words { directions.append(Direction(matrix[try row(of: word)])) }
        var sum = [Double](repeating: 0, count: dimension)
        for direction in directions {
            for column in 0..<dimension { sum[column] += Double(direction.components[column]) }
        }
        let mean = Direction(sum)
        var least = 0
        var leastSimilarity = Float.infinity
        for (number, direction) in directions.enumerated() {
            let similarity = direction.components.withUnsafeBufferPointer { mean.cosine($0) }
            if similarity <= leastSimilarity { (least, leastSimilarity) = (number, similarity) }
        }
        return words[least]
    }

    /// The row of a word that must be known.
    func row(of word: String) throws(Word2VecError) -> Int {
        guard let row = index(of: word) else {
            throw Word2VecError(.unknownWord, "'\(word.prefix(40))' is not among the \(count) words")
        }
        return row
    }

    /// How many words from the start to look at.
    func limit(_ restrict: Int?) throws(Word2VecError) -> Int {
        guard let restrict else { return count }
        guard restrict >= 1 else { throw Word2VecError(.invalidArgument, "restrict \(restrict) is below 1") }
        return min(restrict, count)
    }

    private func nearest(
        to direction: Direction,
        excluding: Set<Int>,
        top: Int,
        restrict: Int?
    ) throws(Word2VecError) -> [SimilarWord] {
        guard top >= 0 else { throw Word2VecError(.invalidArgument, "top \(top) is negative") }
        let limit = try limit(restrict)
        let wanted = min(top, limit)
        guard wanted > 0 else { return [] }
        var best: [(row: Int, similarity: Float)] = []
        // What is collected is cut back whenever it has twice the wanted size; from then on only better ones enter.
        var threshold = -Float.infinity
        func cut() {
            best.sort { $0.similarity != $1.similarity ? $0.similarity > $1.similarity : $0.row < $1.row }
            best.removeSubrange(min(wanted, best.count)...)
            if best.count == wanted { threshold = best[wanted - 1].similarity }
        }
        matrix.withUnsafeBufferPointer { values in
            for row in 0..<limit {
                let vector = UnsafeBufferPointer(rebasing: values[row * dimension..<(row + 1) * dimension])
                let similarity = direction.cosine(vector)
                guard similarity > threshold, !excluding.contains(row) else { continue }
                best.append((row, similarity))
                if best.count >= 2 * wanted + 64 { cut() }
            }
        }
        cut()
        return best.map { SimilarWord(word: words[$0.row], similarity: $0.similarity) }
    }

    private func withRow<Result>(_ row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
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

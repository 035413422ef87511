public import Vectors

extension WordVectors {
    /// 1 − the similarity of two words, from 0 to 2; 1 if one of the vectors is zero. (gensim's `distance`.)
    ///
    /// - Throws: `unknownWord`.
    public func distance(_ first: String, _ second: String) throws(VectorError) -> Float {
        1 - (try similarity(first, second))
    }

    /// The distance from a word to others, 1 − cosine, from 0 to 2, smaller is nearer. (gensim's `distances`.)
    ///
    /// - Parameters:
    ///   - word: the word.
    ///   - others: the words to compare with; nil stands for all ``words``, the word itself included.
    /// - Returns: a distance for each of `others`, in their order; 1 where one of the vectors is zero.
    /// - Throws: `unknownWord`.
    public func distances(from word: String, to others: [String]? = nil) throws(VectorError) -> [Float] {
        try distances(from: matrix[row(of: word)], to: others)
    }

    /// The distance from a vector to words, 1 − cosine, from 0 to 2, smaller is nearer.
    ///
    /// - Parameters:
    ///   - vector: a vector of any length but of this dimension.
    ///   - others: the words to compare with; nil stands for all ``words``.
    /// - Returns: a distance for each of `others`, in their order; 1 where one of the vectors is zero.
    /// - Throws: `VectorError` with code `unknownWord`, `invalidArgument` for a wrong dimension, `notFinite`.
    public func distances(
        from vector: some Collection<Float>,
        to others: [String]? = nil
    ) throws(VectorError) -> [Float] {
        let direction = try direction(of: vector)
        guard let others else {
            return (0..<count).map { row in withRow(row) { 1 - direction.cosine($0) } }
        }
        var distances: [Float] = []
        for other in others { distances.append(withRow(try row(of: other)) { 1 - direction.cosine($0) }) }
        return distances
    }

    /// The words that are nearer to a word than another one is, in their order in ``words``, the word itself left out.
    /// (gensim's `closer_than`.)
    ///
    /// Goes through all vectors, on the calling thread.
    ///
    /// - Throws: `unknownWord`.
    public func closerWords(to word: String, than other: String) throws(VectorError) -> [String] {
        let (own, limit) = (try row(of: word), try row(of: other))
        let direction = Direction(matrix[own])
        let reached = withRow(limit) { direction.cosine($0) }
        // The other one and its doubles are never closer than it is, whatever the rounding.
        return (0..<count).filter { row in row != own && withRow(row) { direction.cosine($0) } > reached }
            .map { words[$0] }
    }

    /// The place of a word among all words by their nearness to another one, from 1 for the nearest: one more than
    /// there are ``closerWords(to:than:)``. (gensim's `rank`, with its arguments the other way round.)
    ///
    /// - Throws: `unknownWord`.
    public func rank(of word: String, to other: String) throws(VectorError) -> Int {
        try closerWords(to: other, than: word).count + 1
    }

    /// The mean of words' vectors: the sum of weight × vector over the sum of the weights' magnitudes. (gensim's
    /// `get_mean_vector`.)
    ///
    /// - Parameters:
    ///   - words: words; unknown ones are ignored, one that stands twice counts twice.
    ///   - weights: a weight for each of `words`; nil stands for 1 each. They may be negative.
    ///   - normalizing: whether each vector is scaled to length 1 first.
    /// - Returns: a vector of this dimension; zeros if all weights are 0.
    /// - Throws: `VectorError` with code `unknownWord` if none of the words is known, `invalidArgument` if the
    ///   numbers of words and weights differ, `notFinite` if a weight is NaN or infinite.
    public func meanVector(
        of words: [String],
        weights: [Float]? = nil,
        normalizing: Bool = true
    ) throws(VectorError) -> [Float] {
        if let weights {
            guard weights.count == words.count else {
                throw VectorError(.invalidArgument, "\(weights.count) weights do not go with \(words.count) words")
            }
            if let weight = weights.first(where: { !$0.isFinite }) {
                throw VectorError(.notFinite, "one of the weights is \(weight)")
            }
        }
        var sum = [Double](repeating: 0, count: dimension)
        var (total, known) = (0.0, 0)
        for (number, word) in words.enumerated() {
            guard let row = index(of: word) else { continue }
            let weight = Double(weights?[number] ?? 1)
            known += 1
            total += abs(weight)
            let vector = normalizing ? Direction(matrix[row]).components[...] : matrix[row]
            for (column, value) in vector.enumerated() { sum[column] += weight * Double(value) }
        }
        guard known > 0 else {
            throw VectorError(
                .unknownWord,
                words.first.map { "none of the \(words.count) words is known, '\($0.prefix(40))' the first of them" }
                    ?? "no word is given to take the mean of"
            )
        }
        return sum.map { total > 0 ? Float($0 / total) : 0 }
    }

    /// The cosine of the angle between the means of two groups of words, from −1 to 1; 0 if one of the means is zero.
    /// (gensim's `n_similarity`: vectors are taken with their lengths.)
    ///
    /// Unknown words are ignored; a word that stands twice counts twice.
    ///
    /// - Throws: `unknownWord` if a group has no known word.
    public func similarity(_ first: [String], _ second: [String]) throws(VectorError) -> Float {
        let direction = Direction(try meanVector(of: first, normalizing: false))
        return try meanVector(of: second, normalizing: false).withUnsafeBufferPointer { direction.cosine($0) }
    }

    /// Words with the cosine between each one's vector and the mean of all their unit vectors, the largest first.
    /// (gensim's `rank_by_centrality`, which ignores unknown words.)
    ///
    /// - Returns: all of the words; equally central ones in the order given.
    /// - Throws: `unknownWord`.
    public func rankedByCentrality(_ words: [String]) throws(VectorError) -> [SimilarWord] {
        guard !words.isEmpty else { return [] }
        let rows = try words.map { word throws(VectorError) in try row(of: word) }
        let mean = Direction(try meanVector(of: words))
        return zip(words, rows)
            .map { word, row in SimilarWord(word: word, similarity: withRow(row) { mean.cosine($0) }) }
            .enumerated()
            .sorted { one, other in
                one.element.similarity != other.element.similarity
                    ? one.element.similarity > other.element.similarity : one.offset < other.offset
            }
            .map(\.element)
    }

    /// Only these words, with their vectors, in this order. (gensim's `vectors_for_all`.)
    ///
    /// - Throws: `VectorError` with code `unknownWord`, or `invalidArgument` if a word stands twice.
    public func gathering(_ words: [String]) throws(VectorError) -> WordVectors {
        let rows = try words.map { word throws(VectorError) in try row(of: word) }
        return try WordVectors(words: words, matrix: matrix.gathering(rows))
    }

    /// Only so many words from the start, the most frequent; all if there are fewer.
    ///
    /// - Throws: `invalidArgument` if the number is negative.
    public func prefix(_ maximumCount: Int) throws(VectorError) -> WordVectors {
        guard maximumCount >= 0 else {
            throw VectorError(.invalidArgument, "the number of words, \(maximumCount), is negative")
        }
        return try gathering(Array(words.prefix(maximumCount)))
    }
}

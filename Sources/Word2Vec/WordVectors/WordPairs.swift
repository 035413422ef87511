public import Vectors

public import struct Foundation.URL

/// Pairs of words with the similarity that people gave them, such as WordSim-353, MEN or SimLex-999.
public struct WordPairs: Sendable, Hashable {
    /// Two words and how similar they are.
    public struct Pair: Sendable, Hashable {
        /// A word.
        public var first: String
        /// Another word.
        public var second: String
        /// How similar people find them; larger is more similar, on any scale.
        public var score: Double

        /// Makes a pair.
        public init(_ first: String, _ second: String, score: Double) {
            self.first = first
            self.second = second
            self.score = score
        }
    }

    /// The pairs.
    public var pairs: [Pair]

    /// The first line of the file, where it was taken for a heading.
    public private(set) var heading: String?

    /// Makes a collection of pairs.
    public init(_ pairs: [Pair]) {
        self.pairs = pairs
    }

    /// Reads pairs from a text file: lines of two words and a score, as WordSim-353's `combined.csv`, MEN and SimLex-999
    /// have them.
    ///
    /// Blank lines and those that start with "#" are skipped. The score is the first field behind the two words that is
    /// no name, that is, holds a digit: SimLex-999 has the part of speech before it. Further fields are left alone. The
    /// first line is a heading, kept in ``heading``, if it has no score and what stands in its place starts with a letter;
    /// a damaged score, such as `7.3x5`, is an error there as everywhere.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - delimiter: the ASCII character between fields. nil stands for tabs or commas, if the first line has two of
    ///     them, and else for spaces and tabs.
    /// - Throws: `VectorError` with code `inputOutput`, `invalidArgument` for another delimiter, or `invalidFormat`
    ///   for any other line or a file without pairs.
    public init(contentsOf url: URL, delimiter: Character? = nil) throws(VectorError) {
        var separator: UInt8?
        if let delimiter {
            guard let ascii = delimiter.asciiValue else {
                throw VectorError(.invalidArgument, "the delimiter '\(delimiter)' is not an ASCII character")
            }
            separator = ascii
        }
        let file = try ByteStream(url)
        var pairs: [Pair] = []
        var heading: String?
        var isFirst = true
        var column: Int?
        try TextLines(file, maximumLength: 1 << 16).forEach { number, line throws(VectorError) in
            if line.first == UInt8(ascii: "#") || line[...].fields.isEmpty { return }
            if isFirst, separator == nil {
                separator = [0x09, 0x2C].first { delimiter in line.count { $0 == delimiter } >= 2 }
            }
            let raw = separator.map { line.split(separator: $0, omittingEmptySubsequences: false) } ?? line[...].fields
            let fields = raw.map { field in
                String(decoding: field, as: UTF8.self).trimmingPrefix { $0.isWhitespace }
            }.map { String($0.reversed().trimmingPrefix { $0.isWhitespace }.reversed()) }
            let wasFirst = isFirst
            isFirst = false
            guard fields.count >= 3 else {
                throw VectorError(
                    .invalidFormat,
                    "line \(number) of '\(file.path)' has \(fields.count) fields; two words and a number were expected"
                )
            }
            let place = column ?? fields.indices.dropFirst(2).first { Self.isScore(fields[$0]) }
            guard let place, place < fields.count, let score = Double(fields[place]), score.isFinite else {
                let text = place.map { $0 < fields.count ? fields[$0] : "" } ?? fields[2]
                if wasFirst, text.first?.isLetter == true, Double(text) == nil {
                    heading = String(decoding: line, as: UTF8.self)
                    return
                }
                throw VectorError(
                    .invalidFormat,
                    "'\(text.prefix(40))' on line \(number) of '\(file.path)' is not a finite number"
                )
            }
            column = place
            pairs.append(Pair(fields[0], fields[1], score: score))
        }
        guard !pairs.isEmpty else { throw VectorError(.invalidFormat, "'\(file.path)' holds no word pairs") }
        self.pairs = pairs
        self.heading = heading
    }

    /// As `init(contentsOf:delimiter:)`, off the cooperative pool.
    public init(contentsOf url: URL, delimiter: Character? = nil) async throws(VectorError) {
        self = try await runBlocking { _ throws(VectorError) in try WordPairs(contentsOf: url, delimiter: delimiter) }
    }

    /// Whether a field is a score or a damaged one, not a name.
    private static func isScore(_ field: String) -> Bool {
        field.contains(where: \.isNumber) || Double(field) != nil
    }
}

/// How well the similarity of word vectors agrees with people's judgement.
public struct WordPairEvaluation: Sendable, Hashable {
    /// The correlation of the ranks, equal values sharing their mean rank, from −1 to 1. (Spearman 1904)
    public var spearman: Double
    /// The correlation of the values, from −1 to 1. (Pearson 1895)
    public var pearson: Double
    /// How many pairs were compared: those whose words are both known.
    public var pairs: Int
    /// How many pairs were skipped, as they hold an unknown word.
    public var unknown: Int
}

extension WordVectors {
    /// Compares the cosine of word pairs with people's scores, as gensim's `evaluate_word_pairs` does.
    ///
    /// A pair with a word that is not among the first `restrict` words is skipped.
    ///
    /// - Parameters:
    ///   - wordPairs: the pairs.
    ///   - restrict: use only so many words from the start, the most frequent. (gensim's default is 300,000.)
    ///   - caseInsensitive: take words for the same if they differ in case only; the first in ``words`` stands for all.
    /// - Throws: `VectorError` with code `invalidArgument` if `restrict` is below 1, fewer than two pairs are known,
    ///   or all known pairs have the same score or the same similarity, so that there is no correlation.
    public func evaluateWordPairs(
        _ wordPairs: WordPairs,
        restrict: Int = 30_000,
        caseInsensitive: Bool = true
    ) throws(VectorError) -> WordPairEvaluation {
        let keys = KnownWords(self, limit: try limit(restrict), caseInsensitive: caseInsensitive)
        var scores: [Double] = []
        var similarities: [Double] = []
        for pair in wordPairs.pairs {
            guard let first = keys.row(of: pair.first), let second = keys.row(of: pair.second) else { continue }
            scores.append(pair.score)
            similarities.append(Double(try similarity(words[first], words[second])))
        }
        guard scores.count >= 2 else {
            throw VectorError(
                .invalidArgument,
                "\(scores.count) of \(wordPairs.pairs.count) word pairs have both words among the first "
                    + "\(keys.representatives.count); it takes 2 or more for a correlation"
            )
        }
        guard let pearson = correlation(scores, similarities),
            let spearman = correlation(ranks(scores), ranks(similarities))
        else {
            throw VectorError(
                .invalidArgument,
                "the \(scores.count) known word pairs have all the same score or similarity: there is no correlation"
            )
        }
        return WordPairEvaluation(
            spearman: spearman,
            pearson: pearson,
            pairs: scores.count,
            unknown: wordPairs.pairs.count - scores.count
        )
    }
}

/// Pearson's correlation; nil if one side doesn't vary.
func correlation(_ first: [Double], _ second: [Double]) -> Double? {
    let count = Double(first.count)
    let (firstMean, secondMean) = (first.reduce(0, +) / count, second.reduce(0, +) / count)
    var (product, firstSquare, secondSquare) = (0.0, 0.0, 0.0)
    for (x, y) in zip(first, second) {
        let (dx, dy) = (x - firstMean, y - secondMean)
        product += dx * dy
        firstSquare += dx * dx
        secondSquare += dy * dy
    }
    guard firstSquare > 0, secondSquare > 0 else { return nil }
    return min(1, max(-1, product / firstSquare.squareRoot() / secondSquare.squareRoot()))
}

/// The rank of each value, from 1; equal values share the mean of their ranks.
func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}

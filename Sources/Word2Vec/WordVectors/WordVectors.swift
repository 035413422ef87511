public import Vectors

/// Words and their vectors.
///
/// Words are distinct by their UTF-8 bytes, none is empty, and all numbers are finite. Trained vectors stand in the
/// order of falling frequency, which is what `restrict` in searches and evaluations builds upon.
public struct WordVectors: Sendable {
    /// The words, in the order of the rows of ``matrix``.
    public let words: [String]
    /// The vectors, a row a word.
    public let matrix: VectorMatrix
    private let table: WordTable

    /// Puts words and vectors together.
    ///
    /// - Throws: `VectorError` with code `invalidArgument` if the numbers of words and rows differ, if a word is
    ///   empty, longer than ``Corpus/maximumWordLength`` bytes, or occurs twice; `notFinite` if a number is NaN or
    ///   infinite.
    public init(words: [String], matrix: VectorMatrix) throws(VectorError) {
        guard words.count == matrix.count else {
            throw VectorError(.invalidArgument, "\(words.count) words do not go with \(matrix.count) vectors")
        }
        var table = WordTable()
        for (row, word) in words.enumerated() {
            let length = word.utf8.count
            guard (1...Corpus.maximumWordLength).contains(length) else {
                throw VectorError(
                    .invalidArgument,
                    "word \(row) has \(length) bytes, outside 1...\(Corpus.maximumWordLength)"
                )
            }
            let (number, isNew) = table.insert(word)
            guard isNew else {
                throw VectorError(.invalidArgument, "word \(row), '\(word.prefix(40))', is word \(number) again")
            }
        }
        if let place = matrix.values.firstIndex(where: { !$0.isFinite }) {
            throw VectorError(
                .notFinite,
                "the vector of '\(words[place / matrix.dimension].prefix(40))' holds \(matrix.values[place])"
            )
        }
        self.init(table: table, words: words, matrix: matrix)
    }

    /// Puts together what is known to meet the type's conditions.
    init(table: WordTable, words: [String], matrix: VectorMatrix) {
        self.table = table
        self.words = words
        self.matrix = matrix
    }

    /// The number of words.
    public var count: Int { words.count }
    /// The number of components of a vector.
    public var dimension: Int { matrix.dimension }

    /// The place of a word, or nil. Complexity: O(1).
    public func index(of word: String) -> Int? { table.find(word) }

    /// The place of the word with these bytes, or nil. Complexity: O(1).
    func index(ofBytes word: UnsafeBufferPointer<UInt8>) -> Int? { table.find(word) }

    /// Whether the word has a vector. Complexity: O(1).
    public func contains(_ word: String) -> Bool { index(of: word) != nil }

    /// The vector of a word, or nil. Complexity: O(1).
    public subscript(word: String) -> ArraySlice<Float>? { index(of: word).map { matrix[$0] } }

    /// The same words with vectors scaled to Euclidean length 1; a zero vector stays zero.
    public func normalized() -> WordVectors {
        WordVectors(table: table, words: words, matrix: matrix.normalized())
    }
}

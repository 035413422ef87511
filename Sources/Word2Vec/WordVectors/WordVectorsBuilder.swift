import Vectors

/// Collects what a file's reader finds, and refuses what no ``WordVectors`` may hold.
struct WordVectorsBuilder {
    /// The file's path, for messages.
    let path: String
    let dimension: Int
    private var table = WordTable()
    private var words: [String] = []
    private var values: [Float] = []

    init(path: String, dimension: Int, expectedCount: Int = 0) throws(Word2VecError) {
        guard (1...VectorMatrix.maximumDimension).contains(dimension) else {
            throw Word2VecError(
                .invalidFormat,
                "'\(path)' has dimension \(dimension), outside 1...\(VectorMatrix.maximumDimension)"
            )
        }
        self.path = path
        self.dimension = dimension
        // The caller has made sure that the file is long enough for the count.
        try converting { () throws(VectorError) in
            try checkMemory(bytes: expectedCount * dimension * 4, for: "\(expectedCount) vectors of '\(path)'")
        }
        words.reserveCapacity(expectedCount)
        values.reserveCapacity(expectedCount * dimension)
    }

    var count: Int { words.count }

    /// Adds a word; its vector's numbers must follow.
    mutating func append(word bytes: UnsafeBufferPointer<UInt8>) throws(Word2VecError) {
        guard (1...Corpus.maximumWordLength).contains(bytes.count) else {
            throw Word2VecError(
                .invalidFormat,
                "word \(count + 1) of '\(path)' has \(bytes.count) bytes, outside 1...\(Corpus.maximumWordLength)"
            )
        }
        let word = String(decoding: bytes, as: UTF8.self)
        let (number, isNew) = table.insert(word)
        guard isNew else {
            throw Word2VecError(
                .invalidFormat,
                "word \(count + 1) of '\(path)', '\(word.prefix(40))', is word \(number + 1) again"
            )
        }
        words.append(word)
    }

    /// Adds a number to the last word's vector.
    mutating func append(_ value: Float) throws(Word2VecError) {
        guard value.isFinite else {
            throw Word2VecError(
                .invalidFormat,
                "the vector of '\(words[count - 1].prefix(40))' in '\(path)' holds \(value)"
            )
        }
        values.append(value)
    }

    /// The word vectors, of which there must be some, each with all its numbers.
    func finish() throws(Word2VecError) -> WordVectors {
        guard count > 0 else { throw Word2VecError(.invalidFormat, "'\(path)' holds no words") }
        return try converting { () throws(VectorError) in
            WordVectors(table: table, words: words, matrix: try VectorMatrix(values, dimension: dimension))
        }
    }
}

import Vectors

/// Collects what a file's reader finds, and refuses or leaves out what no ``WordVectors`` may hold.
struct WordVectorsBuilder {
    /// The file's path, for messages.
    let path: String
    let dimension: Int
    /// What was left out; nil if a row that can't be used ends the reading.
    private(set) var omitted: OmittedRows?
    private var table = WordTable()
    private var words: [String] = []
    private var values: [Float] = []
    /// Rows so far, used or not.
    private(set) var rows = 0

    init(path: String, dimension: Int, expectedCount: Int = 0, isLenient: Bool) throws(VectorError) {
        guard (1...VectorMatrix.maximumDimension).contains(dimension) else {
            throw VectorError(
                .invalidFormat,
                "'\(path)' has dimension \(dimension), outside 1...\(VectorMatrix.maximumDimension)"
            )
        }
        self.path = path
        self.dimension = dimension
        omitted = isLenient ? OmittedRows() : nil
        // The caller has made sure that the file is long enough for the count.
        try checkMemory(bytes: expectedCount * dimension * 4, for: "\(expectedCount) vectors of '\(path)'")
        words.reserveCapacity(expectedCount)
        values.reserveCapacity(expectedCount * dimension)
    }

    var count: Int { words.count }

    /// Adds a row: its word, and its numbers, which `numbers` appends.
    ///
    /// - Parameter place: where the row is, for messages, such as "line 7".
    mutating func append(
        place: @autoclosure () -> String,
        word: UnsafeBufferPointer<UInt8>,
        numbers: (inout [Float]) throws(RowFailure) -> Void
    ) throws(VectorError) {
        let start = values.count
        do throws(RowFailure) {
            try numbers(&values)
            try check(word, numbersFrom: start, place)
        } catch {
            values.removeSubrange(start...)
            try omit(error)
            return
        }
        rows += 1
    }

    /// Leaves a row out, or ends the reading.
    mutating func omit(_ failure: RowFailure) throws(VectorError) {
        guard omitted != nil else { throw VectorError(.invalidFormat, failure.message) }
        omitted?.add(failure, row: rows)
        rows += 1
    }

    private mutating func check(
        _ bytes: UnsafeBufferPointer<UInt8>,
        numbersFrom start: Int,
        _ place: () -> String
    ) throws(RowFailure) {
        guard values.count - start == dimension else {
            throw RowFailure(
                reason: .malformed,
                message: "\(place()) of '\(path)' has \(values.count - start) numbers, not \(dimension)"
            )
        }
        guard (1...Corpus.maximumWordLength).contains(bytes.count) else {
            throw RowFailure(
                reason: .unusableWord,
                message: "the word on \(place()) of '\(path)' has \(bytes.count) bytes, outside "
                    + "1...\(Corpus.maximumWordLength)"
            )
        }
        let word = String(decoding: bytes, as: UTF8.self)
        if let value = values[start...].first(where: { !$0.isFinite }) {
            throw RowFailure(
                reason: .notFinite,
                message: "the vector of '\(word.prefix(40))' on \(place()) of '\(path)' holds \(value)"
            )
        }
        let (number, isNew) = table.insert(word)
        guard isNew else {
            throw RowFailure(
                reason: .duplicate,
                message: "the word '\(word.prefix(40))' on \(place()) of '\(path)' is word \(number + 1) again"
            )
        }
        words.append(word)
    }

    /// The file declares more rows than it has.
    mutating func miss(_ count: Int, _ message: String) throws(VectorError) {
        guard omitted != nil else { throw VectorError(.invalidFormat, message) }
        omitted?.missing = count
    }

    /// The word vectors, of which there must be some.
    func finish() throws(VectorError) -> WordVectors {
        guard count > 0 else {
            let reason = omitted?.messages.first.map { "; \($0)" } ?? ""
            throw VectorError(.invalidFormat, "'\(path)' holds no words\(reason)")
        }
        return WordVectors(table: table, words: words, matrix: try VectorMatrix(values, dimension: dimension))
    }
}

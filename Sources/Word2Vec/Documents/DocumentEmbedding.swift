public import Vectors

/// Turns documents into vectors: a document's vector is the mean of its words' vectors, plain or weighted.
///
/// ```swift
/// let mean = DocumentEmbedding(model.vectors)
/// let vectors = try mean.vectors(of: ["water turns into ice", "the king of France"])
/// ```
///
/// Smooth inverse frequency (Arora, Liang and Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings",
/// ICLR) takes two steps: frequent words count less, and what all documents have in common is taken away. It is learned
/// from one set of documents and then applied to any:
///
/// ```swift
/// let weighted = try DocumentEmbedding(model.vectors, vocabulary: model.vocabulary)
/// let embedding = try weighted.removingFirstComponent(of: weighted.vectors(of: known))
/// let vectors = try embedding.vectors(of: new)
/// ```
///
/// Words without a vector are ignored, without regard to how many they are. A document that has no other words gets
/// a row of zeros, which is no error. A word that occurs twice counts twice; the order of words does not matter.
///
/// The words' vectors are taken as they are: hand in ``WordVectors/normalized()`` if all should count alike, as gensim's
/// `get_mean_vector` does by default. The documents' vectors have various lengths, too; they are best
/// compared by their cosine.
public struct DocumentEmbedding: Sendable {
    /// The words that documents are made of.
    public let words: WordVectors
    /// What each word counts, in the order of ``words``; nil where each counts 1.
    public let weights: [Float]?
    /// The direction that is taken away from each document's vector, of length 1; nil if none is.
    ///
    /// See `removingFirstComponent(of:threads:progress:)`. Of the two opposite directions this is the one whose
    /// component of largest magnitude is positive.
    public let commonComponent: [Float]?

    private init(words: WordVectors, weights: [Float]?, commonComponent: [Float]?) {
        self.words = words
        self.weights = weights
        self.commonComponent = commonComponent
    }

    /// Plain means: every word counts 1.
    public init(_ words: WordVectors) {
        self.init(words: words, weights: nil, commonComponent: nil)
    }

    /// Means in which a word counts a / (a + p), where p is its share of the corpus, from 0 to 1.
    ///
    /// - Parameters:
    ///   - words: the words and their vectors.
    ///   - vocabulary: the counts, as ``Word2VecModel/vocabulary`` has them. For vectors from a file,
    ///     `Vocabulary(of:minimumCount:maximumSize:)` counts the words of any text. A word that it lacks has
    ///     p = 0 and counts 1.
    ///   - a: how much a word counts: the smaller, the less do frequent words. Above 0; the paper's 1e-3 by default.
    /// - Throws: `invalidArgument` if `a` is not above 0 and finite.
    public init(_ words: WordVectors, vocabulary: Vocabulary, a: Double = 1e-3) throws(VectorError) {
        guard a > 0, a.isFinite else { throw VectorError(.invalidArgument, "a \(a) is not above 0 and finite") }
        let total = Double(vocabulary.corpusTotal)
        let weights = words.words.map { word in
            guard let index = vocabulary.index(of: word) else { return Float(1) }
            return Float(a / (a + Double(vocabulary.counts[index]) / total))
        }
        self.init(words: words, weights: weights, commonComponent: nil)
    }

    // MARK: Learning what is common

    /// The same embedding, which from now on takes away what these documents have in common: the part of each vector
    /// that lies along their first principal direction.
    ///
    /// The direction is the first right singular vector of the matrix as it is, not centred (scikit-learn's
    /// `TruncatedSVD(n_components=1)`), found by power iteration: repeated passes over all rows until it moves by less
    /// than 1e-7, 1,000 at most. Some ten are usual; where no direction stands out, the answer is one of several that are
    /// about as good. It depends neither on chance nor on the number of threads.
    ///
    /// Blocks the calling thread, which does its part of the work. Ends early if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - documents: documents × dimension, what `vectors(of:)` gave before anything was taken away. Rows of zeros say
    ///     nothing and do no harm.
    ///   - threads: how many threads to use.
    ///   - progress: called with the share of the work that is done, from 0 to 1, by estimate; on the calling thread.
    /// - Throws: `VectorError` with code `invalidArgument` for a wrong dimension, or if no row differs from zero;
    ///   `notFinite` if a number is NaN or infinite; `cancelled`.
    public func removingFirstComponent(
        of documents: VectorMatrix,
        threads: ThreadLimit = .automatic,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> DocumentEmbedding {
        guard documents.dimension == words.dimension else {
            throw VectorError(
                .invalidArgument,
                "documents of dimension \(documents.dimension) do not go with words of dimension \(words.dimension)"
            )
        }
        let component = try firstComponent(of: documents, threads, Cancellation.current, progress)
        return DocumentEmbedding(words: words, weights: weights, commonComponent: component)
    }

    /// As `removingFirstComponent(of:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func removingFirstComponent(
        of documents: VectorMatrix,
        threads: ThreadLimit = .automatic,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> DocumentEmbedding {
        try await runBlocking { _ throws(VectorError) in
            try removingFirstComponent(of: documents, threads: threads, progress: progress)
        }
    }

    // MARK: Vectors

    /// The vectors of texts, which are split into words as ``Corpus`` splits them: at white space, and nothing else is
    /// done to them. What was done to the text of the training, such as lower-casing, is to be done here, too.
    ///
    /// Cost: one addition of vectors a word. Blocks the calling thread, which does its part of the work. Ends early if
    /// the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - documents: the texts; line ends are white space like any other.
    ///   - threads: how many threads to use; the result does not depend on it.
    ///   - progress: called with the share of the work that is done, from 0 to 1, by estimate; on the calling thread.
    /// - Returns: documents × dimension, in the order of the documents; a row of zeros for a document without known
    ///   words.
    /// - Throws: `VectorError` with code `tooLarge` or `cancelled`.
    public func vectors(
        of documents: [String],
        threads: ThreadLimit = .automatic,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> VectorMatrix {
        try vectors(documents.count, threads, progress, wordsOfTexts(documents))
    }

    /// As `vectors(of:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func vectors(
        of documents: [String],
        threads: ThreadLimit = .automatic,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> VectorMatrix {
        try await runBlocking { _ throws(VectorError) in
            try vectors(of: documents, threads: threads, progress: progress)
        }
    }

    /// As the variant for texts, for documents that have already been split into words; words are taken as they are.
    public func vectors(
        of documents: [[String]],
        threads: ThreadLimit = .automatic,
        progress: ((_ fraction: Double) -> Void)? = nil
    ) throws(VectorError) -> VectorMatrix {
        try vectors(documents.count, threads, progress, wordsOfLists(documents))
    }

    /// As `vectors(of:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func vectors(
        of documents: [[String]],
        threads: ThreadLimit = .automatic,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> VectorMatrix {
        try await runBlocking { _ throws(VectorError) in
            try vectors(of: documents, threads: threads, progress: progress)
        }
    }

    /// Calls the closure with the row of each known word of the document with this number.
    private typealias KnownWords = @Sendable (_ document: Int, _ body: (Int) -> Void) -> Void

    private func wordsOfTexts(_ documents: [String]) -> KnownWords {
        { document, body in
            var text = documents[document]
            text.withUTF8 { text in
                eachWord(of: text) { word in
                    if let row = words.index(ofBytes: word) { body(row) }
                }
            }
        }
    }

    private func wordsOfLists(_ documents: [[String]]) -> KnownWords {
        { document, body in
            for word in documents[document] {
                if let row = words.index(of: word) { body(row) }
            }
        }
    }

    private func vectors(
        _ count: Int,
        _ threads: ThreadLimit,
        _ progress: ((Double) -> Void)?,
        _ knownWords: @escaping KnownWords
    ) throws(VectorError) -> VectorMatrix {
        return try VectorMatrix(count: count, dimension: words.dimension) { values in
            // Each piece of the documents writes rows of its own, and all of them are done when inPieces returns.
            nonisolated(unsafe) let values = values
            try inPieces(
                of: count,
                size: 64,
                threads: threads,
                .current,
                "embedding \(count) documents",
                progress: progress
            ) { piece in
                var sum = [Double](repeating: 0, count: words.dimension)
                for document in piece {
                    addUp(document, knownWords, &sum)
                    for column in sum.indices { values[document * sum.count + column] = Float(sum[column]) }
                }
            }
        }
    }

    /// Puts the vector of one document in the place of `sum`.
    private func addUp(_ document: Int, _ knownWords: KnownWords, _ sum: inout [Double]) {
        let dimension = sum.count
        var known = 0
        sum.withUnsafeMutableBufferPointer { sum in
            sum.update(repeating: 0)
            words.matrix.withUnsafeBufferPointer { values in
                knownWords(document) { row in
                    known += 1
                    let weight = weights.map { Double($0[row]) } ?? 1
                    for column in 0..<dimension { sum[column] += weight * Double(values[row * dimension + column]) }
                }
            }
            guard known > 0 else { return }
            for column in 0..<dimension { sum[column] /= Double(known) }
            guard let commonComponent else { return }
            var along = 0.0
            for column in 0..<dimension { along += sum[column] * Double(commonComponent[column]) }
            for column in 0..<dimension { sum[column] -= along * Double(commonComponent[column]) }
        }
    }
}

/// Calls the closure with each word of a text, split where ``Tokenizer`` splits it.
private func eachWord(of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    var start = 0
    for end in 0...text.count where end == text.count || text[end] == 0x20 || (0x09...0x0D).contains(text[end]) {
        if start < end { body(UnsafeBufferPointer(rebasing: text[start..<end])) }
        start = end + 1
    }
}

import Vectors

/// Takes texts in pieces through a transformer.
///
/// A piece has a few hundred tokens, so that its activations stay in the caches and memory doesn't grow with the number
/// of texts. Many pieces are shared out among the threads; on few, all threads work together.
struct TransformerBatches: Sendable {
    /// The tokens of a piece, unless one text has more.
    private static let pieceTokens = 256

    let transformer: Transformer
    private let pool: WorkingMemoryPool

    init(_ transformer: Transformer) {
        self.transformer = transformer
        pool = WorkingMemoryPool(for: transformer.configuration)
    }

    /// - Parameters:
    ///   - count: the number of texts.
    ///   - size: an estimate of a text's tokens, which decides how the work is cut up, and nothing else.
    ///   - progress: called on the calling thread with the share of the texts that are done.
    ///   - tokenize: gives the ids and types of a text.
    ///   - finish: takes the states of some texts, of which the first is given by its number.
    func run(
        count: Int,
        size: (Int) -> Int,
        threads: ThreadLimit,
        _ cancellation: Cancellation,
        _ purpose: String,
        progress: ((Double) -> Void)?,
        tokenize: @escaping @Sendable (Int) throws(VectorError) -> (ids: [Int32], types: [Int32]),
        finish: @escaping @Sendable (_ first: Int, TokenBatch, Rows, Team) throws(VectorError) -> Void
    ) throws(VectorError) {
        let pieces = cut(count, size, threads: threads.count)
        let work: @Sendable (Int, Team) throws(VectorError) -> Void = { number, team throws(VectorError) in
            try cancellation.check(purpose)
            var batch = TokenBatch()
            var first = pieces[number].lowerBound
            for text in pieces[number] {
                let tokens = try tokenize(text)
                if batch.tokenCount > 0, batch.tokenCount + tokens.ids.count > 2 * Self.pieceTokens {
                    try encode(batch, first, team, finish)
                    batch = TokenBatch()
                    first = text
                }
                try check(tokens.ids, tokens.types)
                batch.append(ids: tokens.ids, types: tokens.types)
            }
            try encode(batch, first, team, finish)
        }
        guard threads.count > 1, pieces.count > 2 * threads.count else {
            // Four for the shortest text, more for longer ones: with one core each they would wait for each other's steps.
            let tokens = (0..<count).reduce(0) { $0 + max(0, min(size($1), Self.pieceTokens)) }
            return try Team.run(min(threads.count, 4 + tokens / 64)) { team throws(VectorError) in
                for number in pieces.indices {
                    try work(number, team)
                    progress?(Double(pieces[number].upperBound) / Double(count))
                }
            }
        }
        try inPieces(of: pieces.count, size: 1, threads: threads, progress: progress) { numbers throws(VectorError) in
            for number in numbers { try work(number, .alone) }
        }
    }

    /// Pieces of texts that follow one upon the other, smaller ones towards the end: no thread then waits long for the
    /// last.
    private func cut(_ count: Int, _ size: (Int) -> Int, threads: Int) -> [Range<Int>] {
        let longest = transformer.configuration.maximumTokens
        let sizes = (0..<count).map { max(1, min(size($0), longest)) }
        var left = sizes.reduce(0, +)
        var pieces: [Range<Int>] = []
        var (start, tokens) = (0, 0)
        for text in 0..<count {
            tokens += sizes[text]
            left -= sizes[text]
            let isFull = tokens >= min(Self.pieceTokens, max(Self.pieceTokens / 8, left / (2 * threads)))
            guard isFull || text == count - 1 else { continue }
            pieces.append(start..<text + 1)
            (start, tokens) = (text + 1, 0)
        }
        return pieces
    }

    private func encode(
        _ batch: TokenBatch,
        _ first: Int,
        _ team: Team,
        _ finish: (_ first: Int, TokenBatch, Rows, Team) throws(VectorError) -> Void
    ) throws(VectorError) {
        try pool.with(tokens: batch.tokenCount, members: team.count) { memory throws(VectorError) in
            transformer.encode(batch, memory, team)
            try finish(first, batch, memory.states, team)
        }
    }

    /// Refuses tokens that the model's tables don't have.
    private func check(_ ids: [Int32], _ types: [Int32]) throws(VectorError) {
        let configuration = transformer.configuration
        guard ids.count <= configuration.maximumTokens else {
            throw VectorError(
                .invalidArgument,
                "a text of \(ids.count) tokens exceeds the model's \(configuration.maximumTokens) positions"
            )
        }
        if let id = ids.first(where: { $0 < 0 || $0 >= configuration.vocabularySize }) {
            throw VectorError(
                .invalidFormat,
                "the tokenizer gave the id \(id); the weights have \(configuration.vocabularySize) tokens"
            )
        }
        if let type = types.first(where: { $0 < 0 || $0 >= max(configuration.typeCount, 1) }),
            configuration.typeCount > 0
        {
            throw VectorError(
                .invalidFormat,
                "the tokenizer gave the token type \(type); the weights have \(configuration.typeCount)"
            )
        }
    }
}

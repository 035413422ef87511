import GRDB
import Vectors

extension LiveCollection {
    /// Finds the k best rows of a version by a vector, by words, or by both; nil if the collection has changed since.
    ///
    /// - Parameters:
    ///   - vector: one query, or nil.
    ///   - text: words, or nil.
    func hybridSearch(
        _ vector: VectorMatrix?,
        text: String?,
        in version: CollectionVersion,
        k: Int,
        where condition: MetadataCondition?,
        options: HybridOptions,
        cancellation: Cancellation
    ) throws(VectorError) -> HybridResult? {
        var fusion = RankFusion(constant: options.rankConstant)
        var result = HybridResult(matches: [], wordMatchCount: 0)
        var query: FullTextQuery?
        // Before the vectors, as another state is found out at once.
        if let text {
            guard let words = try words(text, in: version, k, where: condition, options, cancellation) else {
                return nil
            }
            fusion.add(words.best, weight: options.textWeight, to: \.byWords)
            result.wordMatchCount = words.count
            query = words.query
        }
        if let vector {
            let answers = try version.search(
                vector,
                k: min(options.depth(k: k), max(version.liveCount, 1)),
                where: condition,
                options: options.vectors,
                source: source,
                cancellation: cancellation
            )
            guard let answer = answers?[0] else { return nil }
            fusion.add(answer.candidates, weight: options.vectorWeight, to: \.byVector)
            result.vectorDiagnostics = answer.diagnostics
        }
        let best = fusion.best(k)
        guard let details = try details(of: best.map(\.slot), in: version) else { return nil }
        result.matches = best.compactMap { row in
            guard let found = details[row.slot] else { return nil }
            return HybridMatch(
                key: found.key,
                score: row.score,
                metadata: found.metadata,
                byVector: row.byVector,
                byWords: row.byWords,
                highlights: [:]
            )
        }
        if options.highlights, let query { try highlight(query, in: &result.matches) }
        return result
    }

    /// The rows whose words fit a text best, and in how many any of them occurs; nil if the collection has changed since.
    private func words(
        _ text: String,
        in version: CollectionVersion,
        _ k: Int,
        where condition: MetadataCondition?,
        _ options: HybridOptions,
        _ cancellation: Cancellation
    ) throws(VectorError) -> (query: FullTextQuery, best: [BestRows.Candidate], count: Int)? {
        let (record, index) = state.withLock { ($0.record, $0.fullText) }
        guard let index else {
            throw VectorError(
                .invalidArgument,
                "the collection '\(record.name)' has no full-text index: setFullTextIndex(_:) makes one"
            )
        }
        let depth = min(options.depth(k: k), max(version.liveCount, 1))
        let rows = try condition.map { condition throws(VectorError) in try version.rows(where: condition) }
        func best(_ ids: [Int64], _ scores: [Float]) -> (best: BestRows, count: Int) {
            // Nearer is higher, as for BM25.
            var best = BestRows(k: depth, metric: .innerProduct)
            var count = 0
            var slot = 0
            for (id, score) in zip(ids, scores) where score > 0 {
                guard let found = version.table.slot(ofID: id, near: slot) else { continue }
                slot = found
                guard rows?.contains(slot) ?? true else { continue }
                best.offer(slot, score)
                count += 1
            }
            return (best, count)
        }
        var memory = state.withLock { $0.wordMemory }
        let search = try core.database.read { database -> WordSearch? in
            guard try StoreDatabase.record(record.id, database).sequence == version.sequence else { return nil }
            return try WordSearch(
                text,
                in: index,
                record.id,
                at: version.sequence,
                memory: &memory,
                // A quarter of what the vectors take.
                limit: version.liveCount * dimension,
                isEnough: { ids, scores in best(ids, scores).count >= depth },
                database,
                cancellation
            )
        }
        guard let search else { return nil }
        state.withLock { [memory] state in
            // A row's length stays as it is: what a search of an older state has read is right, too.
            if state.fullText == index, memory.isBetter(than: state.wordMemory) { state.wordMemory = memory }
        }
        let (rowsFound, count) = best(search.ids, search.scores)
        return (search.query, rowsFound.sorted, count)
    }

    /// Says where a query's words are in the texts of matches.
    private func highlight(_ query: FullTextQuery, in matches: inout [HybridMatch]) throws(VectorError) {
        guard let index = state.withLock({ $0.fullText }) else { return }
        matches = try core.database.read { [matches] database in
            let tokenizer = try TextTokenizer(index.tokenizer, database)
            return try matches.map { match in
                var match = match
                for field in index.fields {
                    guard case .string(let text)? = match.metadata[field] else { continue }
                    let ranges = try query.ranges(in: text, index, tokenizer)
                    if !ranges.isEmpty { match.highlights[field] = ranges }
                }
                return match
            }
        }
    }
}

extension FullTextQuery {
    /// Where tokens of the query are in a text; those that overlap, as trigrams do, or touch are one.
    fileprivate func ranges(
        in text: String,
        _ index: FullTextIndex,
        _ tokenizer: TextTokenizer
    ) throws -> [Range<String.Index>] {
        let tokens = Set(self.tokens)
        var found: [Range<Int>] = []
        for token in try tokenizer.tokens(of: index.text(of: .string(text)))
        where tokens.contains(token.text) {
            if let last = found.last, token.bytes.lowerBound <= last.upperBound {
                found[found.count - 1] = last.lowerBound..<max(last.upperBound, token.bytes.upperBound)
            } else {
                found.append(token.bytes)
            }
        }
        let bytes = text.utf8
        return found.map { range in
            let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
            return start..<bytes.index(start, offsetBy: range.count)
        }
    }
}

public import Vectors

extension VectorCollection {
    /// The texts that are found by their words; nil if none are.
    public var fullTextIndex: FullTextIndex? { live.state.withLock { $0.fullText } }

    /// Makes texts of all rows, those that are there and those to come, findable by their words, or by other fields' or
    /// tokens than before; or ends it. All or nothing, and durable when the call returns. No other change is made meanwhile.
    ///
    /// The store's database is then in version 2 of its format, which older releases refuse.
    ///
    /// Complexity: O(length of the texts), some seconds for 100,000 texts of 500 characters.
    ///
    /// - Parameter index: which texts, and how they are cut into words; nil for none. The same again builds it anew.
    /// - Throws: `VectorError` with code `invalidArgument`, `readOnly`, `damaged`, `inputOutput`, `cancelled`, `closed`.
    public func setFullTextIndex(_ index: FullTextIndex?) async throws(VectorError) {
        try await runBlocking { [live] cancellation throws(VectorError) in
            try live.setFullTextIndex(index, cancellation: cancellation)
        }
    }

    /// Finds the k rows that are best by their vectors and by their words together.
    ///
    /// ```swift
    /// let found = try await notes.search(vector, text: "lighthouse keeper", k: 10)
    /// for match in found.matches { print(match.key, match.score, match.byVector?.rank ?? 0, match.byWords?.rank ?? 0) }
    /// ```
    ///
    /// - Parameters:
    ///   - query: as many numbers as the collection's dimension.
    ///   - text: what a user has typed: rows with any of its words are found, the better the rarer the words are. It has no
    ///     operators; quotes and other signs only part words.
    ///   - k: how many, from 1.
    ///   - condition: which rows may be found; nil for all.
    ///   - options: the weights of both sides, and highlights.
    /// - Returns: the rows, best first, with the place that each side gives them.
    /// - Throws: `VectorError` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (also where the collection has
    ///   no ``fullTextIndex``), `damaged`, `inputOutput`, `cancelled`, `closed`.
    public func search(
        _ query: some Collection<Float>,
        text: String,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: HybridOptions = HybridOptions()
    ) async throws(VectorError) -> HybridResult {
        let vector = try checked(query)
        return try await hybridSearch(
            options.vectorWeight > 0 ? vector : nil,
            text: options.textWeight > 0 ? text : nil,
            k,
            condition,
            options
        )
    }

    /// Finds the k rows whose words fit a text best, by BM25; see the search with a vector.
    ///
    /// - Returns: the rows, best first; fewer than k only if fewer have a word of the text.
    public func search(
        text: String,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: HybridOptions = HybridOptions()
    ) async throws(VectorError) -> HybridResult {
        try await hybridSearch(nil, text: text, k, condition, options)
    }

    private func hybridSearch(
        _ vector: VectorMatrix?,
        text: String?,
        _ k: Int,
        _ condition: MetadataCondition?,
        _ options: HybridOptions
    ) async throws(VectorError) -> HybridResult {
        try options.validate(k: k)
        try condition?.validate()
        return try await searching { [live] version, cancellation throws(VectorError) in
            try live.hybridSearch(
                vector,
                text: text,
                in: version,
                k: k,
                where: condition,
                options: options,
                cancellation: cancellation
            )
        }
    }
}

extension TextCollection {
    /// Finds the k texts that are best by their meaning and by their words together; the collection has to have a
    /// ``FullTextIndex``.
    ///
    /// - Parameters:
    ///   - text: what is searched for.
    ///   - k: how many, from 1.
    ///   - condition: which texts may be found; nil for all.
    ///   - options: the weights of both sides, and highlights. With ``HybridOptions/vectorWeight`` 0 nothing is embedded.
    /// - Returns: the texts, best first, with the place that each side gives them.
    /// - Throws: as ``VectorCollection/search(_:text:k:where:options:)``, and what the embedder throws.
    public func hybridSearch(
        _ text: String,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: HybridOptions = HybridOptions()
    ) async throws(VectorError) -> HybridResult {
        try await withModel { model throws(VectorError) in
            guard options.vectorWeight > 0 else {
                return try await model.vectors.search(text: text, k: k, where: condition, options: options)
            }
            let query = try await model.embed([text], as: .query)
            return try await model.vectors.search(query[0], text: text, k: k, where: condition, options: options)
        }
    }
}

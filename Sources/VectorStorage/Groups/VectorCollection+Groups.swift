public import Vectors

extension VectorCollection {
    /// Finds the k nearest groups of rows that share a value: the best documents, say, rather than the pieces of one.
    ///
    /// ```swift
    /// for group in try await pieces.search(query, k: 5, groupedBy: "document", perGroup: 2) {
    ///     print(group.value, group.matches.map(\.key))
    /// }
    /// ```
    ///
    /// A group is as near as its nearest row. A row with a list of strings is in a group for each; rows without the field, or
    /// where it is null, are in none.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the collection's dimension.
    ///   - k: how many groups, from 1.
    ///   - field: the field of the metadata whose value they share.
    ///   - perGroup: how many rows of a group are answered at most, from 1.
    ///   - condition: which rows may be found; nil for all.
    ///   - options: exactness and tuning.
    /// - Returns: the groups, nearest first; fewer than k only if the rows have fewer values.
    /// - Throws: as the search without groups.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        groupedBy field: String,
        perGroup: Int = 1,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> [MatchGroup] {
        let vector = try checked(query)
        try options.validate(k: k)
        try checkRange(perGroup, 1...Int.max, "the number of rows a group")
        try condition?.validate()
        return try await searching { [live] version, cancellation throws(VectorError) in
            let groups = try version.groups(
                nearest: vector,
                k: k,
                by: field,
                perGroup: perGroup,
                where: condition,
                options: options,
                source: live.source,
                cancellation: cancellation
            )
            guard let groups else { return nil }
            let slots = groups.flatMap { $0.candidates.map(\.slot) }
            guard let details = try live.details(of: slots, in: version) else { return nil }
            return groups.map { group in
                let matches = live.matches(group.candidates, details)
                return MatchGroup(
                    value: group.cell.value(
                        in: matches[0].metadata[field] ?? .null,
                        hasher: version.table.hasher
                    ),
                    matches: matches
                )
            }
        }
    }

    /// The values that rows have in a field, each with the number of rows that have it: what is shown beside a search, to
    /// narrow it.
    ///
    /// Complexity: O(rows).
    ///
    /// - Parameters:
    ///   - field: a field of the metadata; nulls are not counted, and lists of strings by their strings.
    ///   - condition: which rows; nil for all.
    ///   - limit: how many values, from 1.
    /// - Returns: the most frequent first; equally frequent ones in the order of their writing.
    /// - Throws: `VectorError` with code `invalidArgument`, `damaged`, `inputOutput`, `closed`.
    public func valueCounts(
        of field: String,
        where condition: MetadataCondition? = nil,
        limit: Int = 100
    ) async throws(VectorError) -> [ValueCount] {
        try checkRange(limit, 1...Int.max, "the number of values")
        try condition?.validate()
        return try await runBlocking { [live] _ throws(VectorError) in
            try live.consistently { version throws(VectorError) in
                let counts = try version.cellCounts(of: field, where: condition).prefix(limit)
                guard let details = try live.details(of: counts.map(\.slot), in: version) else { return nil }
                return counts.map { counted in
                    ValueCount(
                        value: counted.cell.value(
                            in: details[counted.slot]?.metadata[field] ?? .null,
                            hasher: version.table.hasher
                        ),
                        count: counted.count
                    )
                }
            }
        }
    }
}

extension TextCollection {
    /// Finds the k groups of texts that share a value and are nearest to a text in meaning; see
    /// ``VectorCollection/search(_:k:groupedBy:perGroup:where:options:)``.
    ///
    /// - Throws: as there, and what the embedder throws.
    public func search(
        _ text: String,
        k: Int,
        groupedBy field: String,
        perGroup: Int = 1,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> [MatchGroup] {
        try await withModel { model throws(VectorError) in
            let query = try await model.embed([text], as: .query)
            return try await model.vectors.search(
                query[0],
                k: k,
                groupedBy: field,
                perGroup: perGroup,
                where: condition,
                options: options
            )
        }
    }
}

public import Vectors

extension TextCollection {
    /// Changes the model: embeds all texts again, and then answers with the new vectors.
    ///
    /// Until then the old vectors answer, and writes go to them; what was written meanwhile is embedded, too, before the new
    /// ones take their place. Only while the last of it is embedded do changes through this value wait. If the process ends
    /// before, or this throws, the old ones stay, and the next call with the same model goes on where this one was. Other
    /// ``TextCollection`` values of the same collection end to work, with code
    /// `unknownCollection`. Takes the space of both until the end.
    ///
    /// - Parameters:
    ///   - embedder: the new model, of any dimension. Nothing is done if it is the one that made the vectors.
    ///   - batchSize: texts that are embedded and written at a time.
    ///   - progress: the share of the texts that are embedded, from 0 to 1.
    /// - Throws: `VectorError` with code `invalidArgument`, `locked` (it is being done already), `metadataMismatch` (a row has
    ///   no text), `readOnly`, `inputOutput`, `cancelled`, `closed`, and what the embedder throws.
    public func reembed(
        with embedder: any Embedder,
        batchSize: Int = 256,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) {
        try checkRange(batchSize, 1...1_000_000, "the batch size")
        let isFirst = isReembedding.withLock { isReembedding in
            defer { isReembedding = true }
            return !isReembedding
        }
        guard isFirst else {
            throw VectorError(.locked, "the collection '\(vectors.name)' is being embedded again already")
        }
        defer { isReembedding.withLock { $0 = false } }
        let old = vectors
        guard embedder.identity != self.embedder.identity else { return }
        let model = Model(embedder: embedder, vectors: try await store.successor(of: old, for: embedder))
        // Each round embeds what was written during the one before.
        var round = try await catchUp(with: old, model, after: 0, batchSize, progress)
        var before = Int.max
        while round.count > 16, round.count <= before / 2 {
            before = round.count
            round = try await catchUp(with: old, model, after: round.sequence, batchSize, progress)
        }
        // Where as much is written as is embedded, that would not end.
        await writers.close()
        defer { writers.open() }
        repeat {
            round = try await catchUp(with: old, model, after: round.sequence, batchSize, progress)
        } while try await !store.replace(
            old,
            by: model.vectors,
            unlessChangedSince: round.sequence,
            { self.current.withLock { $0 = model } }
        )
    }

    /// Brings the new collection to what the old one is now, where only texts above a sequence number are new.
    ///
    /// - Returns: how many those were, and the sequence number up to which the new collection has all, if nothing was deleted
    ///   or written since.
    private func catchUp(
        with old: VectorCollection,
        _ model: Model,
        after sequence: Int64,
        _ batchSize: Int,
        _ progress: (@Sendable (Double) -> Void)?
    ) async throws(VectorError) -> (count: Int, sequence: Int64) {
        let through = old.live.record.sequence
        let keys = try await self.keys(of: old, after: sequence)
        for first in stride(from: 0, to: keys.count, by: batchSize) {
            let batch = Array(keys[first..<min(first + batchSize, keys.count)])
            try await embed(batch, of: old, into: model)
            if sequence == 0 { progress?(Double(first + batch.count) / Double(keys.count)) }
        }
        // The new one has all keys of the old one; if more, then of rows that were deleted meanwhile, or since an earlier call.
        if model.vectors.count != old.count {
            let made = try await self.keys(of: model.vectors, after: 0)
            let extra = zip(made, try await old.get(made)).filter { $1 == nil }.map(\.0)
            try await model.vectors.delete(extra)
        }
        return (keys.count, through)
    }

    /// The keys of the rows above a sequence number.
    private func keys(of vectors: VectorCollection, after sequence: Int64) async throws(VectorError) -> [VectorKey] {
        try await runBlocking { [database = store.core.database] _ throws(VectorError) in
            try database.keys(of: vectors.live.record, after: sequence)
        }
    }

    /// Embeds those texts that the new collection does not have as they are.
    private func embed(
        _ keys: [VectorKey],
        of old: VectorCollection,
        into model: Model
    ) async throws(VectorError) {
        let rows = try await old.get(keys).compactMap { $0 }
        let found = try await model.vectors.get(rows.map(\.key))
        let changed = zip(rows, found).filter { $0.metadata != $1?.metadata }.map(\.0)
        let texts = try withVectorError { try changed.map { try StoredText($0).text } }
        let vectors = try await model.embed(texts, as: .document)
        try await model.vectors.upsert(
            changed.enumerated().map { row, old in
                StoredVector(key: old.key, vector: Array(vectors[row]), metadata: old.metadata)
            }
        )
    }
}

public import Vectors

extension VectorStore {
    /// Creates a collection of texts, whose vectors an embedder makes. The store keeps which.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of UTF-8, distinct as Swift strings are, also from those of collections of vectors.
    ///   - embedder: the model; name and fingerprint of its identity have 1 to 255 bytes.
    ///   - metric: how nearness is measured.
    ///   - index: which index is kept beside the rows.
    ///   - fullText: how the texts are found by their words, too.
    /// - Throws: `VectorError` with code `collectionExists`, `invalidArgument`, `readOnly`, `inputOutput`, `closed`.
    @discardableResult
    public func createTextCollection(
        _ name: String,
        embedder: any Embedder,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        fullText: FullTextIndex? = nil
    ) async throws(VectorError) -> TextCollection {
        let model = try embedder.checkedIdentity
        let vectors = try await create(name, embedder.dimension, metric, index, model: model, fullText)
        return TextCollection(vectors, embedder: embedder, store: self)
    }

    /// A collection of texts, with the model that made its vectors.
    ///
    /// - Throws: `VectorError` with code `embedderMismatch` (another model made them, or none), and as ``collection(_:)``.
    public func textCollection(_ name: String, embedder: any Embedder) async throws(VectorError) -> TextCollection {
        let vectors = try await collection(name)
        let model = try await runBlocking { _ throws(VectorError) in
            try self.core.database.model(of: vectors.live.record.id)
        }
        guard let model else {
            throw VectorError(.embedderMismatch, "the vectors of '\(name)' were not made by a model of texts")
        }
        guard model == embedder.identity else {
            throw VectorError(
                .embedderMismatch,
                "the vectors of '\(name)' were made by \(model), not by \(embedder.identity); "
                    + "reembedTextCollection(_:with:) changes the model"
            )
        }
        return TextCollection(vectors, embedder: embedder, store: self)
    }

    /// The collection of texts of this name, which is created if there is none.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of UTF-8.
    ///   - embedder: the model, of a collection that exists, too.
    ///   - metric: how nearness is measured in a new collection; one that exists keeps its own.
    ///   - index: which index is kept beside the rows of a new collection; one that exists keeps its own.
    ///   - fullText: how the texts of a new collection are found by their words; one that exists keeps its own.
    /// - Throws: as ``textCollection(_:embedder:)`` and ``createTextCollection(_:embedder:metric:index:fullText:)``.
    public func openOrCreateTextCollection(
        _ name: String,
        embedder: any Embedder,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        fullText: FullTextIndex? = nil
    ) async throws(VectorError) -> TextCollection {
        do throws(VectorError) {
            return try await textCollection(name, embedder: embedder)
        } catch {
            guard error.code == .unknownCollection else { throw error }
        }
        do throws(VectorError) {
            return try await createTextCollection(
                name,
                embedder: embedder,
                metric: metric,
                index: index,
                fullText: fullText
            )
        } catch {
            // Another task may have been faster.
            guard error.code == .collectionExists else { throw error }
            return try await textCollection(name, embedder: embedder)
        }
    }

    /// A collection of texts with another model than the one that made its vectors, which need not be there any more: embeds all
    /// texts again, as ``TextCollection/reembed(with:batchSize:progress:)`` does, or those that an earlier call did not reach.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of UTF-8.
    ///   - embedder: the new model, of any dimension. Nothing is embedded if it is the one that made the vectors.
    ///   - batchSize: texts that are embedded and written at a time.
    ///   - progress: the share of the texts that are embedded, from 0 to 1.
    /// - Throws: `VectorError` with code `embedderMismatch` (no model made them), as ``collection(_:)``, and as
    ///   ``TextCollection/reembed(with:batchSize:progress:)``.
    @discardableResult
    public func reembedTextCollection(
        _ name: String,
        with embedder: any Embedder,
        batchSize: Int = 256,
        progress: (@Sendable (_ fraction: Double) -> Void)? = nil
    ) async throws(VectorError) -> TextCollection {
        var former = embedder
        if let model = try await embedderIdentity(of: name), model != embedder.identity {
            former = FormerEmbedder(dimension: try await collection(name).dimension, identity: model)
        }
        let texts = try await textCollection(name, embedder: former)
        try await texts.reembed(with: embedder, batchSize: batchSize, progress: progress)
        return texts
    }

    /// Which model made the vectors of a collection; nil if no model of texts did.
    ///
    /// - Throws: `VectorError` with code `unknownCollection`, `damaged`, `inputOutput`, `closed`.
    public func embedderIdentity(of name: String) async throws(VectorError) -> EmbedderIdentity? {
        try await runBlocking { _ throws(VectorError) in
            try self.core.checkOpen()
            return try self.core.database.model(of: self.record(name).id)
        }
    }

    /// The collection that is to take another's place, which holds what an earlier call has made by the same model.
    func successor(of old: VectorCollection, for embedder: any Embedder) async throws(VectorError) -> VectorCollection {
        let model = try embedder.checkedIdentity
        let name = "embedded again: \(old.live.record.id)"
        do throws(VectorError) {
            if try await embedderIdentity(of: name) == model { return try await collection(name) }
            try await deleteCollection(name)
        } catch {
            guard error.code == .unknownCollection else { throw error }
        }
        return try await create(name, embedder.dimension, old.metric, old.index, model: model, old.fullTextIndex)
    }

    /// Puts a collection in another's place, under its name, in one transaction.
    ///
    /// - Parameters:
    ///   - sequence: the last change of the old one that the new one has.
    ///   - install: called once it is done, before the old one refuses calls.
    /// - Returns: whether it was done; not if the old one was changed since.
    func replace(
        _ old: VectorCollection,
        by new: VectorCollection,
        unlessChangedSince sequence: Int64,
        _ install: @escaping @Sendable () -> Void
    ) async throws(VectorError) -> Bool {
        try await runBlocking { _ throws(VectorError) in
            try self.core.change { last throws(VectorError) in
                try old.live.checkUsable()
                let replaced = old.live.record
                guard replaced.sequence == sequence else { return (false, last) }
                var record = new.live.record
                record.name = replaced.name
                try self.core.database.replace(replaced, by: record, sequence: last + 1)
                new.live.state.withLock { $0.record.name = replaced.name }
                install()
                self.forget(replaced)
                return (true, last + 1)
            }
        }
    }
}

extension Embedder {
    /// Its identity, which has a form that can be stored.
    fileprivate var checkedIdentity: EmbedderIdentity {
        get throws(VectorError) {
            let identity = self.identity
            try checkRange(identity.name.utf8.count, 1...255, "the length of the embedder's name in bytes,")
            try checkRange(
                identity.fingerprint.utf8.count,
                1...255,
                "the length of the embedder's fingerprint in bytes,"
            )
            return identity
        }
    }
}

/// Stands for a model that is not there.
private struct FormerEmbedder: Embedder {
    let dimension: Int
    let identity: EmbedderIdentity

    func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
        throw VectorError(.embedderMismatch, "the model \(identity) is not there")
    }
}

public import Vectors

/// Texts under keys, with metadata, found by their meaning: a ``VectorCollection`` whose vectors an embedder makes.
///
/// ```swift
/// let store = try await VectorStore.open(folder)
/// let notes = try await store.openOrCreateTextCollection("notes", embedder: encoder)
/// try await notes.upsert("boat", "A small boat crosses the calm lake at dawn.")
/// for match in try await notes.search("rowing", k: 3).matches { print(match.score, match.text ?? "") }
/// ```
///
/// The store keeps which model made the vectors, and opens the collection with that model only. ``reembed(with:batchSize:progress:)``
/// changes it: the new vectors are made beside the old ones, which answer until all are there, and then take their place
/// in one transaction. So no answer mixes two models, whenever the process ends.
public final class TextCollection: Sendable {
    /// The field of the metadata that holds a row's text, where conditions can use it like others.
    public static let textField = "text"

    struct Model: Sendable {
        let embedder: any Embedder
        let vectors: VectorCollection
    }

    let store: VectorStore
    /// What answers now.
    let current: Locked<Model>
    let isReembedding = Locked(false)
    /// What all changes go through.
    let writers = WriterGate()

    init(_ vectors: VectorCollection, embedder: any Embedder, store: VectorStore) {
        self.store = store
        current = Locked(Model(embedder: embedder, vectors: vectors))
    }

    /// The vectors of the texts, to iterate, to look at statistics, or to wait for the index. It is another collection after
    /// ``reembed(with:batchSize:progress:)``. Write to it with care: a row whose metadata lack ``textField`` has no text.
    public var vectors: VectorCollection { current.withLock { $0.vectors } }

    /// The model that makes the vectors.
    public var embedder: any Embedder { current.withLock { $0.embedder } }

    /// Calls `body` with what answers now; again, where other vectors have taken their place meanwhile.
    func withModel<Result>(
        _ body: (Model) async throws(VectorError) -> Result
    ) async throws(VectorError) -> Result {
        while true {
            let model = current.withLock { $0 }
            do throws(VectorError) {
                return try await body(model)
            } catch {
                guard error.code == .unknownCollection, vectors !== model.vectors else { throw error }
            }
        }
    }

    // MARK: Writing

    /// Makes a change of what answers now.
    private func write<Result>(
        _ change: (Model) async throws(VectorError) -> Result
    ) async throws(VectorError) -> Result {
        try await writers.pass { () throws(VectorError) in try await withModel(change) }
    }

    /// Stores texts under their keys. What a key held before is replaced, metadata included.
    ///
    /// All or nothing, and durable when the call returns, as ``VectorCollection/upsert(_:)``.
    ///
    /// - Parameter texts: the texts; none is fine. Hundreds at a time are faster than one by one.
    /// - Throws: `VectorError` with code `invalidArgument` (a key or metadata out of their limits; metadata that have a
    ///   ``textField``; for cosine, a text whose vector is zero), `readOnly`, `inputOutput`, `cancelled`, `closed`, and what
    ///   the embedder throws.
    public func upsert(_ texts: [StoredText]) async throws(VectorError) {
        var metadata: [VectorMetadata] = []
        for text in texts { metadata.append(try text.storedMetadata) }
        try await write { model throws(VectorError) in
            let vectors = try await model.embed(texts.map(\.text), as: .document)
            try await model.vectors.upsert(
                zip(texts, metadata).enumerated().map { row, text in
                    StoredVector(key: text.0.key, vector: Array(vectors[row]), metadata: text.1)
                }
            )
        }
    }

    /// Stores one text; see the call with many.
    public func upsert(_ key: VectorKey, _ text: String, metadata: VectorMetadata = [:]) async throws(VectorError) {
        try await upsert([StoredText(key: key, text: text, metadata: metadata)])
    }

    /// Deletes texts. A key that none has is ignored.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `closed`.
    @discardableResult
    public func delete(_ keys: [VectorKey]) async throws(VectorError) -> Int {
        try await write { model throws(VectorError) in try await model.vectors.delete(keys) }
    }

    /// Deletes the texts that a condition holds for.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `invalidArgument`, `closed`.
    @discardableResult
    public func delete(where condition: MetadataCondition) async throws(VectorError) -> Int {
        try await write { model throws(VectorError) in try await model.vectors.delete(where: condition) }
    }

    // MARK: Reading

    /// The texts with these keys, nil where there is none.
    ///
    /// - Throws: `VectorError` with code `metadataMismatch` (a row has no text), `damaged`, `inputOutput`, `closed`.
    public func get(_ keys: [VectorKey]) async throws(VectorError) -> [StoredText?] {
        let rows = try await withModel { model throws(VectorError) in try await model.vectors.get(keys) }
        return try withVectorError { try rows.map { try $0.map(StoredText.init) } }
    }

    /// The text with this key, or nil; see the call with many.
    public func get(_ key: VectorKey) async throws(VectorError) -> StoredText? { try await get([key])[0] }

    /// The number of texts that a condition holds for; of all texts where it is nil.
    ///
    /// - Throws: `VectorError` with code `invalidArgument`, `closed`.
    public func count(where condition: MetadataCondition? = nil) async throws(VectorError) -> Int {
        try await withModel { model throws(VectorError) in try await model.vectors.count(where: condition) }
    }

    /// Finds the k texts that are nearest to a text in meaning, among those that a condition holds for.
    ///
    /// - Parameters:
    ///   - text: what is searched for.
    ///   - k: how many, from 1.
    ///   - condition: which texts may be found; nil for all.
    ///   - options: exactness and tuning.
    /// - Returns: the matches, nearest first, each with its `text`, and how they were found.
    /// - Throws: as ``VectorCollection``'s search, and what the embedder throws.
    public func search(
        _ text: String,
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> SearchResult {
        try await search([text], k: k, where: condition, options: options)[0]
    }

    /// Finds the k nearest texts of each text; see the search with one.
    ///
    /// - Returns: a result a text.
    public func search(
        _ texts: [String],
        k: Int,
        where condition: MetadataCondition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(VectorError) -> [SearchResult] {
        try await withModel { model throws(VectorError) in
            let queries = try await model.embed(texts, as: .query)
            return try await model.vectors.search(queries, k: k, where: condition, options: options)
        }
    }
}

extension TextCollection.Model {
    /// The vectors of texts, which are what they are said to be.
    func embed(_ texts: [String], as role: TextRole) async throws(VectorError) -> VectorMatrix {
        let found = try await embedder.embed(texts, as: role)
        guard found.count == texts.count, found.dimension == vectors.dimension else {
            throw VectorError(
                .dimensionMismatch,
                "the embedder \(embedder.identity) made \(found.count) x \(found.dimension) numbers of \(texts.count) texts, "
                    + "the collection '\(vectors.name)' has dimension \(vectors.dimension)"
            )
        }
        return found
    }
}

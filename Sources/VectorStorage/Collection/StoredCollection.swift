public import Vectors

/// What a program does with a collection, wherever its rows are: in this process (``VectorCollection``) or on other
/// machines (`MilvusCollection` of the module `Milvus`). A function that takes `some StoredCollection` works with both.
///
/// Both give the same answers to the same calls, where ``promises`` don't say otherwise; what each call means, its
/// parameters and its errors are documented at ``VectorCollection``.
public protocol StoredCollection: Sendable {
    /// Rows, one after the other.
    associatedtype Rows: AsyncSequence<StoredVector, VectorError> & Sendable

    /// The name in its store.
    var name: String { get }
    /// The length of every vector.
    var dimension: Int { get }
    /// How nearness is measured.
    var metric: Metric { get }
    /// What holds for its reads and writes.
    var promises: CollectionPromises { get }

    /// Refuses a row that ``upsert(_:)`` would refuse.
    func validate(_ row: StoredVector) throws(VectorError)
    /// Stores vectors under their keys; where a key occurs twice, the later row counts.
    func upsert(_ rows: [StoredVector]) async throws(VectorError)
    /// Changes the metadata of rows and leaves their vectors as they are.
    func update(
        _ changes: [(key: VectorKey, metadata: VectorMetadata)],
        replacing: Bool,
        removing fields: Set<String>
    ) async throws(VectorError)
    /// Deletes rows, and returns how many there were.
    @discardableResult
    func delete(_ keys: [VectorKey]) async throws(VectorError) -> Int
    /// Deletes the rows that a condition holds for, and returns how many there were.
    @discardableResult
    func delete(where condition: MetadataCondition) async throws(VectorError) -> Int
    /// The number of rows that a condition holds for; of all rows where it is nil.
    func count(where condition: MetadataCondition?) async throws(VectorError) -> Int
    /// The rows with these keys, nil where there is none.
    func get(_ keys: [VectorKey]) async throws(VectorError) -> [StoredVector?]
    /// All rows that a condition holds for, each once.
    func rows(where condition: MetadataCondition?) -> Rows
    /// Finds the k nearest rows of a query.
    func search(
        _ query: some Collection<Float>,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions
    ) async throws(VectorError) -> SearchResult
    /// Finds the k nearest rows of each query.
    func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition?,
        options: QueryOptions
    ) async throws(VectorError) -> [SearchResult]
}

extension StoredCollection {
    /// Stores one vector.
    public func upsert(_ key: VectorKey, _ vector: [Float], metadata: VectorMetadata = [:]) async throws(VectorError) {
        try await upsert([StoredVector(key: key, vector: vector, metadata: metadata)])
    }

    /// Changes the metadata of a row and leaves its vector as it is.
    public func update(
        _ key: VectorKey,
        metadata: VectorMetadata,
        replacing: Bool = false,
        removing fields: Set<String> = []
    ) async throws(VectorError) {
        try await update([(key, metadata)], replacing: replacing, removing: fields)
    }

    /// The row with this key, or nil.
    public func get(_ key: VectorKey) async throws(VectorError) -> StoredVector? { try await get([key])[0] }

    /// All rows, each once.
    public func rows() -> Rows { rows(where: nil) }

    /// Finds the k nearest rows of a query.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        where condition: MetadataCondition? = nil
    ) async throws(VectorError) -> SearchResult {
        try await search(query, k: k, where: condition, options: QueryOptions())
    }

    /// Finds the k nearest rows of each query.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: MetadataCondition? = nil
    ) async throws(VectorError) -> [SearchResult] {
        try await search(queries, k: k, where: condition, options: QueryOptions())
    }
}

extension VectorCollection: StoredCollection {
    /// All of them: the rows are in this process.
    public var promises: CollectionPromises { .embedded }
}

#if Milvus
public import VectorStorage
public import Vectors

/// Vectors of one dimension under keys, with metadata, on a Milvus server: the calls of `VectorCollection`, and the same
/// answers, where ``promises`` don't say otherwise.
///
/// - A write of many rows is not atomic: readers may see some of its rows before the others, and if it fails, some may be
///   stored. Repeating it is harmless.
/// - Several reads, the queries of a batch and the pages of an iteration included, may see different states.
/// - A read after a restart of the server waits until the collection is loaded, up to ``MilvusOptions/patience``.
/// - Equally near rows come in any order; which of them are left out at the k-th place is the server's choice.
/// - Under a condition that few rows pass, and with `QueryOptions.exact`, rows are fetched and compared here. Otherwise
///   the server's index answers, whose scores are those of compressed vectors if it compresses.
public struct MilvusCollection: Sendable {
    let client: MilvusClient
    let rules: RowRules
    let encodedName: String
    let index: ServerIndex
    let clock: WriteClock
    let counts: RecentCounts
    /// What reads see.
    public private(set) var consistency: MilvusConsistency

    init(
        client: MilvusClient,
        rules: RowRules,
        encodedName: String,
        index: ServerIndex,
        clock: WriteClock,
        counts: RecentCounts = RecentCounts(),
        consistency: MilvusConsistency
    ) {
        self.client = client
        self.rules = rules
        self.encodedName = encodedName
        self.index = index
        self.clock = clock
        self.counts = counts
        self.consistency = consistency
    }

    /// The name in its store.
    public var name: String { rules.collection }
    /// The length of every vector.
    public var dimension: Int { rules.dimension }
    /// How nearness is measured.
    public var metric: Metric { rules.metric }

    /// The server's index, as the server names it, such as `HNSW, M 16, efConstruction 200`.
    public var indexDescription: String { index.description }

    /// What holds for its reads and writes.
    public var promises: CollectionPromises {
        CollectionPromises(
            writesAreAtomic: false,
            readsAreSnapshots: false,
            readsOwnWrites: consistency != .visible,
            readsAllWrites: consistency == .allWrites,
            scoresAreExact: index.isExactInScores,
            tiesAreInWritingOrder: false
        )
    }

    /// The same collection, whose reads see more and wait, or see less and don't.
    public func reading(_ consistency: MilvusConsistency) -> MilvusCollection {
        var collection = self
        collection.consistency = consistency
        return collection
    }

    /// Has the server load the collection, and waits for it.
    func load() async throws(VectorError) {
        var request = WireLoadCollectionRequest()
        request.dbName = client.options.database
        request.collectionName = encodedName
        request.replicaNumber = 1
        let _: WireStatus = try await client.call("LoadCollection", request)
        let end = ContinuousClock.now + client.options.patience
        while true {
            var request = WireGetLoadStateRequest()
            request.dbName = client.options.database
            request.collectionName = encodedName
            let answer: WireGetLoadStateResponse = try await client.call("GetLoadState", request)
            if answer.state == .loaded { return }
            guard ContinuousClock.now < end else {
                throw VectorError(
                    .unavailable,
                    "the server \(client.address) has not loaded '\(name)' within \(client.options.patience)"
                )
            }
            try await pause(.milliseconds(100))
        }
    }

    /// Waits until all rows are in the index. Before, searches find the same rows, more slowly.
    ///
    /// - Throws: `VectorError` with code `index`, `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    public func waitForIndex() async throws(VectorError) {
        var request = WireFlushRequest()
        request.dbName = client.options.database
        request.collectionNames = [encodedName]
        let _: WireFlushResponse = try await client.call("Flush", request)
        // The index is said to be finished as soon as it has the rows that were flushed so far. It has all rows if it has as
        // many, of which deleted ones are a part; milvus-lite has no index to wait for.
        let count = client.isLite ? 0 : try await count(matching: "")
        let end = ContinuousClock.now + client.options.patience
        while true {
            let state = try await indexState()
            guard state.state != .failed else {
                throw VectorError(
                    .index,
                    "the server \(client.address) could not build the index of '\(name)': "
                        + state.indexStateFailReason.prefix(200)
                )
            }
            if state.state == .finished, state.pendingIndexRows == 0, state.totalRows >= count { return }
            guard ContinuousClock.now < end else {
                throw VectorError(
                    .unavailable,
                    "the server \(client.address) has \(state.indexedRows) of \(count) rows of '\(name)' in the index "
                        + "after \(client.options.patience)"
                )
            }
            try await pause(.milliseconds(200))
        }
    }

    private func indexState() async throws(VectorError) -> WireIndexDescription {
        var request = WireIndexRequest()
        request.dbName = client.options.database
        request.collectionName = encodedName
        request.fieldName = CollectionSchema.vector
        request.indexName = CollectionSchema.vector
        let answer: WireDescribeIndexResponse = try await client.call("DescribeIndex", request)
        guard let description = answer.indexDescriptions.first else {
            throw VectorError(.server, "the collection '\(name)' has no index at \(client.address)")
        }
        return description
    }

    private func pause(_ duration: Duration) async throws(VectorError) {
        do {
            try await Task.sleep(for: duration)
        } catch {
            throw .cancelled
        }
    }
}

extension MilvusCollection: StoredCollection {}
#endif

#if Milvus
public import Foundation
public import VectorStorage
public import Vectors

/// The collections of a Milvus server: what `VectorStore` is to a folder.
///
/// The connection is made, and made again, when it is needed. Calls are repeated while the server is away, for as long as
/// ``MilvusOptions/patience`` says.
public final class MilvusStore: Sendable {
    let client: MilvusClient
    /// What the server calls its version.
    public let serverVersion: String
    /// The newest writes of each collection, shared by all values of it.
    private let clocks = Locked<[String: WriteClock]>([:])

    private init(client: MilvusClient, serverVersion: String) {
        self.client = client
        self.serverVersion = serverVersion
    }

    /// Reaches a server: a Milvus of 2.3 or newer, or `milvus-lite`.
    ///
    /// - Parameters:
    ///   - url: `http://HOST:PORT`, or `https://…`; the port is 19530 where none is given.
    ///   - options: who asks, what reads see, and how long calls may take.
    /// - Throws: `VectorError` with code `unavailable`, `notPermitted`, `invalidArgument`, `server`, `cancelled`.
    public static func connect(
        _ url: URL,
        options: MilvusOptions = MilvusOptions()
    ) async throws(VectorError) -> MilvusStore {
        let client = try MilvusClient(url, options: options)
        var request = WireConnectRequest()
        request.clientInfo.sdkType = "swift-faiss"
        request.clientInfo.sdkVersion = "0.1.0"
        let answer: WireConnectResponse = try await client.call("Connect", request)
        let version = answer.serverInfo.buildTags
        if version.contains("milvus_lite") { client.noteLite() }
        return MilvusStore(client: client, serverVersion: version)
    }

    /// The server's address.
    public var address: String { client.address.description }

    /// The names of all collections of the database, also of those that this package did not create.
    ///
    /// - Throws: `VectorError` with code `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    public func collectionNames() async throws(VectorError) -> [String] {
        var request = WireShowCollectionsRequest()
        request.dbName = client.options.database
        let answer: WireShowCollectionsResponse = try await client.call("ShowCollections", request)
        return answer.collectionNames.map(CollectionName.decoded).sorted()
    }

    /// Creates a collection, its index, and has the server load it.
    ///
    /// - Parameters:
    ///   - name: what fits 255 characters on the server, where anything but ASCII letters, digits and `_` takes more.
    ///   - dimension: the length of every vector, 1…32,768.
    ///   - metric: how nearness is measured.
    ///   - index: flat, HNSW, or inverted lists of vectors or bytes; by default HNSW. Only `.flat` is exact at any size.
    ///   - shards: into how many parts writes are split, 1…16; more than one pays with several machines.
    /// - Throws: `VectorError` with code `collectionExists`, `invalidArgument`, `unavailable`, `timedOut`, `server`,
    ///   `cancelled`, `closed`.
    @discardableResult
    public func createCollection(
        _ name: String,
        dimension: Int,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        shards: Int = 1
    ) async throws(VectorError) -> MilvusCollection {
        try checkRange(dimension, 1...32_768, "the dimension")
        try checkRange(shards, 1...16, "the number of shards")
        let encoded = try CollectionName.encoded(name)
        let index = try ServerIndex(index)
        guard try await describe(encoded) == nil else {
            throw VectorError(.collectionExists, "there is a collection '\(name)' already at \(address)")
        }
        let request = try CollectionSchema.creation(
            of: encoded,
            dimension: dimension,
            shards: shards,
            database: client.options.database
        )
        do throws(VectorError) {
            let _: WireStatus = try await client.callOnce("CreateCollection", request)
        } catch {
            // Somebody was faster, or the answer was lost.
            guard error.code != .cancelled, try await describe(encoded) != nil else { throw error }
        }
        return try await open(name, completingWith: (metric, index))
    }

    /// A collection, which the server loads if it is not loaded. That may take some seconds, and half a minute after a
    /// restart.
    ///
    /// - Throws: `VectorError` with code `unknownCollection`, `invalidFormat` (it was not created by this package),
    ///   `damaged` (its creation was cut short), `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    public func collection(_ name: String) async throws(VectorError) -> MilvusCollection {
        try await open(name, completingWith: nil)
    }

    /// A collection; where it has no index yet, with this one, which is its creation's last step.
    private func open(
        _ name: String,
        completingWith creation: (metric: Metric, index: ServerIndex)?
    ) async throws(VectorError) -> MilvusCollection {
        let encoded = try CollectionName.encoded(name)
        guard let schema = try await describe(encoded) else {
            throw VectorError(.unknownCollection, "there is no collection '\(name)' at \(address)")
        }
        let dimension = try CollectionSchema.dimension(of: schema, name: encoded)
        let metric: Metric
        let index: ServerIndex
        if let found = try await self.index(of: encoded) {
            (metric, index) = found
        } else if let creation {
            (metric, index) = creation
            try await createIndex(index, metric, of: encoded)
        } else {
            throw VectorError(
                .damaged,
                "the creation of '\(name)' at \(address) was cut short; openOrCreateCollection completes it"
            )
        }
        let collection = MilvusCollection(
            client: client,
            rules: RowRules(collection: name, dimension: dimension, metric: metric),
            encodedName: encoded,
            index: index,
            clock: clocks.withLock { clocks in
                let clock = clocks[encoded] ?? WriteClock()
                clocks[encoded] = clock
                return clock
            },
            consistency: client.options.consistency
        )
        try await collection.load()
        return collection
    }

    /// The collection of this name, which is created if there is none.
    ///
    /// - Throws: `VectorError` with code `collectionExists` if there is one with another dimension or metric, and as
    ///   ``createCollection(_:dimension:metric:index:shards:)`` and ``collection(_:)``.
    public func openOrCreateCollection(
        _ name: String,
        dimension: Int,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        shards: Int = 1
    ) async throws(VectorError) -> MilvusCollection {
        let found: MilvusCollection
        do throws(VectorError) {
            found = try await open(name, completingWith: (metric, ServerIndex(index)))
        } catch {
            guard error.code == .unknownCollection else { throw error }
            do throws(VectorError) {
                return try await createCollection(
                    name,
                    dimension: dimension,
                    metric: metric,
                    index: index,
                    shards: shards
                )
            } catch {
                // Another task may have been faster.
                guard error.code == .collectionExists else { throw error }
                found = try await collection(name)
            }
        }
        guard found.dimension == dimension, found.metric == metric else {
            throw VectorError(
                .collectionExists,
                "the collection '\(name)' exists with dimension \(found.dimension) and metric \(found.metric), not with "
                    + "\(dimension) and \(metric)"
            )
        }
        return found
    }

    /// Deletes a collection with all its rows.
    ///
    /// - Throws: `VectorError` with code `unknownCollection`, `unavailable`, `timedOut`, `server`, `cancelled`, `closed`.
    public func deleteCollection(_ name: String) async throws(VectorError) {
        let encoded = try CollectionName.encoded(name)
        guard try await describe(encoded) != nil else {
            throw VectorError(.unknownCollection, "there is no collection '\(name)' at \(address)")
        }
        let _: WireStatus = try await client.call("DropCollection", request(encoded))
        clocks.withLock { $0[encoded] = nil }
    }

    /// Ends the connection. Later calls throw an error with code `closed`.
    public func close() async { await client.close() }

    private func request(_ encoded: String) -> WireCollectionRequest {
        var request = WireCollectionRequest()
        request.dbName = client.options.database
        request.collectionName = encoded
        return request
    }

    /// The schema of a collection; nil if there is no such collection.
    private func describe(_ encoded: String) async throws(VectorError) -> WireCollectionSchema? {
        do throws(VectorError) {
            let answer: WireDescribeCollectionResponse = try await client.call("DescribeCollection", request(encoded))
            return answer.schema
        } catch {
            guard error.code == .unknownCollection else { throw error }
            return nil
        }
    }

    /// The metric and the index of a collection; nil if it has none.
    private func index(of encoded: String) async throws(VectorError) -> (Metric, ServerIndex)? {
        var request = WireIndexRequest()
        request.dbName = client.options.database
        request.collectionName = encoded
        request.fieldName = CollectionSchema.vector
        let answer: WireDescribeIndexResponse
        do throws(VectorError) {
            answer = try await client.call("DescribeIndex", request)
        } catch {
            guard error.code == .noIndex else { throw error }
            return nil
        }
        guard let parameters = answer.indexDescriptions.first?.params else { return nil }
        let name = parameters.first { $0.key == "metric_type" }?.value ?? ""
        guard let metric = Metric.allCases.first(where: { $0.serverName == name }) else {
            throw VectorError(
                .invalidFormat,
                "the collection '\(encoded)' has the metric '\(name)', which is none of ours"
            )
        }
        return (metric, try ServerIndex(parameters))
    }

    private func createIndex(
        _ index: ServerIndex,
        _ metric: Metric,
        of encoded: String
    ) async throws(VectorError) {
        var request = WireCreateIndexRequest()
        request.dbName = client.options.database
        request.collectionName = encoded
        request.fieldName = CollectionSchema.vector
        request.indexName = CollectionSchema.vector
        request.extraParams = CollectionSchema.pairs([
            "index_type": index.type, "metric_type": metric.serverName, "params": index.buildParameters,
        ])
        let _: WireStatus = try await client.call("CreateIndex", request)
    }
}

extension Metric {
    /// What the server calls it.
    var serverName: String {
        switch self {
        case .squaredL2: "L2"
        case .innerProduct: "IP"
        case .cosine: "COSINE"
        }
    }
}
#endif

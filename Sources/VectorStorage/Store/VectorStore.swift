public import Foundation
public import Vectors

/// A folder of collections of vectors with keys and metadata, durable on disk.
///
/// One process at a time may have it open for writing; others may open it for reading only. All calls are async, run off
/// the cooperative pool, and may be made from any task.
public final class VectorStore: Sendable {
    let core: StoreCore
    /// Those in memory, by their ids.
    private let collections = Locked<[Int64: VectorCollection]>([:])

    private init(core: StoreCore) { self.core = core }

    /// Opens a store, or creates one.
    ///
    /// - Parameters:
    ///   - url: the store's folder.
    ///   - options: what may be done with it, and what an acknowledged write survives.
    /// - Throws: `VectorError` with code `noStore`, `locked`, `damaged`, `unsupportedVersion`, `inputOutput`,
    ///   `invalidArgument` (not a file URL).
    public static func open(
        _ url: URL,
        options: StoreOptions = StoreOptions()
    ) async throws(VectorError) -> VectorStore {
        try await runBlocking { _ throws(VectorError) in VectorStore(core: try StoreCore(url, options: options)) }
    }

    /// The folder.
    public var url: URL { core.url }

    /// The names of all collections, in the order of their creation.
    ///
    /// - Throws: `VectorError` with code `damaged`, `inputOutput`, `closed`.
    public func collectionNames() async throws(VectorError) -> [String] {
        try await runBlocking { _ throws(VectorError) in
            try self.core.checkOpen()
            return try self.core.database.catalogue().collections.map(\.name)
        }
    }

    /// Creates a collection.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of UTF-8, distinct as Swift strings are.
    ///   - dimension: the length of every vector, 1…65,536.
    ///   - metric: how nearness is measured.
    ///   - index: which index is kept beside the rows.
    ///   - fullText: the texts that are found by their words, too; ``VectorCollection/setFullTextIndex(_:)`` changes it.
    /// - Throws: `VectorError` with code `collectionExists`, `invalidArgument`, `readOnly`, `inputOutput`, `closed`.
    @discardableResult
    public func createCollection(
        _ name: String,
        dimension: Int,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        fullText: FullTextIndex? = nil
    ) async throws(VectorError) -> VectorCollection {
        try await create(name, dimension, metric, index, model: nil, fullText)
    }

    /// - Parameter model: what makes its vectors, of a collection of texts.
    func create(
        _ name: String,
        _ dimension: Int,
        _ metric: Metric,
        _ index: CollectionIndex,
        model: EmbedderIdentity?,
        _ fullText: FullTextIndex?
    ) async throws(VectorError) -> VectorCollection {
        try await runBlocking { _ throws(VectorError) in
            try Self.checkName(name)
            try index.description.validate(dimension: dimension)
            try fullText?.validate()
            let id = try self.core.change { sequence throws(VectorError) in
                try self.checkIsFree(name, for: sequence + 1)
                // The sequence number names the table too, so that a deleted collection's is never used again.
                let record = CollectionRecord(
                    id: sequence + 1,
                    name: name,
                    dimension: dimension,
                    metric: metric,
                    index: index,
                    sequence: sequence + 1
                )
                try self.core.database.create(record, model: model, fullText: fullText)
                return (record.id, sequence + 1)
            }
            return try self.loaded(id)
        }
    }

    /// A collection, which is opened when it is asked for first.
    ///
    /// Complexity: the first time milliseconds, whatever its size, where it has a row file (see <doc:FileFormat>): its rows are
    /// then read into memory in the background, as far as ``StoreOptions/memoryBudget`` has place for them, each of them
    /// verified. Of fewer than 10,000 rows, and in a store of an older release that was not converted, O(rows).
    ///
    /// - Throws: `VectorError` with code `unknownCollection`, `damaged`, `tooLarge`, `inputOutput`, `closed`.
    public func collection(_ name: String) async throws(VectorError) -> VectorCollection {
        try await runBlocking { _ throws(VectorError) in
            try self.core.checkOpen()
            return try self.loaded(self.record(name).id)
        }
    }

    /// The collection of this name, which is created if there is none.
    ///
    /// - Parameters:
    ///   - name: 1 to 255 bytes of UTF-8, distinct as Swift strings are.
    ///   - dimension: the length of every vector, 1…65,536; of a collection that exists, too.
    ///   - metric: how nearness is measured; in a collection that exists, too.
    ///   - index: which index is kept beside the rows of a new collection; one that exists keeps its own.
    ///   - fullText: the texts of a new collection that are found by their words; one that exists keeps its own.
    /// - Throws: `VectorError` with code `collectionExists` if there is one with another dimension or metric, and as
    ///   ``createCollection(_:dimension:metric:index:fullText:)`` and ``collection(_:)``.
    public func openOrCreateCollection(
        _ name: String,
        dimension: Int,
        metric: Metric = .cosine,
        index: CollectionIndex = .automatic,
        fullText: FullTextIndex? = nil
    ) async throws(VectorError) -> VectorCollection {
        let found: VectorCollection
        do throws(VectorError) {
            found = try await collection(name)
        } catch {
            guard error.code == .unknownCollection else { throw error }
            do throws(VectorError) {
                return try await createCollection(
                    name,
                    dimension: dimension,
                    metric: metric,
                    index: index,
                    fullText: fullText
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

    /// A collection's entry in the catalogue.
    func record(_ name: String) throws(VectorError) -> CollectionRecord {
        guard let record = try core.database.catalogue().collections.first(where: { $0.name == name }) else {
            throw VectorError(
                .unknownCollection,
                "there is no collection '\(name)' in '\(url.path(percentEncoded: false))'"
            )
        }
        return record
    }

    /// Deletes a collection with all its rows.
    ///
    /// - Throws: `VectorError` with code `unknownCollection`, `readOnly`, `inputOutput`, `closed`.
    public func deleteCollection(_ name: String) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in
            try self.core.change { sequence throws(VectorError) in
                let record = try self.record(name)
                try self.core.database.delete(record, sequence: sequence + 1)
                self.forget(record)
                return ((), sequence + 1)
            }
        }
    }

    /// Ends what there is of a collection beside the database, from which it was deleted.
    func forget(_ record: CollectionRecord) {
        let loaded = collections.withLock { $0.removeValue(forKey: record.id) }
        let rowFile = loaded?.live.state.withLock { state in
            state.isDeleted = true
            return state.rowFile
        }
        core.releaseMemory(of: record.id)
        for name in [record.sidecar?.name, rowFile?.name].compactMap({ $0 }) { core.removeFile(name) }
    }

    /// Gives a collection another name. ``VectorCollection`` values of it stay usable, and have the new name.
    ///
    /// - Parameters:
    ///   - name: the name that it has.
    ///   - newName: 1 to 255 bytes of UTF-8, distinct as Swift strings are.
    /// - Throws: `VectorError` with code `unknownCollection`, `collectionExists`, `invalidArgument`, `readOnly`,
    ///   `inputOutput`, `closed`.
    public func renameCollection(_ name: String, to newName: String) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in
            try Self.checkName(newName)
            try self.core.change { sequence throws(VectorError) in
                var record = try self.record(name)
                try self.checkIsFree(newName, for: record.id)
                record.name = newName
                try self.core.database.rename(record, sequence: sequence + 1)
                self.collections.withLock { $0[record.id] }?.live.state.withLock { $0.record.name = newName }
                return ((), sequence + 1)
            }
        }
    }

    private static func checkName(_ name: String) throws(VectorError) {
        try checkRange(name.utf8.count, 1...255, "the length of the name in bytes,")
    }

    /// Refuses a name that another collection than this one has.
    private func checkIsFree(_ name: String, for id: Int64) throws(VectorError) {
        guard try !core.database.catalogue().collections.contains(where: { $0.name == name && $0.id != id }) else {
            throw VectorError(.collectionExists, "there is a collection '\(name)' already")
        }
    }

    /// The collection in memory; loaded once, however many ask at a time.
    private func loaded(_ id: Int64) throws(VectorError) -> VectorCollection {
        try collections.withLock { collections throws(VectorError) in
            if let loaded = collections[id] { return loaded }
            let collection = try VectorCollection(core: core, id: id)
            collections[id] = collection
            collection.maintenance.look()
            return collection
        }
    }

    /// Ends background work and closes the files. Later calls throw an error with code `closed`. A store that is not
    /// closed closes by itself, once nothing refers to it or its collections.
    ///
    /// - Throws: `VectorError` with code `inputOutput`.
    public func close() async throws(VectorError) {
        let open = collections.withLock { Array($0.values) }
        for collection in open { await collection.maintenance.end() }
        try await runBlocking { _ throws(VectorError) in try self.core.close() }
        collections.withLock { $0 = [:] }
    }

    /// The bytes that the database takes on the disk, with its write-ahead log and without index files.
    public var databaseFileSize: Int { core.database.fileSize }
}

import ArgumentParser
import Foundation
import Milvus
import VectorStorage
import Vectors

/// The store that a command works with: a folder's, or a server's.
enum CommandStore {
    case folder(VectorStore)
    #if Milvus
    case server(MilvusStore)
    #endif

    /// Whether a command's argument is not a path.
    static func isAddress(_ place: String) -> Bool { place.hasPrefix("http://") || place.hasPrefix("https://") }

    /// How much memory collections of a folder may take.
    enum Memory {
        /// As much as they like; little for a command that only reads, whose few answers are there before a larger collection
        /// were in memory.
        case usual
        /// So many bytes, or as many as they like.
        case limit(Int?)

        fileprivate func budget(_ access: StoreOptions.Access) -> Int? {
            switch self {
            case .usual: access == .readOnly ? 64 << 20 : nil
            case .limit(let bytes): bytes
            }
        }
    }

    static func open(_ place: String, _ access: StoreOptions.Access, memory: Memory) async throws -> CommandStore {
        guard isAddress(place) else {
            let options = StoreOptions(access: access, memoryBudget: memory.budget(access))
            return .folder(try await VectorStore.open(fileURL(place), options: options))
        }
        guard let url = URL(string: place) else { throw ValidationError("'\(place)' is not an address") }
        #if Milvus
        let token = ProcessInfo.processInfo.environment["MILVUS_TOKEN"]
        // A wrong address is said within seconds; a server that was there and is away for a while is waited for.
        let options = MilvusOptions(token: token, patience: .seconds(5))
        await (try await MilvusStore.connect(url, options: options)).close()
        return .server(try await MilvusStore.connect(url, options: MilvusOptions(token: token)))
        #else
        throw DataError("'\(url)': this program was built without Milvus; `swift build --traits Milvus` builds it with")
        #endif
    }

    /// Of a folder's.
    var databaseFileSize: Int? {
        guard case .folder(let store) = self else { return nil }
        return store.databaseFileSize
    }

    func collection(_ name: String) async throws(VectorError) -> any StoredCollection {
        switch self {
        case .folder(let store): try await store.collection(name)
        #if Milvus
        case .server(let store): try await store.collection(name)
        #endif
        }
    }

    func createCollection(
        _ name: String,
        dimension: Int,
        metric: Metric,
        index: CollectionIndex,
        fullText: FullTextIndex? = nil
    ) async throws -> any StoredCollection {
        switch self {
        case .folder(let store):
            return try await store.createCollection(
                name,
                dimension: dimension,
                metric: metric,
                index: index,
                fullText: fullText
            )
        #if Milvus
        case .server(let store):
            guard fullText == nil else { throw ValidationError("--full-text needs a store's folder") }
            return try await store.createCollection(name, dimension: dimension, metric: metric, index: index)
        #endif
        }
    }

    func deleteCollection(_ name: String) async throws {
        switch self {
        case .folder(let store): try await store.deleteCollection(name)
        #if Milvus
        case .server(let store): try await store.deleteCollection(name)
        #endif
        }
    }

    func collectionNames() async throws -> [String] {
        switch self {
        case .folder(let store): try await store.collectionNames()
        #if Milvus
        case .server(let store): try await store.collectionNames()
        #endif
        }
    }

    func close() async throws {
        switch self {
        case .folder(let store): try await store.close()
        #if Milvus
        case .server(let store): await store.close()
        #endif
        }
    }
}

/// Opens a store, lets `body` use it, and closes it.
func withStore<Result: Sendable>(
    at place: String,
    _ access: StoreOptions.Access,
    memory: CommandStore.Memory = .usual,
    _ body: (CommandStore) async throws -> Result
) async throws -> Result {
    let store = try await CommandStore.open(place, access, memory: memory)
    let result: Result
    do {
        result = try await body(store)
    } catch {
        try? await store.close()
        throw error
    }
    try await store.close()
    return result
}

import Foundation
import Synchronization
import Vectors

/// What a store and its collections share: the files, and the right to change them.
final class StoreCore: Sendable {
    let url: URL
    let options: StoreOptions
    let database: StoreDatabase
    /// Held until the store is closed.
    private let lock: Mutex<FolderLock?>
    private let acknowledged: AcknowledgedSequence?
    /// The sequence number of the last change. Whoever holds it is the one that changes the store.
    private let sequence: Locked<Int64>
    private let closed = Atomic(false)

    static let sidecarExtension = "vindex"

    init(_ url: URL, options: StoreOptions) throws(StorageError) {
        self.url = url
        self.options = options
        let path = try withStorageError { try url.filePath }
        let databaseURL = url.appending(path: StoreDatabase.fileName)
        let exists = FileManager.default.fileExists(atPath: databaseURL.path(percentEncoded: false))
        guard exists || options.access == .readWriteCreating else {
            throw StorageError(.noStore, "'\(path)' holds no vector store")
        }
        if options.access == .readOnly {
            lock = Mutex(nil)
            acknowledged = nil
        } else {
            try withStorageError {
                try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            }
            lock = Mutex(try FolderLock(url))
            acknowledged = try AcknowledgedSequence(url)
        }
        // A database that was emptied is not taken for a new one.
        let isNew = acknowledged?.value ?? 0 == 0 && options.access == .readWriteCreating
        let access =
            isNew ? .readWriteCreating : options.access == .readOnly ? .readOnly : StoreOptions.Access.readWrite
        database = try StoreDatabase(databaseURL, access: access, durability: options.durability)
        // Before the catalogue: a process that writes may acknowledge more in between.
        let value = acknowledged?.value ?? Self.acknowledged(url)
        let (collections, last) = try database.catalogue()
        if !options.acceptsLostWrites, let value, value > last {
            throw StorageError(
                .damaged,
                "'\(path)' has lost acknowledged writes: it ends with change \(last), but change \(value) was "
                    + "acknowledged; open it with acceptsLostWrites to go on from there"
            )
        }
        sequence = Locked(last)
        guard options.access != .readOnly else { return }
        acknowledged?.store(last)
        if !exists {
            try flush(url)
            try flush(url.deletingLastPathComponent())
        }
        removeForgottenFiles(except: Set(collections.compactMap { $0.sidecar?.name }))
    }

    /// What a reader finds of the last acknowledged change, without making the file.
    private static func acknowledged(_ url: URL) -> Int64? {
        guard FileManager.default.fileExists(atPath: url.appending(path: "acknowledged").path(percentEncoded: false))
        else { return nil }
        return try? AcknowledgedSequence(url, readOnly: true).value
    }

    /// Index files that no collection names, and temporary files, are left by processes that ended amid their writing.
    private func removeForgottenFiles(except named: Set<String>) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
        for name in names where !named.contains(name) {
            guard
                name.hasSuffix(".\(Self.sidecarExtension)") || name.hasPrefix(".swift-faiss-") && name.hasSuffix(".tmp")
            else { continue }
            try? FileManager.default.removeItem(at: url.appending(path: name))
        }
    }

    func checkOpen() throws(StorageError) {
        if closed.load(ordering: .acquiring) { throw .closed }
    }

    /// Runs a change, one at a time. The body gets the sequence number of the last change; what it returns as the new one
    /// counts once it has returned, and is acknowledged.
    func change<Result>(
        _ body: (Int64) throws(StorageError) -> (Result, sequence: Int64)
    ) throws(StorageError) -> Result {
        guard options.access != .readOnly else {
            throw StorageError(.readOnly, "'\(url.path(percentEncoded: false))' was opened for reading only")
        }
        return try sequence.withLock { last throws(StorageError) in
            try checkOpen()
            let (result, next) = try body(last)
            guard next > last else { return result }
            last = next
            if options.durability == .full { acknowledged?.store(next) }
            return result
        }
    }

    /// Closes the files, after the change that is under way.
    func close() throws(StorageError) {
        try sequence.withLock { _ throws(StorageError) in
            if closed.exchange(true, ordering: .acquiringAndReleasing) { return }
            defer { lock.withLock { $0 = nil } }
            try database.close()
        }
    }
}

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
    /// The bytes of memory that collections use, where there is a budget.
    private let memory = Locked<[Int64: Int]>([:])
    private let rowFilesAllowed = Atomic(false)
    private let closed = Atomic(false)
    /// Where the database file was opened, and which it is; and whether it was found to be there no longer.
    private let databasePath: String
    private let identity: Folder.Identity?
    private let isLost = Atomic(false)
    /// How many snapshots are being made, and the files that were replaced meanwhile.
    private let snapshots = Locked<(count: Int, obsolete: [String])>((0, []))

    init(_ url: URL, options: StoreOptions) throws(VectorError) {
        self.url = url
        self.options = options
        let path = try url.filePath
        let databaseURL = url.appending(path: StoreDatabase.fileName)
        databasePath = databaseURL.path(percentEncoded: false)
        let exists = FileManager.default.fileExists(atPath: databasePath)
        guard exists || options.access == .readWriteCreating else {
            throw VectorError(.noStore, "'\(path)' holds no vector store")
        }
        if options.access == .readOnly {
            lock = Mutex(nil)
            acknowledged = nil
        } else {
            try Folder.create(url)
            lock = Mutex(try FolderLock(url))
            acknowledged = try AcknowledgedSequence(url)
        }
        // A database that was emptied is not taken for a new one.
        let isNew = acknowledged?.value ?? 0 == 0 && options.access == .readWriteCreating
        let access =
            isNew ? .readWriteCreating : options.access == .readOnly ? .readOnly : StoreOptions.Access.readWrite
        try options.validate()
        database = try StoreDatabase(databaseURL, access: access, durability: options.durability)
        identity = Folder.Identity(databasePath)
        // Before the catalogue: a process that writes may acknowledge more in between.
        let value = acknowledged?.value ?? (try? AcknowledgedSequence(url, readOnly: true))?.value
        let last = try database.catalogue().sequence
        if !options.acceptsLostWrites, let value, value > last {
            throw VectorError(
                .damaged,
                "'\(path)' has lost acknowledged writes: it ends with change \(last), but change \(value) was "
                    + "acknowledged; open it with acceptsLostWrites to go on from there"
            )
        }
        sequence = Locked(last)
        rowFilesAllowed.store(try database.hasRowFiles(), ordering: .relaxed)
        guard options.access != .readOnly else { return }
        acknowledged?.store(last)
        if !exists {
            try flush(url)
            try flush(url.deletingLastPathComponent())
        }
        removeForgottenFiles(except: Set(try database.namedFiles().map(\.name)))
    }

    /// Index and row files that no collection names, and temporary files, are left by processes that ended while writing.
    private func removeForgottenFiles(except named: Set<String>) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false))) ?? []
        for name in names where !named.contains(name) {
            guard
                name.hasSuffix(".\(Sidecar.fileExtension)") || name.hasSuffix(".\(Sidecar.listsExtension)")
                    || name.hasSuffix(".\(RowFile.fileExtension)")
                    || name.hasPrefix(".swift-faiss-") && name.hasSuffix(".tmp")
            else { continue }
            try? FileManager.default.removeItem(at: url.appending(path: name))
        }
    }

    /// Removes an index or row file that nothing names any more; once no snapshot is being made, which may have to copy it.
    func removeFile(_ name: String) {
        let isWanted = snapshots.withLock { snapshots in
            if snapshots.count > 0 { snapshots.obsolete.append(name) }
            return snapshots.count > 0
        }
        if !isWanted { try? FileManager.default.removeItem(at: url.appending(path: name)) }
    }

    /// Calls `body` while all index and row files stay that are there at its beginning or come later.
    func keepingFiles<Result>(_ body: () throws(VectorError) -> Result) throws(VectorError) -> Result {
        snapshots.withLock { $0.count += 1 }
        defer {
            let obsolete = snapshots.withLock { snapshots in
                snapshots.count -= 1
                guard snapshots.count == 0 else { return [String]() }
                defer { snapshots.obsolete = [] }
                return snapshots.obsolete
            }
            for name in obsolete { removeFile(name) }
        }
        return try body()
    }

    /// Refuses a change where the database's path does not lead to the database that is open: SQLite would go on writing to
    /// a file that has no name any more, and that nobody will find. Once seen, it stays so: what was written last may be
    /// missing in the database's memory or in ours.
    private func checkPlace() throws(VectorError) {
        if !isLost.load(ordering: .relaxed), Folder.Identity(databasePath) == identity,
            Folder.Identity(databasePath + "-wal") != nil
        {
            return
        }
        isLost.store(true, ordering: .relaxed)
        throw VectorError(
            .inputOutput,
            "'\(databasePath)' was deleted, moved or replaced while the store was open: nothing can be written to it"
        )
    }

    func checkWritable() throws(VectorError) {
        if options.access == .readOnly {
            throw VectorError(.readOnly, "'\(url.path(percentEncoded: false))' was opened for reading only")
        }
    }

    func checkOpen() throws(VectorError) {
        if closed.load(ordering: .acquiring) { throw .closed }
    }

    /// Runs a change, one at a time. The body gets the sequence number of the last change; what it returns as the new one
    /// counts once it has returned, and is acknowledged.
    func change<Result>(
        _ body: (Int64) throws(VectorError) -> (Result, sequence: Int64)
    ) throws(VectorError) -> Result {
        try checkWritable()
        return try sequence.withLock { last throws(VectorError) in
            try checkOpen()
            try checkPlace()
            let (result, next) = try body(last)
            guard next > last else { return result }
            // It may have been removed meanwhile, and the change with it.
            try checkPlace()
            last = next
            if options.durability == .full { acknowledged?.store(next) }
            return result
        }
    }

    /// Calls `body` while nothing is changed.
    func whileUnchanged<Result>(_ body: () throws(VectorError) -> Result) throws(VectorError) -> Result {
        try sequence.withLock { _ throws(VectorError) in
            try checkOpen()
            return try body()
        }
    }

    // MARK: Row files

    /// Whether collections may have row files.
    var hasRowFiles: Bool { rowFilesAllowed.load(ordering: .relaxed) }

    /// Makes the store one of the newest version of the format.
    func convert() throws(VectorError) {
        try database.convert()
        rowFilesAllowed.store(true, ordering: .relaxed)
    }

    // MARK: Memory

    /// The most bytes that columns of a row file may take; a part of the budget.
    var columnLimit: Int { options.memoryBudget.map { $0 / 4 } ?? .max }

    /// The bytes of memory that a collection may use, given what the others use; nil if there is no limit.
    ///
    /// - Parameter size: what it uses now.
    func memoryLimit(of collection: Int64, using size: Int) -> Int? {
        guard let budget = options.memoryBudget else { return nil }
        return memory.withLock { memory in
            memory[collection] = size
            return max(0, budget - memory.values.reduce(0, +) + size)
        }
    }

    /// Takes a collection out of the account.
    func releaseMemory(of collection: Int64) { memory.withLock { $0[collection] = nil } }

    /// Closes the files, after the change that is under way.
    func close() throws(VectorError) {
        try sequence.withLock { _ throws(VectorError) in
            if closed.exchange(true, ordering: .acquiringAndReleasing) { return }
            defer { lock.withLock { $0 = nil } }
            try database.close()
        }
    }
}

public import Foundation
public import Vectors

extension VectorStore {
    /// Copies the store, in one consistent state, into a new folder, while it is in use. The copy appears whole or not at
    /// all, and is on the disk when the call returns.
    ///
    /// - Parameter destination: a folder that does not exist yet.
    /// - Throws: `VectorError` with code `invalidArgument` (the folder exists), `inputOutput`, `damaged`, `closed`.
    public func snapshot(to destination: URL) async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in
            try self.core.checkOpen()
            let path = try destination.filePath
            guard !FileManager.default.fileExists(atPath: path) else {
                throw VectorError(.invalidArgument, "'\(path)' exists already")
            }
            let temporary = try TemporaryFolder(in: destination.deletingLastPathComponent())
            try self.core.keepingFiles { () throws(VectorError) in try self.copy(to: temporary.url) }
            try flush(temporary.url)
            try temporary.move(to: destination)
        }
    }

    /// Copies the database and the index and row files that it names.
    private func copy(to folder: URL) throws(VectorError) {
        let copy = folder.appending(path: StoreDatabase.fileName)
        // Another process that writes may replace such a file before it is copied: then the database is copied again, and at
        // last without naming the file.
        for attempt in 0..<3 {
            try? FileManager.default.removeItem(at: copy)
            try core.database.copy(to: copy)
            let missing = try Self.namedFiles(in: copy).filter { named in
                let file = folder.appending(path: named.name)
                return (try? Folder.copy(url.appending(path: named.name), to: file)) == nil
            }
            if missing.isEmpty { break }
            guard attempt == 2 else { continue }
            let database = try StoreDatabase(copy, access: .readWrite, durability: .full)
            for file in missing { try database.forget(file) }
            try database.close()
        }
        try flush(copy)
    }

    private static func namedFiles(in copy: URL) throws(VectorError) -> [StoreDatabase.NamedFile] {
        let database = try StoreDatabase(copy, access: .readOnly, durability: .full)
        let names = try database.namedFiles()
        try database.close()
        return names
    }

    /// Reads every byte of the store and reports what is damaged.
    ///
    /// - Returns: a sentence for each problem; none if the store is whole. Damage that stops the check itself is one of
    ///   them, not thrown.
    /// - Throws: `VectorError` with code `inputOutput`, `cancelled`, `closed`.
    public func verify() async throws(VectorError) -> [String] {
        try await runBlocking { cancellation throws(VectorError) in
            try self.core.checkOpen()
            var problems: [String] = []
            func noting(_ check: () throws(VectorError) -> Void) throws(VectorError) {
                do throws(VectorError) {
                    try check()
                } catch {
                    guard error.code == .damaged || error.code == .unsupportedVersion else { throw error }
                    problems.append(error.message)
                }
            }
            try noting { () throws(VectorError) in problems += try self.core.database.integrityProblems() }
            var records: [CollectionRecord] = []
            try noting { () throws(VectorError) in records = try self.core.database.catalogue().collections }
            for record in records {
                try noting { () throws(VectorError) in
                    try self.core.verifyRows(of: record, cancellation)
                    problems += try self.core.fileProblems(of: record, cancellation)
                    let words = try self.core.database.fullTextProblem(of: record, cancellation: cancellation)
                    if let words { problems.append(words) }
                }
            }
            return problems
        }
    }

    /// Makes a store of an older release one of this release's version of the format, which older ones can't open any more.
    /// Its collections then open at once, whatever their size, and can be larger than memory.
    ///
    /// Whenever the process ends, the store is one of either version, and whole. Does nothing to a store of this version.
    ///
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `closed`.
    public func convert() async throws(VectorError) {
        try await runBlocking { _ throws(VectorError) in
            try self.core.change { sequence throws(VectorError) in
                try self.core.convert()
                return ((), sequence)
            }
        }
    }

    /// Makes all collections and files as small and as fast as they can be: removes deleted rows, rebuilds the
    /// indexes where rows were added or deleted, and returns free space to the file system.
    ///
    /// - Throws: `VectorError` with code `readOnly`, `inputOutput`, `locked` (an iteration over rows goes on for more than
    ///   10 seconds), `cancelled`, `closed`.
    public func compact() async throws(VectorError) {
        for name in try await collectionNames() { try await collection(name).rebuildIndex() }
        try await runBlocking { _ throws(VectorError) in
            try self.core.change { sequence throws(VectorError) in
                try self.core.database.vacuum()
                return ((), sequence)
            }
        }
    }
}

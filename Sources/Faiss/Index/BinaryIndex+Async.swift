public import Foundation
public import Vectors

// The overloads that async callers get: the same calls on threads outside the cooperative pool, cancelled with the task.

extension BinaryIndex {
    /// As `train(on:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func train(
        on vectors: BinaryMatrix,
        options: TrainingOptions = TrainingOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) {
        try await runBlocking { cancellation throws(FaissError) in
            try self.train(on: vectors, options: options, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    /// As `add(_:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    @discardableResult
    public func add(
        _ vectors: BinaryMatrix,
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> Range<Int64> {
        try await runBlocking { cancellation throws(FaissError) in
            try self.add(vectors, threads: threads, watch: Watch(cancellation: cancellation, progress: progress))
        }
    }

    /// As `add(_:ids:threads:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func add(
        _ vectors: BinaryMatrix,
        ids: [Int64],
        threads: ThreadLimit = .automatic,
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            try self.add(vectors, ids: ids, threads: threads, watch: watch)
        }
    }

    /// As `remove(ids:)`, off the cooperative pool.
    @discardableResult
    public func remove(ids: some Sequence<Int64>) async throws(FaissError) -> Int {
        let ids = Array(ids)
        return try await runBlocking { _ throws(FaissError) in try self.remove(ids: ids) }
    }

    /// As `search(_:k:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: BinaryMatrix,
        k: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> NeighborLists {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            return try self.search(queries, for: .nearest(k), options: options, watch: watch)
        }
    }

    /// As `search(_:within:options:progress:)`, off the cooperative pool; stops when the task is cancelled.
    public func search(
        _ queries: BinaryMatrix,
        within radius: Int,
        options: SearchOptions = SearchOptions(),
        progress: OperationProgress.Handler? = nil
    ) async throws(FaissError) -> NeighborLists {
        try await runBlocking { cancellation throws(FaissError) in
            let watch = Watch(cancellation: cancellation, progress: progress)
            return try self.search(queries, for: self.goal(within: radius), options: options, watch: watch)
        }
    }

    /// As `reconstruct(_:)`, off the cooperative pool.
    public func reconstruct(_ ids: [Int64]) async throws(FaissError) -> BinaryMatrix {
        try await runBlocking { _ throws(FaissError) in try self.reconstruct(ids) }
    }

    /// As `write(to:)`, off the cooperative pool.
    public func write(to url: URL) async throws(FaissError) {
        try await runBlocking { _ throws(FaissError) in try self.write(to: url) }
    }

    /// As `init(contentsOf:)`, off the cooperative pool.
    public convenience init(contentsOf url: URL) async throws(FaissError) {
        self.init(try await runBlocking { _ throws(FaissError) in try Contents(envelope: url) })
    }

    /// As `writeFaissFile(to:)`, off the cooperative pool.
    public func writeFaissFile(to url: URL) async throws(FaissError) {
        try await runBlocking { _ throws(FaissError) in try self.writeFaissFile(to: url) }
    }

    /// As `init(faissFile:)`, off the cooperative pool.
    public convenience init(faissFile url: URL) async throws(FaissError) {
        self.init(try await runBlocking { _ throws(FaissError) in try Contents(faissFile: url) })
    }
}

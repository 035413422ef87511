import Faiss
import Foundation
public import Vectors

/// Vectors of one dimension under keys, with metadata.
///
/// A collection is in memory while it is used: the vectors, the keys, numbers and hashes of the metadata, and an index.
/// Rows are written to the database first, and are searchable when a write returns.
public final class VectorCollection: Sendable {
    /// The name, which ``VectorStore/renameCollection(_:to:)`` changes.
    public var name: String { record.name }
    /// The length of every vector.
    public let dimension: Int
    /// How nearness is measured.
    public let metric: Metric
    /// Which index is kept.
    public let index: CollectionIndex

    let core: StoreCore
    let state: Locked<State>
    let maintenance = Locked(Maintenance())

    struct State: Sendable {
        var record: CollectionRecord
        var view: CollectionView
        /// The slots of the rows that are there.
        var keys: [VectorKey: Int]
        var isDeleted = false
        var sidecarProblem: String?

        init(_ contents: LoadedCollection) {
            record = contents.record
            keys = contents.keys
            sidecarProblem = contents.sidecarProblem
            view = CollectionView(
                sequence: contents.record.sequence,
                table: contents.table,
                liveCount: contents.record.digest.count,
                main: contents.main
            )
        }
    }

    init(core: StoreCore, id: Int64) throws(StorageError) {
        let contents = try LoadedCollection(id, from: core)
        self.core = core
        dimension = contents.record.dimension
        metric = contents.record.metric
        index = contents.record.index
        state = Locked(State(contents))
    }

    var isDeleted: Bool { state.withLock { $0.isDeleted } }
    func rename(_ name: String) { state.withLock { $0.record.name = name } }
    func markDeleted() { state.withLock { $0.isDeleted = true } }

    private func checkUsable() throws(StorageError) {
        try core.checkOpen()
        if isDeleted { throw StorageError(.unknownCollection, "the collection '\(name)' was deleted") }
    }

    // MARK: Writing

    /// Stores vectors under their keys. What a key held before is replaced, metadata included.
    ///
    /// All or nothing, and durable when the call returns (see ``StoreOptions/Durability``). Where a key occurs twice, the
    /// later row counts.
    ///
    /// - Parameter rows: the vectors; none is fine. Thousands at a time are much faster than one by one.
    /// - Throws: ``StorageError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument` (a key or metadata out of
    ///   their limits; a zero vector for cosine), `readOnly`, `inputOutput`, `cancelled`, `closed`.
    public func upsert(_ rows: [StoredVector]) async throws(StorageError) {
        try await runBlocking { cancellation throws(StorageError) in
            try self.checkUsable()
            let latest = try self.prepared(rows, cancellation: cancellation)
            if latest.isEmpty { return }
            _ = try self.core.change { sequence throws(StorageError) in
                try self.commit(adding: latest, at: sequence) { state in
                    latest.compactMap { state.keys[$0.row.key] }
                }
            }
        }
        maintain()
    }

    /// Refuses a row that ``upsert(_:)`` would refuse.
    ///
    /// - Throws: ``StorageError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument`.
    public func validate(_ row: StoredVector) throws(StorageError) { _ = try prepared(row) }

    /// Stores one vector; see ``upsert(_:)``.
    public func upsert(_ key: VectorKey, _ vector: [Float], metadata: Metadata = [:]) async throws(StorageError) {
        try await upsert([StoredVector(key: key, vector: vector, metadata: metadata)])
    }

    /// Changes the metadata of rows and leaves their vectors as they are: all of them or, if one can't be, none.
    ///
    /// - Parameters:
    ///   - changes: keys, each with what is to be known; where a key occurs twice, one after the other.
    ///   - replacing: whether these are all that is known from now on; otherwise fields that are not named stay.
    ///   - fields: names of fields that are removed first; a row need not have them.
    /// - Throws: ``StorageError`` with code `unknownKey`, `notFinite`, `invalidArgument` (metadata out of their limits),
    ///   `readOnly`, `inputOutput`, `cancelled`, `closed`.
    public func update(
        _ changes: [(key: VectorKey, metadata: Metadata)],
        replacing: Bool = false,
        removing fields: Set<String> = []
    ) async throws(StorageError) {
        try await runBlocking { cancellation throws(StorageError) in
            try self.checkUsable()
            _ = try self.core.change { sequence throws(StorageError) in
                let state = self.state.withLock { $0 }
                var rows: [VectorKey: StoredVector] = [:]
                for (key, _) in changes where rows[key] == nil {
                    guard let slot = state.keys[key] else {
                        throw StorageError(.unknownKey, "no row of the collection '\(self.name)' has the key '\(key)'")
                    }
                    let isThere = try self.core.database.rows([state.view.table.id(slot)], of: state.record) { row in
                        rows[key] = try StoredVector(row)
                    }
                    guard isThere else {
                        throw StorageError(.damaged, "rows of the collection '\(self.name)' are missing")
                    }
                }
                for (key, metadata) in changes {
                    for field in fields { rows[key]?.metadata[field] = nil }
                    if replacing { rows[key]?.metadata = metadata }
                    rows[key]?.metadata.merge(metadata) { _, new in new }
                }
                let prepared = try self.prepared(
                    // Those of a key that occurs twice are the same row.
                    changes.compactMap { rows[$0.key] },
                    cancellation: cancellation
                )
                return try self.commit(adding: prepared, at: sequence) { state in
                    prepared.compactMap { state.keys[$0.row.key] }
                }
            }
        }
        maintain()
    }

    /// Changes the metadata of a row; see ``update(_:replacing:removing:)``.
    public func update(
        _ key: VectorKey,
        metadata: Metadata,
        replacing: Bool = false,
        removing fields: Set<String> = []
    ) async throws(StorageError) {
        try await update([(key, metadata)], replacing: replacing, removing: fields)
    }

    /// Deletes rows. A key that no row has is ignored.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: ``StorageError`` with code `readOnly`, `inputOutput`, `closed`.
    @discardableResult
    public func delete(_ keys: [VectorKey]) async throws(StorageError) -> Int {
        try await remove { state in Set(keys.compactMap { state.keys[$0] }).sorted() }
    }

    /// Deletes the rows that a condition holds for.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: ``StorageError`` with code `readOnly`, `inputOutput`, `invalidArgument`, `closed`.
    @discardableResult
    public func delete(where condition: Condition) async throws(StorageError) -> Int {
        try condition.validate()
        return try await remove { state in
            let view = state.view
            var slots: [Int] = []
            view.rows(where: condition).forEach(in: 0..<view.table.count) { slots.append($0) }
            return slots
        }
    }

    private func remove(_ choose: @escaping @Sendable (State) -> [Int]) async throws(StorageError) -> Int {
        let count = try await runBlocking { _ throws(StorageError) in
            try self.checkUsable()
            return try self.core.change { sequence throws(StorageError) in
                try self.commit(adding: [], at: sequence, removing: choose)
            }
        }
        maintain()
        return count
    }

    /// A row that has been checked, with its metadata in their format.
    private struct Prepared: Sendable {
        var row: StoredVector
        var metadata: [UInt8]
    }

    /// Checks rows and drops those that a later one replaces.
    private func prepared(_ rows: [StoredVector], cancellation: Cancellation) throws(StorageError) -> [Prepared] {
        var last: [VectorKey: Int] = [:]
        last.reserveCapacity(rows.count)
        for (number, row) in rows.enumerated() { last[row.key] = number }
        var latest: [Prepared] = []
        latest.reserveCapacity(last.count)
        for (number, row) in rows.enumerated() {
            if number & 1023 == 0, cancellation.isCancelled { throw .cancelled }
            let prepared = try prepared(row)
            if last[row.key] == number { latest.append(prepared) }
        }
        return latest
    }

    private func prepared(_ row: StoredVector) throws(StorageError) -> Prepared {
        try row.key.validate()
        try check(row.vector, "the vector of '\(row.key)'")
        try row.metadata.validate(key: row.key)
        let metadata = MetadataFormat.encode(row.metadata)
        guard metadata.count <= Metadata.maximumSize else {
            throw StorageError(
                .invalidArgument,
                "the metadata of '\(row.key)' take \(metadata.count) bytes, more than \(Metadata.maximumSize)"
            )
        }
        return Prepared(row: row, metadata: metadata)
    }

    /// Refuses numbers that would give wrong answers: NaN, infinities, what overflows, and for cosine what has no
    /// direction.
    private func check(_ vector: [Float], _ name: @autoclosure () -> String) throws(StorageError) {
        guard vector.count == dimension else {
            throw StorageError(
                .dimensionMismatch,
                "\(name()) has \(vector.count) numbers, the collection '\(self.name)' has dimension \(dimension)"
            )
        }
        if let place = vector.withUnsafeBufferPointer({ firstPlace(in: $0) }) {
            throw StorageError(
                .notFinite,
                "\(name()) holds \(vector[place]), which is not finite or larger than \(VectorIndex.maximumMagnitude)"
            )
        }
        if metric == .cosine, !vector.withUnsafeBufferPointer({ inverseLength($0) }).isFinite {
            throw StorageError(.invalidArgument, "\(name()) is all zeros or nearly so: the cosine to it is not defined")
        }
    }

    /// Removes and adds rows: in the database first, then in memory. The caller holds the right to change.
    private func commit(
        adding rows: [Prepared],
        at sequence: Int64,
        removing choose: (State) -> [Int]
    ) throws(StorageError) -> (Int, sequence: Int64) {
        if isDeleted { throw StorageError(.unknownCollection, "the collection '\(name)' was deleted") }
        let (record, view, removed) = state.withLock { ($0.record, $0.view, choose($0)) }
        if rows.isEmpty, removed.isEmpty { return (0, sequence) }
        var table = view.table
        try table.makeRoom(forColumns: rows.lazy.flatMap { $0.row.metadata.keys }) {
            var staying = view.visible
            for slot in removed { staying.remove(slot) }
            return staying
        }
        var changed = record
        changed.sequence = sequence + Int64(max(rows.count, 1))
        for slot in removed { changed.digest.remove(id: view.table.id(slot), checksum: view.table.checksum(slot)) }
        var new: [StoreDatabase.NewRow] = []
        new.reserveCapacity(rows.count)
        for (number, prepared) in rows.enumerated() {
            let id = sequence + 1 + Int64(number)
            let checksum = prepared.row.vector.withUnsafeBytes { vector in
                prepared.metadata.withUnsafeBytes { metadata in
                    rowChecksum(
                        collection: record.id,
                        id: id,
                        key: prepared.row.key.text,
                        metadata: metadata,
                        vector: vector
                    )
                }
            }
            changed.digest.insert(id: id, checksum: checksum)
            new.append(
                StoreDatabase.NewRow(id: id, row: prepared.row, metadata: prepared.metadata, checksum: checksum)
            )
        }
        // What may fail comes before the commit.
        try withStorageError { try table.reserveCapacity(forMore: new.count) }
        try core.database.commit(changed, removing: removed.map { view.table.id($0) }, adding: new)
        // Only changes come here, one at a time, and index swaps, which hold the same right: the view is still current.
        for slot in removed { table.end(slot, at: changed.sequence) }
        let first = table.count
        for new in new {
            new.row.vector.withUnsafeBytes { vector in
                _ = table.append(id: new.id, key: new.row.key, vector: vector, checksum: new.checksum) { set in
                    for (name, value) in new.row.metadata { set(name, value) }
                }
            }
        }
        let next = CollectionView(
            sequence: changed.sequence,
            table: table,
            liveCount: changed.digest.count,
            main: view.main
        )
        state.withLock { state in
            for slot in removed { state.keys[table.key(slot)] = nil }
            for (number, new) in new.enumerated() { state.keys[new.row.key] = first + number }
            state.record = changed
            state.view = next
        }
        return (removed.count, changed.sequence)
    }

    // MARK: Reading

    /// The number of rows.
    public var count: Int { state.withLock { $0.view.liveCount } }

    /// The number of rows that a condition holds for.
    ///
    /// - Throws: ``StorageError`` with code `invalidArgument`, `closed`.
    public func count(where condition: Condition) async throws(StorageError) -> Int {
        try condition.validate()
        return try await runBlocking { _ throws(StorageError) in
            try self.currentView().rows(where: condition).count
        }
    }

    /// The names of the fields that rows have, each with the number of rows that have it.
    ///
    /// Complexity: O(rows × fields), a fraction of a nanosecond each.
    ///
    /// - Throws: ``StorageError`` with code `closed`.
    public func fieldCounts() async throws(StorageError) -> [String: Int] {
        try await runBlocking { _ throws(StorageError) in
            let view = try self.currentView()
            return view.table.columns.keys.reduce(into: [:]) { counts, name in
                let count = view.rows(where: .exists(name)).count
                if count > 0 { counts[name] = count }
            }
        }
    }

    /// The rows with these keys, nil where there is none.
    ///
    /// - Throws: ``StorageError`` with code `damaged`, `inputOutput`, `closed`.
    public func get(_ keys: [VectorKey]) async throws(StorageError) -> [StoredVector?] {
        try await runBlocking { _ throws(StorageError) in
            try self.consistently { _ throws(StorageError) in
                // Slots are those of the newest view.
                let (view, slots) = self.state.withLock { state in (state.view, keys.map { state.keys[$0] }) }
                var found: [Int64: StoredVector] = [:]
                let ids = Set(slots.compactMap { $0 }).map { view.table.id($0) }
                let all = try self.core.database.rows(ids, of: self.record) { row in
                    found[row.id] = try StoredVector(row)
                }
                guard all else { return nil }
                return slots.map { $0.flatMap { found[view.table.id($0)] } }
            }
        }
    }

    /// The row with this key, or nil.
    ///
    /// - Throws: ``StorageError`` with code `damaged`, `inputOutput`, `closed`.
    public func get(_ key: VectorKey) async throws(StorageError) -> StoredVector? { try await get([key])[0] }

    /// Hands out all rows, in the order of their writing, as they are at the time of the call, whatever is written
    /// meanwhile. While it runs, the write-ahead log can't be emptied, so it should not take hours.
    ///
    /// - Parameters:
    ///   - condition: which rows; nil for all.
    ///   - body: called with each row, on a thread of its own.
    /// - Throws: ``StorageError`` with code `damaged`, `inputOutput`, `invalidArgument`, `cancelled`, `closed`. An
    ///   error of `body` becomes one: a `CancellationError` with code `cancelled`, errors of this package's modules
    ///   with their own code, any other with code `inputOutput` and its description as the message.
    public func forEach(
        where condition: Condition? = nil,
        _ body: @escaping @Sendable (StoredVector) throws -> Void
    ) async throws(StorageError) {
        try condition?.validate()
        try await runBlocking { cancellation throws(StorageError) in
            try self.checkUsable()
            try self.core.database.load(self.record.id, cancellation: cancellation) { _ in
            } row: { row in
                let metadata = try MetadataFormat.decode(row.metadata)
                guard condition?.holds(for: metadata) ?? true else { return }
                try body(StoredVector(key: VectorKey(row.key), vector: row.floats, metadata: metadata))
            }
        }
    }

    /// How the collection stands.
    public var statistics: CollectionStatistics {
        let (record, view, problem) = state.withLock { ($0.record, $0.view, $0.sidecarProblem) }
        let failure = maintenance.withLock { $0.failure }
        return CollectionStatistics(
            count: view.liveCount,
            sequence: view.sequence,
            indexDescription: view.main?.index.indexDescription.description,
            recentCount: view.table.count - view.firstRecentSlot,
            deletedCount: view.table.count - view.liveCount,
            tableMemory: view.table.memorySize,
            indexMemory: view.main?.index.memorySize ?? 0,
            indexFileSize: record.sidecar?.length,
            indexProblem: failure ?? problem
        )
    }

    // MARK: Searching

    /// Finds the k nearest rows among those that a condition holds for.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the collection's dimension.
    ///   - k: how many, from 1.
    ///   - condition: which rows may be found; nil for all.
    ///   - options: exactness and tuning.
    /// - Returns: the rows, nearest first, and how they were found; fewer than k only if fewer pass the condition. What an
    ///   index finds may miss some of the true neighbours.
    /// - Throws: ``StorageError`` with code `dimensionMismatch`, `notFinite`, `invalidArgument`, `damaged`,
    ///   `inputOutput`, `cancelled`, `closed`.
    public func search(
        _ query: some Collection<Float>,
        k: Int,
        where condition: Condition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(StorageError) -> SearchResult {
        let query = Array(query)
        try check(query, "the query")
        let queries = try withStorageError { try VectorMatrix(query, dimension: dimension) }
        return try await search(checked: queries, k: k, where: condition, options: options)[0]
    }

    /// Finds the k nearest rows of each query, all in the same state of the collection; see the search with one query.
    ///
    /// - Returns: a result a query.
    public func search(
        _ queries: VectorMatrix,
        k: Int,
        where condition: Condition? = nil,
        options: QueryOptions = QueryOptions()
    ) async throws(StorageError) -> [SearchResult] {
        guard queries.dimension == dimension else {
            throw StorageError(
                .dimensionMismatch,
                "queries of dimension \(queries.dimension) don't fit the collection '\(name)' of \(dimension)"
            )
        }
        for row in 0..<queries.count { try check(Array(queries[row]), "query \(row)") }
        return try await search(checked: queries, k: k, where: condition, options: options)
    }

    private func search(
        checked queries: VectorMatrix,
        k: Int,
        where condition: Condition?,
        options: QueryOptions
    ) async throws(StorageError) -> [SearchResult] {
        try options.validate(k: k)
        try condition?.validate()
        return try await runBlocking { cancellation throws(StorageError) in
            try self.consistently { view throws(StorageError) in
                // More than there are would only ask for memory.
                let k = min(k, max(view.liveCount, 1))
                let answers = try view.search(
                    queries,
                    k: k,
                    where: condition,
                    options: options,
                    cancellation: cancellation
                )
                var metadata: [Int64: Metadata] = [:]
                var ids: [Int64] = []
                for answer in answers {
                    for candidate in answer.candidates { ids.append(view.table.id(candidate.slot)) }
                }
                if answers.count > 1 { ids = Set(ids).sorted() }
                let all = try self.core.database.rows(ids, of: self.record) { row in
                    metadata[row.id] = try MetadataFormat.decode(row.metadata)
                }
                guard all else { return nil }
                return answers.map { answer in
                    SearchResult(
                        matches: answer.candidates.map { candidate in
                            Match(
                                key: view.table.key(candidate.slot),
                                score: candidate.score,
                                metadata: metadata[view.table.id(candidate.slot)] ?? [:]
                            )
                        },
                        diagnostics: answer.diagnostics
                    )
                }
            }
        }
    }

    // MARK: States

    var record: CollectionRecord { state.withLock { $0.record } }

    /// The newest state. In a store that was opened for reading only, another process may have written since: then the
    /// collection is read anew.
    private func currentView() throws(StorageError) -> CollectionView {
        try checkUsable()
        if core.options.access == .readOnly {
            let record = self.record
            if try core.database.sequence(of: record.id) != record.sequence {
                let contents = try LoadedCollection(record.id, from: core)
                state.withLock { $0 = State(contents) }
            }
        }
        return state.withLock { $0.view }
    }

    /// Calls `body` with the newest state until it returns something: nil says that rows of this state were replaced in
    /// the database before they could be read.
    private func consistently<Result>(
        _ body: (CollectionView) throws(StorageError) -> Result?
    ) throws(StorageError) -> Result {
        for _ in 0..<20 {
            if let result = try body(try currentView()) { return result }
        }
        guard core.options.access != .readOnly else {
            throw StorageError(.locked, "another process changes the collection '\(name)' too fast for it to be read")
        }
        // With the right to change, nobody else changes anything.
        return try core.change { sequence throws(StorageError) in
            guard let result = try body(try currentView()) else {
                throw StorageError(.damaged, "rows of the collection '\(name)' are missing")
            }
            return (result, sequence)
        }
    }
}

extension StoredVector {
    init(_ row: StoreDatabase.StoredRow) throws(StorageError) {
        self.init(key: VectorKey(row.key), vector: row.floats, metadata: try MetadataFormat.decode(row.metadata))
    }
}

extension StoreDatabase.StoredRow {
    /// The vector's numbers.
    var floats: [Float] {
        (0..<vector.count / 4).map { place in
            let bits = UInt32(littleEndian: vector.loadUnaligned(fromByteOffset: 4 * place, as: UInt32.self))
            return Float(bitPattern: bits)
        }
    }
}

/// How a collection stands.
public struct CollectionStatistics: Sendable, Hashable, Codable {
    /// The number of rows.
    public var count: Int
    /// The sequence number of the last change.
    public var sequence: Int64
    /// The index that proposes candidates; nil while all rows are looked at.
    public var indexDescription: String?
    /// Rows, deleted ones included, that are newer than the index and are all looked at.
    public var recentCount: Int
    /// Deleted and replaced rows that still take memory.
    public var deletedCount: Int
    /// Bytes of memory that rows take: vectors, keys, numbers and hashes of the metadata.
    public var tableMemory: Int
    /// Bytes of memory that the index takes.
    public var indexMemory: Int
    /// Bytes of the index file; nil if there is none.
    public var indexFileSize: Int?
    /// Why the index file could not be used, or why building or writing an index failed. Searches are exact meanwhile.
    public var indexProblem: String?
}

import CFaiss
import FaissC
import Vectors

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The owner of a binary Faiss index: what ``NativeIndex`` is for vectors of numbers.
///
/// `@unchecked Sendable`: the pointer has no other owner, and ``BinaryIndex``'s lock keeps mutating methods alone.
struct NativeBinaryIndex: NativeStore, ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer

    deinit { faiss_IndexBinary_free(pointer) }

    /// An empty index of this kind, whose number of lists is decided.
    init(_ description: IndexDescription, dimension: Int) throws(FaissError) {
        switch description.kind {
        case .ivf(let lists, _):
            pointer = try make { faiss_IndexBinaryIVF_new_with($0, idx_t(dimension), lists.number ?? 1) }
        case .hnsw(let neighbors, let efConstruction):
            pointer = try make {
                faiss_IndexBinaryHNSW_new_with($0, idx_t(dimension), Int32(neighbors), Int32(efConstruction))
            }
        default: pointer = try make { faiss_IndexBinaryFlat_new_with($0, idx_t(dimension)) }
        }
    }

    var count: Int { Int(faiss_IndexBinary_ntotal(pointer)) }
    var dimension: Int { Int(faiss_IndexBinary_d(pointer)) }

    // MARK: Building

    mutating func train(
        _ vectors: UnsafeBufferPointer<UInt8>,
        options: TrainingOptions,
        watch: borrowing Watch
    ) throws(FaissError) {
        var parameters = FaissTrainingParameters(options)
        try watch.run(threads: options.threads) { work in
            faiss_IndexBinary_train_with(pointer, rows(vectors), vectors.baseAddress, &parameters, &work)
        }
    }

    /// Room is made when vectors come: a bit's copy costs little.
    mutating func reserve(_ count: Int) {}

    mutating func add(
        _ vectors: UnsafeBufferPointer<UInt8>,
        ids: [Int64],
        threads: ThreadLimit
    ) throws(FaissError) -> Int {
        var work = FaissWork(threads: threads.openMP, progress: nil, context: nil)
        try check(faiss_IndexBinary_add_with(pointer, rows(vectors), vectors.baseAddress, ids, &work))
        return count
    }

    mutating func remove(ascending labels: [Int64]) throws(FaissError) -> Int {
        var removed = 0
        try check(faiss_IndexBinary_remove_ascending(pointer, labels.count, labels, &removed))
        return removed
    }

    // MARK: Searching

    /// Fills k ids and distances a query; where there are fewer answers, the last ids are −1.
    func search(
        _ queries: UnsafeBufferPointer<UInt8>,
        k: Int,
        parameters: borrowing SearchParameters,
        distances: inout [Float],
        ids: inout [Int64]
    ) throws(FaissError) {
        var options = parameters.options
        let code = faiss_IndexBinary_search_with(
            pointer,
            rows(queries),
            queries.baseAddress,
            idx_t(k),
            &options,
            &distances,
            &ids
        )
        try check(code)
    }

    /// Calls `body` with each query's ids and distances.
    func search(
        _ queries: UnsafeBufferPointer<UInt8>,
        within radius: Float,
        parameters: borrowing SearchParameters,
        body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Float>) -> Void
    ) throws(FaissError) {
        var options = parameters.options
        try withRangeResult(queries: Int(rows(queries)), body) {
            faiss_IndexBinary_range_search_with(pointer, rows(queries), queries.baseAddress, radius, &options, $0)
        }
    }

    /// The stored vectors of these labels, all of which must be there.
    func reconstruct(_ labels: [Int64], rowBytes: Int) throws(FaissError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: labels.count * rowBytes)
        try check(faiss_IndexBinary_reconstruct_labels(pointer, labels.count, labels, &bytes))
        return bytes
    }

    // MARK: Description

    /// The builder that makes such an index, and the bytes that the index holds.
    func shape() throws(FaissError) -> (description: IndexDescription, bytes: Int) {
        var shape = FaissIndexShape()
        try check(faiss_IndexBinary_shape(pointer, &shape))
        let description: IndexDescription =
            if shape.nlist > 0 {
                .ivfFlat(lists: .count(shape.nlist))
            } else if shape.kind == FAISS_KIND_HNSW_FLAT {
                .hnsw(neighbors: shape.M, efConstruction: Int(shape.efConstruction))
            } else {
                .flat
            }
        return (description, shape.bytes)
    }

    /// The ids that the inverted lists store.
    func storedLabels() throws(FaissError) -> [Int64] {
        var ids = [Int64](repeating: 0, count: count)
        try check(faiss_IndexBinary_stored_ids(pointer, &ids))
        return ids
    }

    // MARK: Files

    /// Hands the index in Faiss's format to `write`, piece by piece; with ids, as an `IndexBinaryIDMap2`.
    func write(
        ids: [Int64]?,
        to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    ) throws(FaissError) {
        try withOutput(to: write) { function, context in
            if let ids { return faiss_write_index_binary_with(pointer, ids, function, context) }
            return faiss_write_index_binary_with(pointer, nil, function, context)
        }
    }

    /// Reads Faiss's format, whose structure has been verified. `ids` gets the map of an `IndexBinaryIDMap` around the
    /// index.
    init(reading bytes: [UInt8], ids: inout [Int64]?) throws(FaissError) {
        var map: UnsafeMutablePointer<Int64>?
        var mapCount = 0
        pointer = try make { faiss_read_index_binary_with(bytes, bytes.count, $0, &map, &mapCount) }
        if let map {
            ids = Array(UnsafeBufferPointer(start: map, count: mapCount))
            free(map)
        }
    }

    private func rows(_ vectors: UnsafeBufferPointer<UInt8>) -> idx_t { idx_t(vectors.count / (dimension / 8)) }
}

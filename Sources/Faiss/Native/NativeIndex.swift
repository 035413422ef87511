import CFaiss
import FaissC
import Foundation
import Vectors

/// The owner of a Faiss index, over numbers or bits: the one place that holds its pointer, and frees it. Vectors come as
/// bytes, row after row.
///
/// Methods that don't change the index may run on several threads at once; mutating ones must run alone. Arguments
/// have been checked by the callers: Faiss itself checks next to nothing.
///
/// `@unchecked Sendable`: the pointer has no other owner, and the rule above is kept by the lock of ``IndexCore``.
struct NativeIndex: ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer
    /// Whether the pointer is one of a `FaissIndexBinary`.
    private let areBits: Bool

    deinit { if areBits { faiss_IndexBinary_free(pointer) } else { faiss_Index_free(pointer) } }

    /// An empty index of this kind, whose number of lists is decided.
    init(_ description: IndexDescription, dimension: Int, kind: VectorKind) throws(VectorError) {
        pointer =
            if let metric = kind.metric {
                try makeIndex(description, dimension: dimension, metric: metric.native)
            } else {
                try makeBinaryIndex(description, dimension: dimension)
            }
        areBits = kind.areBits
    }

    var count: Int { Int(areBits ? faiss_IndexBinary_ntotal(pointer) : faiss_Index_ntotal(pointer)) }
    var dimension: Int { Int(areBits ? faiss_IndexBinary_d(pointer) : faiss_Index_d(pointer)) }
    var isInnerProduct: Bool { !areBits && faiss_Index_metric_type(pointer) == METRIC_INNER_PRODUCT }

    private func rows(_ vectors: UnsafeRawBufferPointer) -> idx_t {
        idx_t(vectors.count / (areBits ? dimension / 8 : 4 * dimension))
    }

    // MARK: Building

    mutating func train(
        _ vectors: UnsafeRawBufferPointer,
        options: TrainingOptions,
        watch: borrowing Watch
    ) throws(VectorError) {
        var parameters = FaissTrainingParameters(options)
        let rows = rows(vectors)
        try watch.run(threads: options.threads) { work in
            areBits
                ? faiss_IndexBinary_train_with(pointer, rows, vectors.bytes, &parameters, &work)
                : faiss_Index_train_with(pointer, rows, vectors.floats, &parameters, &work)
        }
    }

    /// Makes room for so many more vectors. For bits it is made when they come: to copy them costs little.
    mutating func reserve(_ count: Int) throws(VectorError) {
        if !areBits { try check(faiss_Index_reserve(pointer, idx_t(count))) }
    }

    /// Adds vectors under the next positions, or in an IVF index under these ids. Returns how many there are now.
    mutating func add(
        _ vectors: UnsafeRawBufferPointer,
        ids: [Int64],
        threads: ThreadLimit
    ) throws(VectorError) -> Int {
        var work = FaissWork(threads: threads.openMP, progress: nil, context: nil)
        try check(
            areBits
                ? faiss_IndexBinary_add_with(pointer, rows(vectors), vectors.bytes, ids, &work)
                : faiss_Index_add_with(pointer, rows(vectors), vectors.floats, ids, &work)
        )
        return count
    }

    /// Removes vectors by position, or in an IVF index by id; `labels` ascend. Returns how many were there.
    mutating func remove(ascending labels: [Int64]) throws(VectorError) -> Int {
        var removed = 0
        try check(
            areBits
                ? faiss_IndexBinary_remove_ascending(pointer, labels.count, labels, &removed)
                : faiss_Index_remove_ascending(pointer, labels.count, labels, &removed)
        )
        return removed
    }

    // MARK: Merging, of numbers only

    /// A copy of what the index holds; not of a graph.
    func contents() throws(VectorError) -> NativeContents { try NativeContents(of: pointer) }

    /// The name of the first part of the training that differs, of an index of the same description.
    func differingTraining(from contents: NativeContents) throws(VectorError) -> String? {
        var name: UnsafePointer<CChar>?
        try check(faiss_Index_compare_training(pointer, contents.pointer, &name))
        return name.map { String(cString: $0) }
    }

    /// Adds so many vectors and returns how many there are now.
    mutating func append(_ contents: NativeContents, count added: Int) throws(VectorError) -> Int {
        try check(faiss_Index_append(pointer, contents.pointer, added))
        return count
    }

    // MARK: Searching

    /// Fills k labels and distances a query; where there are fewer answers, the last labels are −1.
    func search(
        _ queries: UnsafeRawBufferPointer,
        k: Int,
        parameters: borrowing SearchParameters,
        distances: inout [Float],
        labels: inout [Int64]
    ) throws(VectorError) {
        var options = parameters.options
        let (rows, k) = (rows(queries), idx_t(k))
        try check(
            areBits
                ? faiss_IndexBinary_search_with(pointer, rows, queries.bytes, k, &options, &distances, &labels)
                : faiss_Index_search_with(pointer, rows, queries.floats, k, &options, &distances, &labels)
        )
    }

    /// Calls `body` with each query's labels and distances.
    func search(
        _ queries: UnsafeRawBufferPointer,
        within radius: Float,
        parameters: borrowing SearchParameters,
        body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Float>) -> Void
    ) throws(VectorError) {
        var options = parameters.options
        let rows = rows(queries)
        try withRangeResult(queries: Int(rows), body) {
            areBits
                ? faiss_IndexBinary_range_search_with(pointer, rows, queries.bytes, radius, &options, $0)
                : faiss_Index_range_search_with(pointer, rows, queries.floats, radius, &options, $0)
        }
    }

    /// Copies the stored vectors of these labels, all of which must be there.
    func reconstruct(_ labels: [Int64], into vectors: UnsafeMutableRawPointer?) throws(VectorError) {
        try check(
            areBits
                ? faiss_IndexBinary_reconstruct_labels(
                    pointer,
                    labels.count,
                    labels,
                    vectors?.assumingMemoryBound(to: UInt8.self)
                )
                : faiss_Index_reconstruct_labels(
                    pointer,
                    labels.count,
                    labels,
                    vectors?.assumingMemoryBound(to: Float.self)
                )
        )
    }

    // MARK: Description

    /// The builder that makes such an index, nil where there is none, and the bytes that the index holds.
    func shape() throws(VectorError) -> (description: IndexDescription?, bytes: Int) {
        var shape = FaissIndexShape()
        try check(areBits ? faiss_IndexBinary_shape(pointer, &shape) : faiss_Index_shape(pointer, &shape))
        return (areBits ? describeBinary(shape) : try describe(pointer), shape.bytes)
    }

    /// The labels that the inverted lists store, however deep they lie.
    func storedLabels() throws(VectorError) -> [Int64] {
        var ids = [Int64](repeating: 0, count: count)
        try check(areBits ? faiss_IndexBinary_stored_ids(pointer, &ids) : faiss_Index_stored_ids(pointer, &ids))
        return ids
    }

    // MARK: Files

    /// Hands the index in Faiss's format to `write`, piece by piece; with ids, as an `IndexIDMap2`.
    ///
    /// - Parameter isForFaiss: whether Faiss itself shall read it.
    func write(
        ids: [Int64]?,
        isForFaiss: Bool = false,
        to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    ) throws(VectorError) {
        try withOptionalBuffer(of: ids) { ids throws(VectorError) in
            try withOutput(to: write) { function, context in
                areBits
                    ? faiss_write_index_binary_with(pointer, ids?.baseAddress, function, context)
                    : faiss_write_index_with(pointer, ids?.baseAddress, isForFaiss ? 1 : 0, function, context)
            }
        }
    }

    /// Reads Faiss's format, whose structure has been verified. `ids` gets the map of an `IndexIDMap` around the index.
    init(reading bytes: [UInt8], areBits: Bool, ids: inout [Int64]?) throws(VectorError) {
        var map: UnsafeMutablePointer<Int64>?
        var mapCount = 0
        pointer = try make {
            areBits
                ? faiss_read_index_binary_with(bytes, bytes.count, $0, &map, &mapCount)
                : faiss_read_index_with(bytes, bytes.count, $0, &map, &mapCount)
        }
        self.areBits = areBits
        if let map {
            ids = Array(UnsafeBufferPointer(start: map, count: mapCount))
            free(map)
        }
    }

    // MARK: Inverted lists in a file

    /// Makes the lists of a trained index without vectors those of a file.
    mutating func keepLists(in file: ListFile, at places: [ListFile.Place]) throws(VectorError) {
        let places = places.map {
            FaissListPlace(offset: UInt64($0.offset), count: UInt32($0.count), checksum: $0.checksum)
        }
        try check(
            faiss_Index_keep_lists_in_file(
                pointer,
                places,
                places.count,
                file.head.codeSize,
                FaissListSource(retaining: file)
            )
        )
    }

    /// The bytes of a vector's code.
    func codeSize() throws(VectorError) -> Int {
        var size = 0
        try check(faiss_Index_code_size(pointer, &size))
        return size
    }

    /// Hands the index without its vectors in Faiss's format to `write`.
    func writeTrainedPart(
        to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    ) throws(VectorError) {
        try withOutput(to: write) { faiss_Index_write_trained_part(pointer, $0, $1) }
    }

    /// Hands the ids and then the codes of a list to `write`.
    /// Reads the lists of a file into memory.
    mutating func bringListsIntoMemory() throws(VectorError) { try check(faiss_Index_bring_lists_into_memory(pointer)) }

    func writeList(
        _ list: Int,
        to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    ) throws(VectorError) {
        try withOutput(to: write) { faiss_Index_write_list(pointer, list, $0, $1) }
    }

    /// An index of its own with the same content, by way of Faiss's format: the C API has no code for `clone_index`.
    func copy() throws(VectorError) -> NativeIndex {
        let size = try shape().bytes
        try checkMemory(bytes: 2 * size, for: "a copy of \(count) vectors")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        try write(ids: nil) { bytes.append(contentsOf: $0) }
        var map: [Int64]?
        return try NativeIndex(reading: bytes, areBits: areBits, ids: &map)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var bytes: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
    fileprivate var floats: UnsafePointer<Float>? { baseAddress?.assumingMemoryBound(to: Float.self) }
}

import CFaiss
import FaissC
import Vectors

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The owner of a Faiss index: the one place that holds its pointer, and frees it.
///
/// Methods that don't change the index may run on several threads at once; mutating ones must run alone. Arguments
/// have been checked by the callers: Faiss itself checks next to nothing.
///
/// `@unchecked Sendable`: the pointer has no other owner, and the rule above is kept by ``VectorIndex``'s lock.
struct NativeIndex: NativeStore, ~Copyable, @unchecked Sendable {
    private let pointer: OpaquePointer

    deinit { faiss_Index_free(pointer) }

    /// An empty index of this kind, whose number of lists is decided.
    init(_ description: IndexDescription, dimension: Int, metric: Metric) throws(FaissError) {
        pointer = try makeIndex(description, dimension: dimension, metric: metric.native)
    }

    var count: Int { Int(faiss_Index_ntotal(pointer)) }
    var dimension: Int { Int(faiss_Index_d(pointer)) }
    var isInnerProduct: Bool { faiss_Index_metric_type(pointer) == METRIC_INNER_PRODUCT }

    // MARK: Building

    mutating func train(
        _ vectors: UnsafeBufferPointer<Float>,
        options: TrainingOptions,
        watch: borrowing Watch
    ) throws(FaissError) {
        var parameters = FaissTrainingParameters(options)
        try watch.run(threads: options.threads) { work in
            faiss_Index_train_with(pointer, rows(vectors), vectors.baseAddress, &parameters, &work)
        }
    }

    mutating func reserve(_ count: Int) throws(FaissError) { try check(faiss_Index_reserve(pointer, idx_t(count))) }

    mutating func add(
        _ vectors: UnsafeBufferPointer<Float>,
        ids: [Int64],
        threads: ThreadLimit
    ) throws(FaissError) -> Int {
        var work = FaissWork(threads: threads.openMP, progress: nil, context: nil)
        try check(faiss_Index_add_with(pointer, rows(vectors), vectors.baseAddress, ids, &work))
        return count
    }

    mutating func remove(ascending labels: [Int64]) throws(FaissError) -> Int {
        var removed = 0
        try check(faiss_Index_remove_ascending(pointer, labels.count, labels, &removed))
        return removed
    }

    // MARK: Merging

    /// A copy of what the index holds; not of a graph.
    func contents() throws(FaissError) -> NativeContents { try NativeContents(of: pointer) }

    /// The name of the first part of the training that differs, of an index of the same description.
    func differingTraining(from contents: NativeContents) throws(FaissError) -> String? {
        var name: UnsafePointer<CChar>?
        try check(faiss_Index_compare_training(pointer, contents.pointer, &name))
        return name.map { String(cString: $0) }
    }

    /// Adds so many vectors and returns how many there are now.
    mutating func append(_ contents: NativeContents, count added: Int) throws(FaissError) -> Int {
        try check(faiss_Index_append(pointer, contents.pointer, added))
        return count
    }

    // MARK: Searching

    /// Fills k labels and distances a query; where there are fewer answers, the last labels are −1.
    func search(
        _ queries: UnsafeBufferPointer<Float>,
        k: Int,
        parameters: borrowing SearchParameters,
        distances: inout [Float],
        labels: inout [Int64]
    ) throws(FaissError) {
        var options = parameters.options
        let code = faiss_Index_search_with(
            pointer,
            rows(queries),
            queries.baseAddress,
            idx_t(k),
            &options,
            &distances,
            &labels
        )
        try check(code)
    }

    /// Calls `body` with each query's labels and distances.
    func search(
        _ queries: UnsafeBufferPointer<Float>,
        within radius: Float,
        parameters: borrowing SearchParameters,
        body: (UnsafeBufferPointer<Int64>, UnsafeBufferPointer<Float>) -> Void
    ) throws(FaissError) {
        var options = parameters.options
        try withRangeResult(queries: Int(rows(queries)), body) {
            faiss_Index_range_search_with(pointer, rows(queries), queries.baseAddress, radius, &options, $0)
        }
    }

    /// The stored vectors of these labels, all of which must be there.
    func reconstruct(_ labels: [Int64], into vectors: UnsafeMutableBufferPointer<Float>) throws(FaissError) {
        try check(faiss_Index_reconstruct_labels(pointer, labels.count, labels, vectors.baseAddress))
    }

    // MARK: Description

    /// The builder that makes such an index, nil where there is none, and the bytes that the index holds.
    func shape() throws(FaissError) -> (description: IndexDescription?, bytes: Int) {
        var shape = FaissIndexShape()
        try check(faiss_Index_shape(pointer, &shape))
        return (try describe(pointer), shape.bytes)
    }

    /// The labels that the inverted lists store, however deep they lie.
    func storedLabels() throws(FaissError) -> [Int64] {
        var ids = [Int64](repeating: 0, count: count)
        try check(faiss_Index_stored_ids(pointer, &ids))
        return ids
    }

    // MARK: Files

    /// Hands the index in Faiss's format to `write`, piece by piece; with ids, as an `IndexIDMap2`.
    func write(
        ids: [Int64]?,
        to write: (UnsafeRawBufferPointer) throws(VectorError) -> Void
    ) throws(FaissError) {
        try withOutput(to: write) { function, context in
            if let ids { return faiss_write_index_with(pointer, ids, function, context) }
            return faiss_write_index_with(pointer, nil, function, context)
        }
    }

    /// Reads Faiss's format, whose structure has been verified. `ids` gets the map of an `IndexIDMap` around the index.
    init(reading bytes: [UInt8], ids: inout [Int64]?) throws(FaissError) {
        var map: UnsafeMutablePointer<Int64>?
        var mapCount = 0
        pointer = try make { faiss_read_index_with(bytes, bytes.count, $0, &map, &mapCount) }
        if let map {
            ids = Array(UnsafeBufferPointer(start: map, count: mapCount))
            free(map)
        }
    }

    private func rows(_ vectors: UnsafeBufferPointer<Float>) -> idx_t { idx_t(vectors.count / dimension) }
}

extension Metric {
    /// Cosine is the inner product of vectors that the callers have normalised.
    fileprivate var native: FaissMetricType { self == .squaredL2 ? METRIC_L2 : METRIC_INNER_PRODUCT }
}

extension FaissTransform {
    fileprivate init(_ kind: FaissTransformKind, from input: Int, to output: Int) {
        self.init()
        self.kind = kind
        d_in = Int32(input)
        d_out = Int32(output)
    }
}

extension IndexDescription.ScalarType {
    fileprivate var native: FaissQuantizerType {
        switch self {
        case .int8: QT_8bit
        case .int6: QT_6bit
        case .int4: QT_4bit
        case .float16: QT_fp16
        }
    }
}

/// An index of this kind, with whatever is inside of it.
private func makeIndex(
    _ description: IndexDescription,
    dimension: Int,
    metric: FaissMetricType
) throws(FaissError) -> OpaquePointer {
    switch description.kind {
    case .flat: return try make { faiss_IndexFlat_new_with($0, idx_t(dimension), metric) }
    case .hnsw(let neighbors, let efConstruction):
        return try make {
            faiss_IndexHNSWFlat_new_with($0, idx_t(dimension), Int32(neighbors), Int32(efConstruction), metric)
        }
    case .scalarQuantized(let type):
        return try make { faiss_IndexScalarQuantizer_new_with($0, idx_t(dimension), type.native, metric) }
    case .pq(let subquantizers, let bitsPerCode):
        return try make { faiss_IndexPQ_new_with($0, idx_t(dimension), subquantizers, bitsPerCode, metric) }
    case .pqFastScan(let subquantizers):
        return try make { faiss_IndexPQFastScan_new_with($0, idx_t(dimension), subquantizers, metric) }
    case .ivf(let lists, let storing):
        return try makeIVF(lists: lists.number ?? 1, storing: storing, dimension: dimension, metric: metric)
    case .pca(let output, let variant, let inner):
        var transform = FaissTransform(FAISS_TRANSFORM_PCA, from: dimension, to: output)
        transform.is_whitened = variant?.isWhitened == true ? 1 : 0
        transform.is_rotated = variant?.isRotated == true ? 1 : 0
        return try makeTransformed(by: transform, then: inner, metric: metric)
    case .normalized(let inner):
        let transform = FaissTransform(FAISS_TRANSFORM_NORMALIZATION, from: dimension, to: dimension)
        return try makeTransformed(by: transform, then: inner, metric: metric)
    case .opq(let subquantizers, let output, let inner):
        var transform = FaissTransform(FAISS_TRANSFORM_OPQ, from: dimension, to: output ?? dimension)
        transform.M = subquantizers
        return try makeTransformed(by: transform, then: inner, metric: metric)
    case .randomRotation(let output, let inner):
        let transform = FaissTransform(FAISS_TRANSFORM_ROTATION, from: dimension, to: output ?? dimension)
        return try makeTransformed(by: transform, then: inner, metric: metric)
    case .refined(let base, let factor):
        return try around(makeIndex(base, dimension: dimension, metric: metric)) {
            faiss_IndexRefineFlat_new_around($0, $1, factor)
        }
    case .tooDeep:
        throw FaissError(.invalidArgument, "builders are nested too deep")
    }
}

/// Makes an IVF index that owns its quantizer, a flat index of the centroids.
private func makeIVF(
    lists: Int,
    storing: IndexDescription,
    dimension: Int,
    metric: FaissMetricType
) throws(FaissError) -> OpaquePointer {
    let quantizer = try makeIndex(.flat, dimension: dimension, metric: metric)
    let index = try around(quantizer) { index, quantizer in
        switch storing.kind {
        case .scalarQuantized(let type):
            faiss_IndexIVFScalarQuantizer_new_with_metric(index, quantizer, dimension, lists, type.native, metric, 1)
        case .pq(let subquantizers, let bitsPerCode):
            faiss_IndexIVFPQ_new_with_metric(index, quantizer, dimension, lists, subquantizers, bitsPerCode, metric)
        case .pqFastScan(let subquantizers):
            faiss_IndexIVFPQFastScan_new_with_metric(index, quantizer, dimension, lists, subquantizers, metric)
        default: faiss_IndexIVFFlat_new_with_metric(index, quantizer, dimension, lists, metric)
        }
    }
    faiss_IndexIVF_set_own_fields(index, 1)
    return index
}

private func makeTransformed(
    by transform: FaissTransform,
    then inner: IndexDescription,
    metric: FaissMetricType
) throws(FaissError) -> OpaquePointer {
    try around(makeIndex(inner, dimension: Int(transform.d_out), metric: metric)) { index, inner in
        withUnsafePointer(to: transform) { faiss_IndexPreTransform_new_prepending(index, $0, inner) }
    }
}

/// Makes an index that owns another, which is freed if that fails.
private func around(
    _ inner: OpaquePointer,
    _ create: (UnsafeMutablePointer<OpaquePointer?>, OpaquePointer) -> Int32
) throws(FaissError) -> OpaquePointer {
    do throws(FaissError) {
        return try make { create($0, inner) }
    } catch {
        faiss_Index_free(inner)
        throw error
    }
}

/// The builder that makes such an index, nil where there is none.
private func describe(_ index: OpaquePointer) throws(FaissError) -> IndexDescription? {
    var shape = FaissIndexShape()
    try check(faiss_Index_shape(index, &shape))
    switch shape.kind {
    case FAISS_KIND_HNSW_FLAT: return .hnsw(neighbors: shape.M, efConstruction: Int(shape.efConstruction))
    case FAISS_KIND_PRETRANSFORM: return try describeTransformed(index)
    case FAISS_KIND_REFINE_FLAT:
        guard let base = faiss_Index_inner(index) else { return nil }
        return try describe(base).map { .refined($0, by: shape.k_factor) }
    default: break
    }
    let codec: IndexDescription
    switch shape.kind {
    case FAISS_KIND_FLAT: codec = .flat
    case FAISS_KIND_PQ: codec = .pq(subquantizers: shape.M, bitsPerCode: shape.nbits)
    case FAISS_KIND_PQ_FAST_SCAN: codec = .pqFastScan(subquantizers: shape.M)
    case FAISS_KIND_SQ:
        guard let type = IndexDescription.ScalarType.allCases.first(where: { Int32($0.native.rawValue) == shape.qtype })
        else { return nil }
        codec = .scalarQuantized(type)
    default: return nil
    }
    return shape.nlist > 0 ? .ivf(lists: .count(shape.nlist), storing: codec) : codec
}

private func describeTransformed(_ index: OpaquePointer) throws(FaissError) -> IndexDescription? {
    guard let inner = faiss_Index_inner(index), var description = try describe(inner) else { return nil }
    for place in (0..<faiss_Index_transform_count(index)).reversed() {
        var transform = FaissTransform()
        try check(faiss_Index_transform(index, place, &transform))
        let output = transform.d_out == transform.d_in ? nil : Int(transform.d_out)
        switch transform.kind {
        case FAISS_TRANSFORM_PCA:
            description = .pca(
                to: Int(transform.d_out),
                isWhitened: transform.is_whitened != 0,
                isRotated: transform.is_rotated != 0,
                then: description
            )
        case FAISS_TRANSFORM_NORMALIZATION: description = .normalized(then: description)
        case FAISS_TRANSFORM_OPQ: description = .opq(subquantizers: transform.M, to: output, then: description)
        case FAISS_TRANSFORM_ROTATION: description = .randomRotation(to: output, then: description)
        default: return nil
        }
    }
    return description
}

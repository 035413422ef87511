import CFaiss
import FaissC
import Vectors

// From a description to Faiss's index, and back.

extension Metric {
    /// Cosine is the inner product of vectors that the callers have normalised.
    var native: FaissMetricType { self == .squaredL2 ? METRIC_L2 : METRIC_INNER_PRODUCT }
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
func makeIndex(
    _ description: IndexDescription,
    dimension: Int,
    metric: FaissMetricType
) throws(VectorError) -> OpaquePointer {
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
    case .rabitq(let bits):
        return try turned(make { faiss_RaBitQ_new_with($0, idx_t(dimension), bits, metric) }, dimension: dimension)
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
    }
}

/// Makes an IVF index that owns its quantizer, a flat index of the centroids.
private func makeIVF(
    lists: Int,
    storing: IndexDescription,
    dimension: Int,
    metric: FaissMetricType
) throws(VectorError) -> OpaquePointer {
    let quantizer = try makeIndex(.flat, dimension: dimension, metric: metric)
    let index = try around(quantizer) { index, quantizer in
        switch storing.kind {
        case .scalarQuantized(let type):
            faiss_IndexIVFScalarQuantizer_new_with_metric(index, quantizer, dimension, lists, type.native, metric, 1)
        case .pq(let subquantizers, let bitsPerCode):
            faiss_IndexIVFPQ_new_with_metric(index, quantizer, dimension, lists, subquantizers, bitsPerCode, metric)
        case .pqFastScan(let subquantizers):
            faiss_IndexIVFPQFastScan_new_with_metric(index, quantizer, dimension, lists, subquantizers, metric)
        case .rabitq(let bits): faiss_IVFRaBitQ_new_with(index, quantizer, dimension, lists, bits, metric)
        default: faiss_IndexIVFFlat_new_with_metric(index, quantizer, dimension, lists, metric)
        }
    }
    faiss_IndexIVF_set_own_fields(index, 1)
    if case .rabitq = storing.kind { return try turned(index, dimension: dimension) }
    return index
}

/// The rotation that belongs to RaBitQ, in front of an index that it owns.
private func turned(_ inner: OpaquePointer, dimension: Int) throws(VectorError) -> OpaquePointer {
    let rotation = FaissTransform(FAISS_TRANSFORM_FAST_ROTATION, from: dimension, to: dimension)
    return try around(inner) { index, inner in
        withUnsafePointer(to: rotation) { faiss_IndexPreTransform_new_prepending(index, $0, inner) }
    }
}

private func makeTransformed(
    by transform: FaissTransform,
    then inner: IndexDescription,
    metric: FaissMetricType
) throws(VectorError) -> OpaquePointer {
    try around(makeIndex(inner, dimension: Int(transform.d_out), metric: metric)) { index, inner in
        withUnsafePointer(to: transform) { faiss_IndexPreTransform_new_prepending(index, $0, inner) }
    }
}

/// Makes an index that owns another, which is freed if that fails.
private func around(
    _ inner: OpaquePointer,
    _ create: (UnsafeMutablePointer<OpaquePointer?>, OpaquePointer) -> Int32
) throws(VectorError) -> OpaquePointer {
    do throws(VectorError) {
        return try make { create($0, inner) }
    } catch {
        faiss_Index_free(inner)
        throw error
    }
}

/// The builder that makes such an index, nil where there is none.
func describe(_ index: OpaquePointer) throws(VectorError) -> IndexDescription? {
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
    case FAISS_KIND_RABITQ: codec = .rabitq(bits: shape.nbits)
    case FAISS_KIND_PQ_FAST_SCAN: codec = .pqFastScan(subquantizers: shape.M)
    case FAISS_KIND_SQ:
        guard let type = IndexDescription.ScalarType.allCases.first(where: { Int32($0.native.rawValue) == shape.qtype })
        else { return nil }
        codec = .scalarQuantized(type)
    default: return nil
    }
    return shape.nlist > 0 ? .ivf(lists: .count(shape.nlist), storing: codec) : codec
}

private func describeTransformed(_ index: OpaquePointer) throws(VectorError) -> IndexDescription? {
    guard let inner = faiss_Index_inner(index), var description = try describe(inner) else { return nil }
    let count = faiss_Index_transform_count(index)
    for place in (0..<count).reversed() {
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
        // RaBitQ's own, in a file for Faiss a matrix.
        case FAISS_TRANSFORM_FAST_ROTATION: break
        case FAISS_TRANSFORM_ROTATION where place == count - 1 && output == nil && description.storesRaBitQ: break
        case FAISS_TRANSFORM_ROTATION: description = .randomRotation(to: output, then: description)
        default: return nil
        }
    }
    return description
}

/// An index over bits, of the few kinds that there are.
func makeBinaryIndex(_ description: IndexDescription, dimension: Int) throws(VectorError) -> OpaquePointer {
    try make { index in
        switch description.kind {
        case .ivf(let lists, _): faiss_IndexBinaryIVF_new_with(index, idx_t(dimension), lists.number ?? 1)
        case .hnsw(let neighbors, let efConstruction):
            faiss_IndexBinaryHNSW_new_with(index, idx_t(dimension), Int32(neighbors), Int32(efConstruction))
        default: faiss_IndexBinaryFlat_new_with(index, idx_t(dimension))
        }
    }
}

func describeBinary(_ shape: FaissIndexShape) -> IndexDescription {
    if shape.nlist > 0 { return .ivfFlat(lists: .count(shape.nlist)) }
    return shape.kind == FAISS_KIND_HNSW_FLAT
        ? .hnsw(neighbors: shape.M, efConstruction: Int(shape.efConstruction)) : .flat
}

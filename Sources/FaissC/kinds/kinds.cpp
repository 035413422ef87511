#include "kinds.h"

#include "flat.h"
#include "makers.h"

#include <faiss/IndexIDMap.h>

// The only place that asks Faiss's objects what they are.

namespace {

template <class Part, class Whole>
Part& as(Whole& whole) {
    auto* part = dynamic_cast<Part*>(&whole);
    FAISS_THROW_IF_NOT_MSG(part, "an index has a part of a kind that is not known here");
    return *part;
}

FloatKind kind_of_lists(faiss::IndexIVF& ivf) {
    auto& centroids = as<faiss::IndexFlat>(*ivf.quantizer);
    if (auto* packed = dynamic_cast<faiss::IndexIVFPQFastScan*>(&ivf)) {
        return make_kind(*packed, centroids, as<faiss::BlockInvertedLists>(*ivf.invlists));
    }
    if (auto* rabitq = dynamic_cast<RaBitQLists*>(&ivf)) {
        return make_kind(*rabitq, centroids);
    }
    auto& lists = as<faiss::ArrayInvertedLists>(*ivf.invlists);
    if (auto* pq = dynamic_cast<faiss::IndexIVFPQ*>(&ivf)) {
        return make_kind(*pq, centroids, dynamic_cast<TermLists*>(&lists));
    }
    auto* file = dynamic_cast<FileLists*>(&lists);
    if (auto* quantized = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(&ivf)) {
        return make_kind(*quantized, centroids, file);
    }
    return make_kind(as<faiss::IndexIVFFlat>(ivf), centroids, file);
}

/// @param pq  the product quantizer right behind it, or NULL
std::unique_ptr<Transform> transform_of(faiss::VectorTransform& transform, const faiss::ProductQuantizer* pq) {
    if (auto* pca = dynamic_cast<faiss::PCAMatrix*>(&transform)) {
        return make_transform(*pca);
    }
    if (auto* opq = dynamic_cast<faiss::OPQMatrix*>(&transform)) {
        return make_transform(*opq);
    }
    if (auto* rotation = dynamic_cast<faiss::RandomRotationMatrix*>(&transform)) {
        return make_transform(*rotation);
    }
    if (auto* fast = dynamic_cast<FastRotation*>(&transform)) {
        return make_transform(*fast);
    }
    if (auto* normalization = dynamic_cast<faiss::NormalizationTransform*>(&transform)) {
        return make_transform(*normalization);
    }
    return make_transform(as<faiss::LinearTransform>(transform), pq);
}

} // namespace

FloatKind kind_of(faiss::Index& index) {
    if (auto* flat = dynamic_cast<faiss::IndexFlat*>(&index)) {
        return make_kind(*flat);
    }
    if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        return kind_of_lists(*ivf);
    }
    if (auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(&index)) {
        return make_kind(*hnsw, as<faiss::IndexFlat>(*hnsw->storage));
    }
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        FloatKind inside = kind_of(*pre->index);
        std::vector<std::unique_ptr<Transform>> chain;
        for (auto* transform : pre->chain) {
            const bool is_last = transform == pre->chain.back();
            chain.push_back(transform_of(*transform, is_last ? inside->product_quantizer() : nullptr));
        }
        return make_kind(*pre, std::move(chain), std::move(inside));
    }
    if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        return make_kind(*refine, kind_of(*refine->base_index), as<faiss::IndexFlat>(*refine->refine_index));
    }
    if (auto* quantized = dynamic_cast<faiss::IndexScalarQuantizer*>(&index)) {
        return make_kind(*quantized);
    }
    if (auto* rabitq = dynamic_cast<RaBitQIndex*>(&index)) {
        return make_kind(*rabitq);
    }
    if (auto* pq = dynamic_cast<faiss::IndexPQ*>(&index)) {
        return make_kind(*pq);
    }
    return make_kind(as<faiss::IndexPQFastScan>(index));
}

BinaryKind kind_of(faiss::IndexBinary& index) {
    if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(&index)) {
        return make_kind(*ivf, as<faiss::IndexBinaryFlat>(*ivf->quantizer));
    }
    if (auto* hnsw = dynamic_cast<faiss::IndexBinaryHNSW*>(&index)) {
        return make_kind(*hnsw, as<faiss::IndexBinaryFlat>(*hnsw->storage));
    }
    return make_kind(as<faiss::IndexBinaryFlat>(index));
}

std::unique_ptr<RowListsKind> row_lists_of(faiss::Index& index) {
    FloatKind kind = kind_of(index);
    auto* lists = dynamic_cast<RowListsKind*>(kind.get());
    FAISS_THROW_IF_NOT_MSG(lists && lists->has_rows(), "an index of this kind can't be in a file");
    (void)kind.release();
    return std::unique_ptr<RowListsKind>(lists);
}

faiss::IndexPreTransform* with_transforms(faiss::Index& index) {
    return dynamic_cast<faiss::IndexPreTransform*>(&index);
}

faiss::Index* inner_index(faiss::Index& index) {
    if (auto* pre = with_transforms(index)) {
        return pre->index;
    }
    auto* refine = dynamic_cast<faiss::IndexRefine*>(&index);
    return refine ? refine->base_index : nullptr;
}

// MARK: What was read

namespace {

/// Gives each component the range that it has in common with all others. QT_8bit_direct, whose codes are the numbers
/// themselves, has one, too: a code of 8 bits stands for the middle of its 255th.
void adopt_ranges(faiss::ScalarQuantizer& quantizer) {
    float low, width;
    switch (quantizer.qtype) {
        case faiss::ScalarQuantizer::QT_8bit_uniform:
        case faiss::ScalarQuantizer::QT_4bit_uniform:
            low = quantizer.trained.at(0);
            width = quantizer.trained.at(1);
            break;
        case faiss::ScalarQuantizer::QT_8bit_direct:
            low = -0.5f;
            width = 255;
            break;
        default:
            return;
    }
    const bool is_small = quantizer.qtype == faiss::ScalarQuantizer::QT_4bit_uniform;
    quantizer.qtype = is_small ? faiss::ScalarQuantizer::QT_4bit : faiss::ScalarQuantizer::QT_8bit;
    quantizer.trained.assign(quantizer.d, low);
    quantizer.trained.insert(quantizer.trained.end(), quantizer.d, width);
}

/// The vectors that codes stand for, in their order.
void decode_into(faiss::IndexFlat& vectors, const faiss::Index& codes) {
    vectors.codes.resize(codes.ntotal * codes.d * sizeof(float));
    if (codes.ntotal > 0) {
        codes.reconstruct_n(0, codes.ntotal, vectors.get_xb());
    }
    vectors.ntotal = codes.ntotal;
}

/// A graph over codes as one over the vectors that they stand for, which has the same distances; NULL for any other.
std::unique_ptr<faiss::Index> over_decoded_vectors(const faiss::Index* index) {
    const auto* coded = dynamic_cast<const faiss::IndexHNSW*>(index);
    if (!coded || dynamic_cast<const faiss::IndexHNSWFlat*>(index)) {
        return nullptr;
    }
    auto graph = std::make_unique<faiss::IndexHNSWFlat>(coded->d, 32, coded->metric_type);
    decode_into(dynamic_cast<faiss::IndexFlat&>(*graph->storage), *coded->storage);
    graph->hnsw = coded->hnsw; // With its own number of links.
    graph->ntotal = coded->ntotal;
    graph->is_trained = true;
    return graph;
}

/// Makes a FlatIndex of the quantizer that libfaiss read for inverted lists: a flat index, or a graph over one. Which list
/// a vector is in stays as it was; a search then visits the lists that are nearest, not those that a walk finds.
void adopt_quantizer(faiss::IndexIVF& ivf) {
    auto* graph = dynamic_cast<faiss::IndexHNSWFlat*>(ivf.quantizer);
    auto* flat = dynamic_cast<faiss::IndexFlat*>(graph ? graph->storage : ivf.quantizer);
    if (!flat || dynamic_cast<FlatIndex*>(flat) || !ivf.own_fields) {
        return;
    }
    auto adopted = std::make_unique<FlatIndex>(flat->d, flat->metric_type);
    adopted->codes = std::move(flat->codes);
    adopted->ntotal = flat->ntotal;
    adopted->is_trained = flat->is_trained;
    delete ivf.quantizer; // With it goes what a graph owns.
    ivf.quantizer = adopted.release();
}

/// Lists of packed codes of residuals, which nothing here searches packed, as lists of the same codes one by one; NULL for
/// any other. The quantizer moves to the new index.
std::unique_ptr<faiss::Index> over_plain_codes(faiss::Index* index) {
    auto* packed = dynamic_cast<faiss::IndexIVFPQFastScan*>(index);
    if (!packed || !packed->by_residual) {
        return nullptr;
    }
    adopt_quantizer(*packed);
    FaissContents contents;
    kind_of(*packed)->take_vectors(contents);
    auto plain = std::make_unique<faiss::IndexIVFPQ>(
            packed->quantizer, packed->d, packed->nlist, packed->pq.M, packed->pq.nbits, packed->metric_type);
    plain->pq = packed->pq;
    plain->is_trained = true;
    plain->own_fields = true;
    packed->own_fields = false;
    kind_of(*plain)->append(contents, 0, packed->ntotal);
    return plain;
}

/// Makes a FastRotation of the matrix that one was written as for Faiss.
void adopt_rotation(faiss::VectorTransform*& transform) {
    const auto* matrix = dynamic_cast<const faiss::RandomRotationMatrix*>(transform);
    if (!matrix || matrix->d_in != matrix->d_out || matrix->have_bias) {
        return;
    }
    auto rotation = std::make_unique<FastRotation>(matrix->d_in);
    if (matrix->A == rotation->matrix()) {
        delete transform;
        transform = rotation.release();
    }
}

/// Makes an index that libfaiss has read one as we build it.
void adopt(std::unique_ptr<faiss::Index>& index);

void adopt_part(faiss::Index*& part) {
    std::unique_ptr<faiss::Index> owned(std::exchange(part, nullptr));
    adopt(owned);
    part = owned.release();
}

void adopt(std::unique_ptr<faiss::Index>& index) {
    auto replaced = over_decoded_vectors(index.get());
    if (!replaced) {
        replaced = over_plain_codes(index.get());
    }
    if (replaced) {
        index = std::move(replaced);
    }
    if (auto* pre = with_transforms(*index)) {
        for (auto*& transform : pre->chain) {
            adopt_rotation(transform);
        }
        adopt_part(pre->index);
    } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(index.get())) {
        adopt_part(refine->base_index);
        if (!dynamic_cast<faiss::IndexFlat*>(refine->refine_index)) {
            auto vectors = std::make_unique<faiss::IndexFlat>(refine->d, refine->metric_type);
            decode_into(*vectors, *refine->refine_index);
            delete std::exchange(refine->refine_index, vectors.release());
        }
    } else if (auto* flat = dynamic_cast<faiss::IndexScalarQuantizer*>(index.get())) {
        adopt_ranges(flat->sq);
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(index.get())) {
        ivf->make_direct_map(false); // With one, ids could not be chosen freely and vectors not removed.
        adopt_quantizer(*ivf);
        if (auto* lists = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(ivf)) {
            adopt_ranges(lists->sq);
        }
    }
}

} // namespace

std::unique_ptr<faiss::Index> adopted(std::unique_ptr<faiss::Index> index, std::optional<std::vector<idx_t>>& ids) {
    auto* pre = with_transforms(*index);
    if (auto* map = dynamic_cast<faiss::IndexIDMap*>(pre ? pre->index : index.get())) {
        ids = std::move(map->id_map);
        map->own_fields = false;
        if (pre) {
            pre->index = map->index;
            delete map;
        } else {
            index.reset(map->index);
        }
    }
    adopt(index);
    const FloatKind kind = kind_of(*index);
    kind->prepare();
    if (ids && kind->replace_labels(ids->data(), ids->size())) {
        ids.reset();
    }
    return index;
}

std::unique_ptr<faiss::IndexBinary> adopted(
        std::unique_ptr<faiss::IndexBinary> index,
        std::optional<std::vector<idx_t>>& ids) {
    if (auto* map = dynamic_cast<faiss::IndexBinaryIDMap*>(index.get())) {
        ids = std::move(map->id_map);
        map->own_fields = false;
        index.reset(map->index);
    }
    if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(index.get())) {
        ivf->make_direct_map(false); // With one, ids could not be chosen freely and vectors not removed.
    }
    if (ids && kind_of(*index)->replace_labels(ids->data(), ids->size())) {
        ids.reset();
    }
    return index;
}

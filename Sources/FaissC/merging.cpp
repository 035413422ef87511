// Merging: what an index holds is taken out of it as codes, and added to another that was trained the same.
//
// libfaiss's merge_from empties the other index, needs both at once, does not know lists in blocks in all versions, and
// looks at sizes only. Here the other index is only read, and both need not be locked at the same time.

#include "encoding.h"
#include "guarded.h"
#include "nested.h"
#include "packed_codes.h"
#include "scanning.h"
#include "versions.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct FaissContents {
    /// What training has decided: names for people, and the bytes.
    std::vector<std::pair<std::string, std::vector<uint8_t>>> training;
    /// Of inverted lists: how many vectors each has, and the labels of all.
    std::vector<size_t> sizes;
    std::vector<idx_t> labels;
    /// The codes, one behind the other, list after list.
    std::vector<uint8_t> codes;
    /// The vectors that refine an approximate index.
    std::vector<float> exact;
};

namespace {

template <class Element>
void take(FaissContents& contents, const char* name, const Element* elements, size_t count) {
    const auto* first = reinterpret_cast<const uint8_t*>(elements);
    contents.training.emplace_back(name, std::vector<uint8_t>(first, first + count * sizeof(Element)));
}

void take_transform(FaissContents& contents, const faiss::VectorTransform& transform) {
    if (const auto* linear = dynamic_cast<const faiss::LinearTransform*>(&transform)) {
        take(contents, "the matrix of a transform", linear->A.data(), linear->A.size());
        take(contents, "the offset of a transform", linear->b.data(), linear->b.size());
    }
}

const faiss::ScalarQuantizer* scalar_quantizer(const faiss::Index& index) {
    if (const auto* flat = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index)) {
        return &flat->sq;
    }
    const auto* lists = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&index);
    return lists ? &lists->sq : nullptr;
}

void take_training(FaissContents& contents, const faiss::Index& index) {
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        const auto& centroids = dynamic_cast<const faiss::IndexFlat&>(*ivf->quantizer);
        take(contents, "the centroids of the lists", centroids.codes.data(), centroids.codes.size());
        const bool is_residual = has_residual_codes(*ivf);
        take(contents, "whether lists hold residuals", &is_residual, 1);
    }
    if (const auto* pq = product_quantizer(const_cast<faiss::Index*>(&index))) {
        take(contents, "the codebook of the product quantizer", pq->centroids.data(), pq->centroids.size());
    }
    if (const auto* quantizer = scalar_quantizer(index)) {
        take(contents, "the ranges of the scalar quantizer", quantizer->trained.data(), quantizer->trained.size());
    }
}

/// All that training has decided, without the vectors.
void take_all_training(FaissContents& contents, const faiss::Index& index) {
    if (const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        for (const auto* transform : pre->chain) {
            take_transform(contents, *transform);
        }
    }
    const auto* inner = inner_index(const_cast<faiss::Index*>(&index));
    if (inner) {
        take_all_training(contents, *inner);
    } else {
        take_training(contents, index);
    }
}

void take_vectors(FaissContents& contents, const faiss::Index& index) {
    if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        const auto& exact = dynamic_cast<const faiss::IndexFlat&>(*refine->refine_index);
        contents.exact.assign(exact.get_xb(), exact.get_xb() + exact.ntotal * exact.d);
    }
    if (const auto* inner = inner_index(const_cast<faiss::Index*>(&index))) {
        take_vectors(contents, *inner);
        return;
    }
    const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    if (!ivf) {
        if (!copy_packed(index, 0, contents.codes)) {
            const auto& flat = dynamic_cast<const faiss::IndexFlatCodes&>(index);
            contents.codes.assign(flat.codes.data(), flat.codes.data() + flat.ntotal * flat.code_size);
        }
        return;
    }
    contents.codes.reserve(ivf->ntotal * ivf->code_size);
    contents.labels.reserve(ivf->ntotal);
    for (size_t list = 0; list < ivf->nlist; ++list) {
        const size_t size = ivf->invlists->list_size(list);
        faiss::InvertedLists::ScopedIds ids(ivf->invlists, list);
        contents.sizes.push_back(size);
        contents.labels.insert(contents.labels.end(), ids.get(), ids.get() + size);
        if (!copy_packed(*ivf, list, contents.codes)) {
            faiss::InvertedLists::ScopedCodes codes(ivf->invlists, list);
            contents.codes.insert(contents.codes.end(), codes.get(), codes.get() + size * ivf->code_size);
        }
    }
}

void append_to_lists(faiss::IndexIVF& ivf, const FaissContents& contents, idx_t first_place, size_t n) {
    FAISS_THROW_IF_NOT_MSG(
            contents.sizes.size() == ivf.nlist && contents.codes.size() == n * ivf.code_size,
            "the lists of two indexes differ");
    std::vector<idx_t> labels(contents.labels);
    for (idx_t& label : labels) {
        label += first_place;
    }
    if (append_packed_to_lists(ivf, contents.sizes, labels.data(), contents.codes.data())) {
        return;
    }
    // All memory first: what comes after it can't fail.
    if (auto* lists = dynamic_cast<faiss::ArrayInvertedLists*>(ivf.invlists)) {
        for (size_t list = 0; list < ivf.nlist; ++list) {
            if (contents.sizes[list] > 0) {
                const size_t size = lists->list_size(list) + contents.sizes[list];
                reserve(lists->codes[list], size * ivf.code_size);
                reserve(lists->ids[list], size);
            }
        }
    }
    size_t done = 0;
    for (size_t list = 0; list < ivf.nlist; ++list) {
        const size_t size = contents.sizes[list];
        if (size > 0) {
            ivf.invlists->add_entries(
                    list, size, labels.data() + done, contents.codes.data() + done * ivf.code_size);
        }
        done += size;
    }
    ivf.ntotal += n;
}

/// @param first_place  what is added to the labels of lists: in a refinement they are places
void append(faiss::Index& index, const FaissContents& contents, idx_t first_place, size_t n) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        append(*pre->index, contents, first_place, n);
        pre->ntotal = pre->index->ntotal;
    } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        FAISS_THROW_IF_NOT(contents.exact.size() == n * index.d);
        append(*refine->base_index, contents, refine->ntotal, n);
        refine->refine_index->add(n, contents.exact.data());
        refine->ntotal = refine->refine_index->ntotal;
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        append_to_lists(*ivf, contents, first_place, n);
        prepare_scanning(index, n);
    } else if (!append_packed(index, n, contents.codes.data())) {
        auto& flat = dynamic_cast<faiss::IndexFlatCodes&>(index);
        FAISS_THROW_IF_NOT(contents.codes.size() == n * flat.code_size);
        const size_t end = flat.ntotal * flat.code_size;
        flat.codes.resize(end + contents.codes.size());
        std::copy(contents.codes.begin(), contents.codes.end(), flat.codes.data() + end);
        flat.ntotal += n;
        prepare_scanning(index, n);
    }
}

} // namespace

extern "C" {

int faiss_Index_contents(const FaissIndex* index, FaissContents** p_contents) {
    return guarded([&] {
        auto contents = std::make_unique<FaissContents>();
        take_all_training(*contents, *cpp(index));
        take_vectors(*contents, *cpp(index));
        *p_contents = contents.release();
    });
}

void faiss_Contents_free(FaissContents* contents) {
    delete contents;
}

int faiss_Index_compare_training(const FaissIndex* index, const FaissContents* contents, const char** p_difference) {
    return guarded([&] {
        *p_difference = nullptr;
        FaissContents own;
        take_all_training(own, *cpp(index));
        for (size_t i = 0; i < contents->training.size(); ++i) {
            if (i >= own.training.size() || own.training[i] != contents->training[i]) {
                *p_difference = contents->training[i].first.c_str();
                return;
            }
        }
    });
}

int faiss_Index_append(FaissIndex* index, const FaissContents* contents, size_t n) {
    return guarded([&] { append(*cpp(index), *contents, 0, n); });
}

} // extern "C"

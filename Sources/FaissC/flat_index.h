// Flat indexes, and exact search of any flat index with our own kernels.

#pragma once

#include "guarded.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/impl/AuxIndexStructures.h>

/// What index.search finds, on up to so many threads. Of equally near vectors those are found whose ids (or positions,
/// where ids is NULL) are the smallest.
void search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        idx_t k,
        const faiss::IDSelector* selector,
        const idx_t* ids,
        int threads,
        float* distances,
        idx_t* labels);

/// What index.range_search finds, on the calling thread.
void range_search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        float radius,
        const faiss::IDSelector* selector,
        faiss::RangeSearchResult& result);

/// A flat index that libfaiss, too, searches with our kernels: it serves as the quantizer of all inverted lists. In a
/// file it is an IndexFlat.
struct FlatIndex : faiss::IndexFlat {
    FlatIndex(idx_t d, faiss::MetricType metric) : IndexFlat(d, metric) {}

    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params = nullptr) const override;

    void range_search(
            idx_t n,
            const float* x,
            float radius,
            faiss::RangeSearchResult* result,
            const faiss::SearchParameters* params = nullptr) const override;
};

/// Makes a FlatIndex of the quantizer that libfaiss read for inverted lists: a flat index, or a graph over one. Which list
/// a vector is in stays as it was; a search then visits the lists that are nearest, not those that a walk finds.
void adopt_quantizer(faiss::IndexIVF& ivf);

// Flat indexes, and exact search of any flat index with our own kernels.

#pragma once

#include "guarded.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/impl/AuxIndexStructures.h>

/// What index.search finds, on up to so many threads. Of equally near vectors those with the smallest ids are found.
void search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        idx_t k,
        const faiss::IDSelector* selector,
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

/// Makes a FlatIndex of the quantizer that libfaiss read for inverted lists.
void adopt_quantizer(faiss::IndexIVF& ivf);

#include "flat_index.h"

#include "kernels/flat_search.h"

#include <faiss/IndexHNSW.h>

#include <omp.h>

#include <memory>
#include <utility>

namespace {

/// The threads that libfaiss would use for a search.
int allowed_threads() {
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}

const faiss::IDSelector* selector_of(const faiss::SearchParameters* params) {
    return params ? params->sel : nullptr;
}

} // namespace

void search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        idx_t k,
        const faiss::IDSelector* selector,
        const idx_t* ids,
        int threads,
        float* distances,
        idx_t* labels) {
    search_rows(
            Comparison(index.metric_type, static_cast<size_t>(index.d)),
            x,
            static_cast<size_t>(n),
            index.get_xb(),
            static_cast<size_t>(index.ntotal),
            static_cast<size_t>(k),
            selector,
            ids,
            threads,
            distances,
            labels);
}

void range_search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        float radius,
        const faiss::IDSelector* selector,
        faiss::RangeSearchResult& result) {
    search_rows_within(
            Comparison(index.metric_type, static_cast<size_t>(index.d)),
            x,
            static_cast<size_t>(n),
            index.get_xb(),
            static_cast<size_t>(index.ntotal),
            radius,
            selector,
            result);
}

void FlatIndex::search(
        idx_t n,
        const float* x,
        idx_t k,
        float* distances,
        idx_t* labels,
        const faiss::SearchParameters* params) const {
    search_flat(*this, n, x, k, selector_of(params), nullptr, allowed_threads(), distances, labels);
}

void FlatIndex::range_search(
        idx_t n,
        const float* x,
        float radius,
        faiss::RangeSearchResult* result,
        const faiss::SearchParameters* params) const {
    range_search_flat(*this, n, x, radius, selector_of(params), *result);
}

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

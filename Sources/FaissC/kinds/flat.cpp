#include "flat.h"

#include "../searching/exact_search.h"
#include "makers.h"

#include <omp.h>

namespace {

void search_flat(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        idx_t k,
        const Selector* selector,
        const idx_t* ids,
        int threads,
        float* distances,
        idx_t* labels) {
    const Comparison comparison(index.metric_type, index.d);
    search_rows(comparison, x, n, index.get_xb(), index.ntotal, k, selector, ids, threads, distances, labels);
}

void search_flat_within(
        const faiss::IndexFlat& index,
        idx_t n,
        const float* x,
        float radius,
        const Selector* selector,
        faiss::RangeSearchResult& result) {
    const Comparison comparison(index.metric_type, index.d);
    search_rows_within(comparison, x, n, index.get_xb(), index.ntotal, radius, selector, result);
}

const Selector* selector_of(const faiss::SearchParameters* params) {
    return params ? params->sel : nullptr;
}

} // namespace

FlatKind::FlatKind(faiss::IndexFlat& index) : CodesKind(index), flat(index) {}

void FlatKind::add(idx_t n, const float* x, const idx_t*, int) {
    reserve(n);
    flat.add(n, x);
}

void FlatKind::search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const {
    const FaissSearchOptions& options = queries.options;
    const Selectors selectors(options);
    search_flat(
            flat,
            queries.count,
            queries.x,
            k,
            selectors.get(),
            options.external_ids,
            options.threads,
            distances,
            labels);
}

void FlatKind::search_within(
        const Queries<float>& queries,
        float radius,
        faiss::RangeSearchResult& result) const {
    const Selectors selectors(queries.options);
    search_flat_within(flat, queries.count, queries.x, radius, selectors.get(), result);
}

void FlatKind::describe(FaissIndexShape& shape) const {
    shape.kind = FAISS_KIND_FLAT;
    shape.bytes = flat.codes.size();
}

void FlatIndex::search(
        idx_t n,
        const float* x,
        idx_t k,
        float* distances,
        idx_t* labels,
        const faiss::SearchParameters* params) const {
    const int threads = omp_in_parallel() ? 1 : omp_get_max_threads(); // As many as libfaiss would use.
    search_flat(*this, n, x, k, selector_of(params), nullptr, threads, distances, labels);
}

void FlatIndex::range_search(
        idx_t n,
        const float* x,
        float radius,
        faiss::RangeSearchResult* result,
        const faiss::SearchParameters* params) const {
    search_flat_within(*this, n, x, radius, selector_of(params), *result);
}

FloatKind make_kind(faiss::IndexFlat& index) {
    return std::make_unique<FlatKind>(index);
}

#include "flat.h"

#include "../searching/exact_search.h"
#include "makers.h"

#include <omp.h>

namespace {

Comparison comparison_of(const faiss::Index& index) {
    return Comparison(index.metric_type, index.d);
}

ExactSearch search_in(
        const faiss::IndexFlat& index,
        const Comparison& comparison,
        idx_t n,
        const float* x,
        const Selector* selector) {
    const auto count = static_cast<size_t>(n), rows = static_cast<size_t>(index.ntotal);
    return {comparison, x, count, index.get_xb(), rows, selector};
}

} // namespace

FlatKind::FlatKind(faiss::IndexFlat& index) : CodesKind(index), flat(index) {}

void FlatKind::add(idx_t n, const float* x, const idx_t*, int) {
    reserve(n);
    flat.add(n, x);
}

void FlatKind::search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const {
    const Selectors selectors(queries.options);
    const Comparison comparison = comparison_of(flat);
    ExactSearch search = search_in(flat, comparison, queries.count, queries.x, selectors.get());
    search.order = queries.options.external_ids;
    search.threads = queries.options.threads;
    search.nearest(k, distances, labels);
}

void FlatKind::search_within(
        const Queries<float>& queries,
        float radius,
        faiss::RangeSearchResult& result) const {
    const Selectors selectors(queries.options);
    const Comparison comparison = comparison_of(flat);
    search_in(flat, comparison, queries.count, queries.x, selectors.get()).within(radius, result);
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
    const Comparison comparison = comparison_of(*this);
    ExactSearch search = search_in(*this, comparison, n, x, params ? params->sel : nullptr);
    search.threads = omp_in_parallel() ? 1 : omp_get_max_threads(); // As many as libfaiss would use.
    search.nearest(k, distances, labels);
}

FloatKind make_kind(faiss::IndexFlat& index) {
    return std::make_unique<FlatKind>(index);
}

// Takes the place of libfaiss's distances.cpp, in the way that distances.cpp here explains: exact search, which serves
// flat indexes, coarse quantizers and k-means. How it searches stands in exact.h.

#include "exact.h"

#include "../threads.h"

#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>
#include <faiss/utils/distances.h>

#include <omp.h>

#include <cmath>
#include <utility>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define KERNEL_FILE "flat.inc"
#include "each_level.inc"

const FlatKernels& flat_kernels(KernelLevel level) {
    return OF_LEVEL(level, kernels);
}

namespace {

/// The same for many neighbours, where a heap costs more than the search: rows nearer than the k-th are collected, and
/// when there are twice as many as wanted, the farther half is left out.
class ManyNearest {
  public:
    ManyNearest(const Comparison& comparison, size_t k, float* distances, idx_t* ids)
            : comparison(comparison), k(k), distances(distances), ids(ids) {}

    /// Another such, for a slice of the queries: each has the memory of the queries that it works on.
    ManyNearest slice() const {
        return ManyNearest(comparison, k, distances, ids);
    }

    size_t wanted() const {
        return k;
    }

    void begin(size_t first, size_t count) {
        first_query = first;
        found.resize(count);
        for (auto& candidates : found) {
            candidates.clear();
            candidates.reserve(2 * k);
        }
        limits.assign(count, FLT_MAX);
    }

    float limit(size_t query) const {
        return limits[query - first_query];
    }

    bool offer(size_t query, idx_t id, float key) {
        // As near as the k-th, but later: its id is larger. Not a number: no.
        if (!(key < limits[query - first_query])) {
            return false;
        }
        auto& candidates = found[query - first_query];
        candidates.push_back({key, id});
        if (candidates.size() < 2 * k) {
            return false;
        }
        std::nth_element(candidates.begin(), candidates.begin() + (k - 1), candidates.end());
        candidates.resize(k);
        limits[query - first_query] = candidates[k - 1].key;
        return true;
    }

    void finish(size_t first, size_t count) {
        for (size_t query = first; query < first + count; ++query) {
            auto& candidates = found[query - first_query];
            const size_t size = std::min(k, candidates.size());
            if (size < candidates.size()) {
                std::nth_element(candidates.begin(), candidates.begin() + size, candidates.end());
            }
            std::sort(candidates.begin(), candidates.begin() + size);
            for (size_t place = 0; place < k; ++place) {
                const Candidate candidate = place < size ? candidates[place] : Candidate{FLT_MAX, -1};
                distances[query * k + place] = comparison.distance(candidate.key);
                ids[query * k + place] = candidate.id;
            }
        }
    }

  private:
    struct Candidate {
        float key;
        idx_t id;
        bool operator<(const Candidate& other) const {
            return key < other.key || (key == other.key && id < other.id);
        }
    };

    const Comparison& comparison;
    const size_t k;
    float* const distances;
    idx_t* const ids;
    size_t first_query = 0;
    std::vector<std::vector<Candidate>> found;
    std::vector<float> limits;
};

/// Everything nearer than a radius.
class Within {
  public:
    Within(const Comparison& comparison, float radius, size_t queries)
            : comparison(comparison), radius(comparison.is_l2 ? radius : -radius), found(queries) {}

    Within& slice() {
        return *this;
    }

    size_t wanted() const {
        return 0;
    }

    void begin(size_t, size_t) {}

    float limit(size_t) const {
        return radius;
    }

    bool offer(size_t query, idx_t id, float key) {
        if (key < radius) {
            found[query].emplace_back(comparison.distance(key), id);
        }
        return false; // The limit stays.
    }

    void finish(size_t, size_t) {}

    void hand_over(faiss::RangeSearchResult& result) const {
        for (size_t query = 0; query < found.size(); ++query) {
            result.lims[query] = found[query].size();
        }
        result.do_allocation();
        for (size_t query = 0; query < found.size(); ++query) {
            size_t place = result.lims[query];
            for (const auto& [distance, id] : found[query]) {
                result.distances[place] = distance;
                result.labels[place] = id;
                ++place;
            }
        }
    }

  private:
    const Comparison& comparison;
    const float radius;
    std::vector<std::vector<std::pair<float, idx_t>>> found;
};

/// The threads that the calling thread may use for OpenMP.
int allowed_threads() {
    return omp_in_parallel() ? 1 : omp_get_max_threads();
}

/// All queries against the rows that a selector admits.
template <class Results>
void search(
        const Comparison& comparison,
        const float* x,
        size_t queries,
        const float* rows,
        size_t row_count,
        const faiss::IDSelector* selector,
        Results& results) {
    std::vector<idx_t> members;
    if (selector) {
        for (size_t row = 0; row < row_count; ++row) {
            if (selector->is_member(static_cast<idx_t>(row))) {
                members.push_back(static_cast<idx_t>(row));
            }
        }
        row_count = members.size();
    }
    in_slices(static_cast<idx_t>(queries), allowed_threads(), [&](idx_t first, idx_t count) {
        auto&& own = results.slice();
        scan(comparison,
             x,
             comparison.d,
             static_cast<size_t>(first),
             static_cast<size_t>(count),
             rows,
             selector ? members.data() : nullptr,
             row_count,
             own);
    });
}

/// The nearest rows, by the means that suits so many.
void search_all_rows(
        const Comparison& comparison,
        const float* x,
        const float* y,
        size_t nx,
        size_t ny,
        size_t k,
        float* distances,
        idx_t* ids,
        const faiss::IDSelector* selector) {
    const size_t many = 48; // Measured: from here on collecting costs less than a heap.
    if (k < many) {
        Nearest results(comparison, k, distances, ids);
        search(comparison, x, nx, y, ny, selector, results);
    } else {
        ManyNearest results(comparison, k, distances, ids);
        search(comparison, x, nx, y, ny, selector, results);
    }
}

/// Few queries against many rows: the rows are dealt out to threads.
void search_sharing_rows(
        const Comparison& comparison,
        const float* x,
        const float* y,
        size_t nx,
        size_t ny,
        size_t k,
        float* distances,
        idx_t* ids,
        int threads) {
    const auto parts = static_cast<size_t>(threads);
    std::vector<float> part_distances(parts * nx * k, comparison.distance(FLT_MAX));
    std::vector<idx_t> part_ids(parts * nx * k, -1);
    std::atomic<size_t> next{0};
    in_slices(static_cast<idx_t>(ny), threads, [&](idx_t first, idx_t count) {
        const size_t part = next.fetch_add(1) * nx * k;
        search_all_rows(
                comparison,
                x,
                y + static_cast<size_t>(first) * comparison.d,
                nx,
                static_cast<size_t>(count),
                k,
                part_distances.data() + part,
                part_ids.data() + part,
                nullptr);
        for (size_t i = part; i < part + nx * k; ++i) {
            part_ids[i] += part_ids[i] < 0 ? 0 : first;
        }
    });
    Nearest results(comparison, k, distances, ids);
    results.begin(0, nx);
    for (size_t i = 0; i < parts * nx * k; ++i) {
        if (part_ids[i] >= 0) {
            results.offer(i / k % nx, part_ids[i], comparison.key_of(part_distances[i]));
        }
    }
    results.finish(0, nx);
}

void search_nearest(
        const Comparison& comparison,
        const float* x,
        const float* y,
        size_t nx,
        size_t ny,
        size_t k,
        float* distances,
        idx_t* ids,
        const faiss::IDSelector* selector) {
    if (k == 0) {
        return;
    }
    // Fewer bytes than this are read in less time than a thread needs to wake up.
    const size_t fewest_bytes = 8 << 20;
    const int threads = allowed_threads();
    if (threads > 1 && !selector && nx <= few_queries && ny * comparison.d * sizeof(float) >= fewest_bytes) {
        search_sharing_rows(comparison, x, y, nx, ny, k, distances, ids, threads);
    } else {
        search_all_rows(comparison, x, y, nx, ny, k, distances, ids, selector);
    }
}

void search_within(
        faiss::MetricType metric,
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        float radius,
        faiss::RangeSearchResult* result,
        const faiss::IDSelector* selector) {
    const Comparison comparison(metric, d);
    Within results(comparison, radius, nx);
    search(comparison, x, nx, y, ny, selector, results);
    results.hand_over(*result);
}

/// The k nearest among the rows that `subset` names for each query; a negative number ends a query's list.
void search_among(
        faiss::MetricType metric,
        const float* x,
        const float* y,
        const int64_t* subset,
        size_t d,
        size_t nx,
        size_t nsubset,
        size_t k,
        float* distances,
        int64_t* ids,
        int64_t ld_subset) {
    const Comparison comparison(metric, d);
    Nearest results(comparison, k, distances, ids);
    const size_t stride = ld_subset < 0 ? nsubset : static_cast<size_t>(ld_subset);
    results.begin(0, nx);
    const PreparedQueries queries(comparison, x, d, nx);
    for (size_t query = 0; query < nx; ++query) {
        const int64_t* members = subset + query * stride;
        const auto end = std::find_if(members, members + nsubset, [](int64_t id) { return id < 0; });
        scan_rows(
                comparison, queries[query], query, y, members, static_cast<size_t>(end - members), results);
    }
    results.finish(0, nx);
}

/// Calls body(place, query, row) for those that `ids` names for each query.
template <class Body>
void for_each_named(const int64_t* ids, size_t nx, size_t ny, const Body& body) {
    for (size_t i = 0; i < nx * ny; ++i) {
        if (ids[i] >= 0) {
            body(i, i / ny, static_cast<size_t>(ids[i]));
        }
    }
}

} // namespace

void faiss_kernel_search(
        KernelLevel level,
        int is_l2,
        size_t d,
        const float* x,
        size_t nx,
        const float* y,
        size_t ny,
        size_t k,
        int may_round,
        float* distances,
        int64_t* labels) {
    faiss_set_thread_limit(1);
    const auto metric = is_l2 ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT;
    const Comparison comparison(metric, d, level, may_round != 0);
    search_nearest(comparison, x, y, nx, ny, k, distances, labels, nullptr);
}

namespace faiss {

// Faiss's tuning knobs for what was replaced. They are part of its interface, and have no effect.
int distance_compute_blas_threshold = 20;
int distance_compute_blas_query_bs = 4096;
int distance_compute_blas_database_bs = 1024;
int distance_compute_min_k_reservoir = 100;

// MARK: Search

void knn_L2sqr(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        size_t k,
        float* distances,
        int64_t* indexes,
        const float*,
        const IDSelector* sel) {
    search_nearest(Comparison(METRIC_L2, d), x, y, nx, ny, k, distances, indexes, sel);
}

void knn_L2sqr(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        float_maxheap_array_t* res,
        const float*,
        const IDSelector* sel) {
    search_nearest(Comparison(METRIC_L2, d), x, y, nx, ny, res->k, res->val, res->ids, sel);
}

void knn_inner_product(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        size_t k,
        float* distances,
        int64_t* indexes,
        const IDSelector* sel) {
    search_nearest(Comparison(METRIC_INNER_PRODUCT, d), x, y, nx, ny, k, distances, indexes, sel);
}

void knn_inner_product(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        float_minheap_array_t* res,
        const IDSelector* sel) {
    search_nearest(Comparison(METRIC_INNER_PRODUCT, d), x, y, nx, ny, res->k, res->val, res->ids, sel);
}

void knn_L2sqr_by_idx(
        const float* x,
        const float* y,
        const int64_t* subset,
        size_t d,
        size_t nx,
        size_t nsubset,
        size_t k,
        float* vals,
        int64_t* ids,
        int64_t ld_subset) {
    search_among(METRIC_L2, x, y, subset, d, nx, nsubset, k, vals, ids, ld_subset);
}

void knn_inner_products_by_idx(
        const float* x,
        const float* y,
        const int64_t* subset,
        size_t d,
        size_t nx,
        size_t nsubset,
        size_t k,
        float* vals,
        int64_t* ids,
        int64_t ld_ids) {
    search_among(METRIC_INNER_PRODUCT, x, y, subset, d, nx, nsubset, k, vals, ids, ld_ids);
}

void range_search_L2sqr(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        float radius,
        RangeSearchResult* result,
        const IDSelector* sel) {
    search_within(METRIC_L2, x, y, d, nx, ny, radius, result, sel);
}

void range_search_inner_product(
        const float* x,
        const float* y,
        size_t d,
        size_t nx,
        size_t ny,
        float radius,
        RangeSearchResult* result,
        const IDSelector* sel) {
    search_within(METRIC_INNER_PRODUCT, x, y, d, nx, ny, radius, result, sel);
}

// MARK: Some distances

void fvec_inner_products_by_idx(
        float* ip,
        const float* x,
        const float* y,
        const int64_t* ids,
        size_t d,
        size_t nx,
        size_t ny) {
    for_each_named(ids, nx, ny, [&](size_t place, size_t query, size_t row) {
        ip[place] = fvec_inner_product(x + query * d, y + row * d, d);
    });
}

void fvec_L2sqr_by_idx(
        float* dis,
        const float* x,
        const float* y,
        const int64_t* ids,
        size_t d,
        size_t nx,
        size_t ny) {
    for_each_named(ids, nx, ny, [&](size_t place, size_t query, size_t row) {
        dis[place] = fvec_L2sqr(x + query * d, y + row * d, d);
    });
}

void pairwise_indexed_L2sqr(
        size_t d,
        size_t n,
        const float* x,
        const int64_t* ix,
        const float* y,
        const int64_t* iy,
        float* dis) {
    for_each_named(ix, n, 1, [&](size_t place, size_t, size_t row) {
        if (iy[place] >= 0) {
            dis[place] = fvec_L2sqr(x + row * d, y + static_cast<size_t>(iy[place]) * d, d);
        }
    });
}

void pairwise_indexed_inner_product(
        size_t d,
        size_t n,
        const float* x,
        const int64_t* ix,
        const float* y,
        const int64_t* iy,
        float* dis) {
    for_each_named(ix, n, 1, [&](size_t place, size_t, size_t row) {
        if (iy[place] >= 0) {
            dis[place] = fvec_inner_product(x + row * d, y + static_cast<size_t>(iy[place]) * d, d);
        }
    });
}

void pairwise_L2sqr(
        int64_t d,
        int64_t nq,
        const float* xq,
        int64_t nb,
        const float* xb,
        float* dis,
        int64_t ldq,
        int64_t ldb,
        int64_t ldd) {
    const int64_t query_stride = ldq < 0 ? d : ldq;
    const int64_t row_stride = ldb < 0 ? d : ldb;
    const int64_t stride = ldd < 0 ? nb : ldd;
    for (int64_t query = 0; query < nq; ++query) {
        for (int64_t row = 0; row < nb; ++row) {
            dis[query * stride + row] =
                    fvec_L2sqr(xq + query * query_stride, xb + row * row_stride, static_cast<size_t>(d));
        }
    }
}

// MARK: Lengths

void fvec_norms_L2sqr(float* norms, const float* x, size_t d, size_t nx) {
    for (size_t i = 0; i < nx; ++i) {
        norms[i] = fvec_norm_L2sqr(x + i * d, d);
    }
}

void fvec_norms_L2(float* norms, const float* x, size_t d, size_t nx) {
    for (size_t i = 0; i < nx; ++i) {
        norms[i] = std::sqrt(fvec_norm_L2sqr(x + i * d, d));
    }
}

void fvec_renorm_L2(size_t d, size_t nx, float* x) {
    for (size_t i = 0; i < nx; ++i) {
        float* row = x + i * d;
        const float square = fvec_norm_L2sqr(row, d);
        if (square > 0) {
            const float factor = 1.0f / std::sqrt(square);
            std::transform(row, row + d, row, [&](float value) { return value * factor; });
        }
    }
}

void inner_product_to_L2sqr(float* dis, const float* nr1, const float* nr2, size_t n1, size_t n2) {
    for (size_t i = 0; i < n1; ++i) {
        for (size_t j = 0; j < n2; ++j) {
            dis[i * n2 + j] = nr1[i] + nr2[j] - 2 * dis[i * n2 + j];
        }
    }
}

} // namespace faiss

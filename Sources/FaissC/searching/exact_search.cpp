#include "exact_search.h"

#include "../threads.h"
#include "exact_scan.h"

#include <utility>

namespace {

/// The same for many neighbours, where a heap costs more than the search: rows nearer than the k-th are collected, and
/// when there are twice as many as wanted, the farther half is left out.
class ManyNearestRows {
  public:
    ManyNearestRows(const Comparison& comparison, size_t k, float* distances, idx_t* ids, const idx_t* order)
            : comparison(comparison), k(k), distances(distances), ids(ids), order(order) {}

    /// Another such, for a slice of the queries: each has the memory of the queries that it works on.
    ManyNearestRows slice() const {
        return ManyNearestRows(comparison, k, distances, ids, order);
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
        lasts.assign(count, Candidate{FLT_MAX, -1, -1});
    }

    float limit(size_t query) const {
        return lasts[query - first_query].key;
    }

    bool may_take(size_t query, idx_t id, float key) const {
        const Candidate candidate{key, id, id}, last = lasts[query - first_query];
        return order ? !(key > last.key) : candidate < last;
    }

    bool offer(size_t query, idx_t id, float key) {
        const Candidate candidate{key, id, order ? order[id] : id};
        if (!(candidate < lasts[query - first_query])) {
            return false; // Nor is what is not a number.
        }
        auto& candidates = found[query - first_query];
        candidates.push_back(candidate);
        if (candidates.size() < 2 * k) {
            return false;
        }
        std::nth_element(candidates.begin(), candidates.begin() + (k - 1), candidates.end());
        candidates.resize(k);
        lasts[query - first_query] = candidates[k - 1];
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
                const Candidate candidate = place < size ? candidates[place] : Candidate{FLT_MAX, -1, -1};
                distances[query * k + place] = comparison.distance(candidate.key);
                ids[query * k + place] = candidate.id;
            }
        }
    }

  private:
    struct Candidate {
        float key;
        idx_t id;
        idx_t rank; // Between equally near ones.
        bool operator<(const Candidate& other) const {
            return key < other.key || (key == other.key && rank < other.rank);
        }
    };

    const Comparison& comparison;
    const size_t k;
    float* const distances;
    idx_t* const ids;
    const idx_t* const order;
    size_t first_query = 0;
    std::vector<std::vector<Candidate>> found;
    std::vector<Candidate> lasts; // The k-th nearest, as far as it is known.
};

/// Everything nearer than a radius.
class RowsWithin {
  public:
    RowsWithin(const Comparison& comparison, float radius, size_t queries)
            : comparison(comparison), radius(comparison.is_l2 ? radius : -radius), found(queries) {}

    RowsWithin& slice() {
        return *this;
    }

    size_t wanted() const {
        return 0;
    }

    void begin(size_t, size_t) {}

    float limit(size_t) const {
        return radius;
    }

    bool may_take(size_t, idx_t, float key) const {
        return key < radius;
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

/// All queries against the rows that the selector admits.
template <class Results>
void search_admitted(const ExactSearch& search, Results& results) {
    const auto* selector = search.selector;
    std::vector<idx_t> members;
    for (size_t row = 0; selector && row < search.row_count; ++row) {
        if (selector->is_member(static_cast<idx_t>(row))) {
            members.push_back(static_cast<idx_t>(row));
        }
    }
    in_slices(static_cast<idx_t>(search.queries), search.threads, [&](idx_t first, idx_t count) {
        auto&& own = results.slice();
        scan_queries(
                search.comparison,
                search.x,
                search.comparison.d,
                static_cast<size_t>(first),
                static_cast<size_t>(count),
                search.rows,
                selector ? members.data() : nullptr,
                selector ? members.size() : search.row_count,
                own);
    });
}

/// The nearest rows, by the means that suits so many.
void search_all_rows(const ExactSearch& search, size_t k, float* distances, idx_t* ids) {
    const size_t many = 48; // Measured: from here on collecting costs less than a heap.
    if (k < many) {
        NearestRows results(search.comparison, k, distances, ids, search.order);
        search_admitted(search, results);
    } else {
        ManyNearestRows results(search.comparison, k, distances, ids, search.order);
        search_admitted(search, results);
    }
}

/// Few queries against many rows: threads share the rows.
void search_sharing_rows(const ExactSearch& search, size_t k, float* distances, idx_t* ids) {
    const Comparison& comparison = search.comparison;
    const auto parts = static_cast<size_t>(search.threads);
    const size_t places = search.queries * k;
    std::vector<float> part_distances(parts * places, comparison.distance(FLT_MAX));
    std::vector<idx_t> part_ids(parts * places, -1);
    std::atomic<size_t> next{0};
    in_slices(static_cast<idx_t>(search.row_count), search.threads, [&](idx_t first, idx_t count) {
        const size_t part = next.fetch_add(1) * places;
        ExactSearch own = search;
        own.rows += static_cast<size_t>(first) * comparison.d;
        own.row_count = static_cast<size_t>(count);
        own.order = search.order ? search.order + first : nullptr;
        own.threads = 1;
        search_all_rows(own, k, part_distances.data() + part, part_ids.data() + part);
        for (size_t i = part; i < part + places; ++i) {
            part_ids[i] += part_ids[i] < 0 ? 0 : first;
        }
    });
    NearestRows results(comparison, k, distances, ids, search.order);
    results.begin(0, search.queries);
    for (size_t i = 0; i < parts * places; ++i) {
        if (part_ids[i] >= 0) {
            results.offer(i / k % search.queries, part_ids[i], comparison.key_of(part_distances[i]));
        }
    }
    results.finish(0, search.queries);
}

} // namespace

void ExactSearch::nearest(size_t k, float* distances, idx_t* ids) const {
    if (k == 0) {
        return;
    }
    // Fewer bytes than this are read in less time than a thread needs to wake up.
    const size_t fewest_bytes = 8 << 20;
    if (threads > 1 && !selector && queries <= few_queries &&
        row_count * comparison.d * sizeof(float) >= fewest_bytes) {
        search_sharing_rows(*this, k, distances, ids);
    } else {
        search_all_rows(*this, k, distances, ids);
    }
}

void ExactSearch::within(float radius, faiss::RangeSearchResult& result) const {
    RowsWithin results(comparison, radius, queries);
    search_admitted(*this, results);
    results.hand_over(result);
}

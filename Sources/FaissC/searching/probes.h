// Which lists each query visits.

#pragma once

#include "exact_search.h"

#include <faiss/IndexFlat.h>

#include <algorithm>
#include <vector>

/// A query and a list that it visits.
struct Probe {
    idx_t list;
    size_t query;
    float distance; // To the list's centroid, with the metric's sign.
};

/// The lists that queries visit: those with the nearest centroids.
class Probes {
  public:
    Probes(const faiss::IndexFlat& centroids, idx_t n, const float* x, size_t wanted)
            : each(std::clamp<size_t>(wanted, 1, centroids.ntotal)), lists(n * each), distances(n * each) {
        const Comparison comparison(centroids.metric_type, centroids.d);
        const auto count = static_cast<size_t>(centroids.ntotal);
        const ExactSearch search{comparison, x, static_cast<size_t>(n), centroids.get_xb(), count};
        search.nearest(each, distances.data(), lists.data());
    }

    /// A query's probes, the list with the nearest centroid first.
    std::vector<Probe> of(size_t query) const {
        std::vector<Probe> probes;
        probes.reserve(each);
        for_each(query, 0, each, [&](const Probe& probe) { probes.push_back(probe); });
        return probes;
    }

    /// All queries' probes of the ranks first..<last, ordered by list, so that a list is read once for all of them.
    std::vector<Probe> by_list(size_t list_count, size_t first, size_t last) const {
        const size_t n = lists.size() / each;
        std::vector<size_t> ends(list_count + 1);
        for (size_t query = 0; query < n; ++query) {
            for_each(query, first, last, [&](const Probe& probe) { ++ends[probe.list + 1]; });
        }
        for (size_t list = 0; list < list_count; ++list) {
            ends[list + 1] += ends[list];
        }
        std::vector<Probe> probes(ends[list_count]);
        for (size_t query = 0; query < n; ++query) {
            for_each(query, first, last, [&](const Probe& probe) { probes[ends[probe.list]++] = probe; });
        }
        return probes;
    }

    const size_t each;

  private:
    template <class Body>
    void for_each(size_t query, size_t first, size_t last, const Body& body) const {
        for (size_t rank = first; rank < last; ++rank) {
            const size_t i = query * each + rank;
            if (lists[i] >= 0) {
                body(Probe{lists[i], query, distances[i]});
            }
        }
    }

    std::vector<idx_t> lists;
    std::vector<float> distances;
};

/// Asks for the beginning of a list in time, for its place in memory can't be guessed.
inline void prefetch_list(const void* codes) {
    for (size_t i = 0; i < 1024; i += 64) {
        __builtin_prefetch(static_cast<const char*>(codes) + i);
    }
}

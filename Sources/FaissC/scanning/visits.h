// Which lists each query visits.

#pragma once

#include "../kernels/scan.h"

#include <faiss/IndexIVF.h>

#include <algorithm>
#include <vector>

namespace scanning {

/// A query and a list that it visits.
struct Visit {
    idx_t list;
    size_t query;
    float distance; // To the list's centroid, with the metric's sign.
};

/// The lists that queries visit.
class Visits {
  public:
    Visits(const faiss::IndexIVF& ivf, idx_t n, const float* x, size_t probes)
            : probes(std::clamp<size_t>(probes, 1, ivf.nlist)), lists(n * this->probes), distances(n * this->probes) {
        ivf.quantizer->search(n, x, this->probes, distances.data(), lists.data());
    }

    /// A query's visits, the list with the nearest centroid first.
    std::vector<Visit> of(size_t query, size_t first, size_t last) const {
        std::vector<Visit> visits;
        visits.reserve(last - first);
        append(query, first, last, [&](const Visit& visit) { visits.push_back(visit); });
        return visits;
    }

    /// All queries' visits of the ranks first..<last, ordered by list, so that a list is read once for all of them.
    std::vector<Visit> by_list(size_t list_count, size_t first, size_t last) const {
        const size_t n = lists.size() / probes;
        std::vector<size_t> ends(list_count + 1);
        for (size_t query = 0; query < n; ++query) {
            append(query, first, last, [&](const Visit& visit) { ++ends[visit.list + 1]; });
        }
        for (size_t list = 0; list < list_count; ++list) {
            ends[list + 1] += ends[list];
        }
        std::vector<Visit> visits(ends[list_count]);
        for (size_t query = 0; query < n; ++query) {
            append(query, first, last, [&](const Visit& visit) { visits[ends[visit.list]++] = visit; });
        }
        return visits;
    }

    const size_t probes;

  private:
    template <class Body>
    void append(size_t query, size_t first, size_t last, const Body& body) const {
        for (size_t rank = first; rank < last; ++rank) {
            const size_t i = query * probes + rank;
            if (lists[i] >= 0) {
                body(Visit{lists[i], query, distances[i]});
            }
        }
    }

    std::vector<idx_t> lists;
    std::vector<float> distances;
};

/// Asks for the beginning of a list in time, for its place in memory can't be guessed.
inline void fetch(const void* codes) {
    for (size_t i = 0; i < 1024; i += 64) {
        __builtin_prefetch(static_cast<const char*>(codes) + i);
    }
}

inline ScanMetric metric_of(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_INNER_PRODUCT ? ScanMetric::innerProduct : ScanMetric::squaredL2;
}

} // namespace scanning

// Rows of floats, and of bytes that stand for floats.

#pragma once

#include "../encoding.h"
#include "../kernels/exact.h"
#include "found.h"
#include "visits.h"

#include <algorithm>
#include <vector>

namespace scanning {

/// What the bytes of an index stand for.
struct RowFormat {
    RowFormat(const faiss::ScalarQuantizer& quantizer, bool is_residual)
            : is_residual(is_residual), scale(quantizer.d), offset(quantizer.d) {
        const ByteRanges ranges(quantizer);
        for (size_t i = 0; i < quantizer.d; ++i) {
            scale[i] = ranges.width[i] / 255;
            offset[i] = ranges.low[i] + ranges.width[i] * 0.5f / 255;
        }
    }

    const bool is_residual;
    std::vector<float> scale, offset;
};

/// Takes what an exact search in some rows finds, for the queries of a group.
struct GroupResults {
    size_t wanted() const {
        return 0; // Filters have a say, and what other lists have shown.
    }

    void begin(size_t, size_t) {}
    void finish(size_t, size_t) {}

    /// With a bias the limit is less that, and some more for the rounding: what is offered is looked at again.
    float limit(size_t query) const {
        const float limit = founds[query]->limit;
        if (!biases || limit == std::numeric_limits<float>::infinity()) {
            return limit;
        }
        return limit - biases[query] + 4 * FLT_EPSILON * (std::abs(limit) + std::abs(biases[query]));
    }

    /// Ids come in any order.
    bool may_take(size_t query, idx_t, float key) const {
        return !(key > limit(query));
    }

    bool offer(size_t query, idx_t row, float key) {
        founds[query]->offer_one(biases ? key + biases[query] : key, {1, ids, first}, row);
        return true;
    }

    Found* const* founds;
    const float* biases; ///< what is added to all distances of a query, or NULL
    const idx_t* ids;    ///< of the rows, or NULL where they are positions
    idx_t first;         ///< the position of the first row
};

/// Offers rows of bytes to queries.
class ByteScan {
  public:
    ByteScan(const ScanKernels& kernels, const RowFormat& format, const faiss::Index& index)
            : kernels(kernels),
              metric(metric_of(index)),
              comparison(index.metric_type, index.d),
              scale(format.scale.data()),
              offset(format.offset.data()),
              dimension(index.d) {}

    /// @param queries  `count`, one after the other
    /// @param founds   theirs
    /// @param biases   what is added to all distances of each, or NULL
    void scan(
            const uint8_t* codes,
            const idx_t* ids,
            size_t size,
            const float* queries,
            Found* const* founds,
            const float* biases,
            size_t count) {
        // For many queries, so many rows are turned into floats at a time as stay in the second-level cache.
        const bool is_decoded = count > 3;
        const size_t run = is_decoded ? std::clamp<size_t>((512 << 10) / sizeof(float) / dimension, 16, 4096) : scan_run;
        for (size_t first = 0; first < size; first += run) {
            const ScanRows rows{codes + first * dimension, std::min(run, size - first), dimension, scale, offset};
            GroupResults results{founds, biases, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
            if (is_decoded) {
                floats.resize(rows.count * dimension);
                kernels.decode(rows, floats.data());
                ::scan(comparison, queries, dimension, 0, count, floats.data(), nullptr, rows.count, results);
                continue;
            }
            for (size_t query = 0; query < count; ++query) {
                alignas(64) float distances[scan_run];
                kernels.rows(metric, queries + query * dimension, rows, distances);
                if (biases) {
                    for (size_t row = 0; row < rows.count; ++row) {
                        distances[row] += biases[query];
                    }
                }
                founds[query]->offer(distances, {rows.count, results.ids, results.first});
            }
        }
    }

  private:
    const ScanKernels& kernels;
    const ScanMetric metric;
    const Comparison comparison;
    const float *const scale, *const offset;
    const size_t dimension;
    std::vector<float> floats;
};

/// Calls body(list, first, last) for each list that is not empty and its visits, of those that are ordered by list.
template <class Body>
void for_each_list(const faiss::IndexIVF& ivf, const std::vector<Visit>& visits, const Body& body) {
    for (size_t first = 0, last; first < visits.size(); first = last) {
        const idx_t list = visits[first].list;
        for (last = first; last < visits.size() && visits[last].list == list; ++last) {
        }
        if (last < visits.size()) {
            fetch(ivf.invlists->get_codes(visits[last].list));
        }
        if (ivf.invlists->list_size(list) > 0) {
            body(list, first, last);
        }
    }
}

/// Vectors as they are: an exact search in each list.
inline void scan_vectors(
        const faiss::IndexIVF& ivf,
        const std::vector<Visit>& visits,
        const float* x,
        Found* const* founds) {
    const size_t d = ivf.d;
    const Comparison comparison(ivf.metric_type, d);
    std::vector<float> queries;
    std::vector<Found*> group;
    for_each_list(ivf, visits, [&](idx_t list, size_t first, size_t last) {
        const size_t count = last - first;
        queries.resize(count * d);
        group.resize(count);
        for (size_t i = 0; i < count; ++i) {
            std::copy_n(x + visits[first + i].query * d, d, queries.data() + i * d);
            group[i] = founds[visits[first + i].query];
        }
        GroupResults results{group.data(), nullptr, ivf.invlists->get_ids(list), 0};
        const auto* rows = reinterpret_cast<const float*>(ivf.invlists->get_codes(list));
        ::scan(comparison, queries.data(), d, 0, count, rows, nullptr, ivf.invlists->list_size(list), results);
    });
}

/// Bytes in lists. Residuals are told by their distance from what is left of the query.
inline void scan_bytes(
        const faiss::IndexIVF& ivf,
        const RowFormat& format,
        const std::vector<Visit>& visits,
        const float* x,
        Found* const* founds,
        ByteScan& scan) {
    const size_t d = ivf.d;
    const bool has_biases = format.is_residual && metric_of(ivf) == ScanMetric::innerProduct;
    std::vector<float> centroid(d), queries, biases;
    std::vector<Found*> group;
    for_each_list(ivf, visits, [&](idx_t list, size_t first, size_t last) {
        const size_t count = last - first;
        queries.resize(count * d);
        group.resize(count);
        biases.resize(count);
        if (format.is_residual && !has_biases) {
            ivf.quantizer->reconstruct(list, centroid.data());
        }
        for (size_t i = 0; i < count; ++i) {
            const Visit& visit = visits[first + i];
            for (size_t j = 0; j < d; ++j) {
                queries[i * d + j] = x[visit.query * d + j] - centroid[j];
            }
            group[i] = founds[visit.query];
            biases[i] = -visit.distance;
        }
        scan.scan(
                ivf.invlists->get_codes(list),
                ivf.invlists->get_ids(list),
                ivf.invlists->list_size(list),
                queries.data(),
                group.data(),
                has_biases ? biases.data() : nullptr,
                count);
    });
}

} // namespace scanning

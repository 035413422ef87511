// Rows of floats, and of bytes that stand for floats.

#pragma once

#include "../encoding.h"
#include "found.h"
#include "visits.h"

#include <algorithm>
#include <vector>

namespace scanning {

/// How the codes of an index stand for floats.
struct RowFormat {
    bool is_bytes = false;
    bool is_residual = false;
    std::vector<float> scale, offset;

    RowFormat() = default;

    RowFormat(const faiss::ScalarQuantizer& quantizer, bool is_residual)
            : is_bytes(true), is_residual(is_residual), scale(quantizer.d), offset(quantizer.d) {
        const ByteRanges ranges(quantizer);
        for (size_t i = 0; i < quantizer.d; ++i) {
            scale[i] = ranges.width[i] / 255;
            offset[i] = ranges.low[i] + ranges.width[i] * 0.5f / 255;
        }
    }
};

/// Offers the rows at `codes` to queries.
class RowScan {
  public:
    RowScan(const ScanKernels& kernels, const RowFormat& format, ScanMetric metric, size_t dimension)
            : kernels(kernels),
              metric(metric),
              scale(format.is_bytes ? format.scale.data() : nullptr),
              offset(format.is_bytes ? format.offset.data() : nullptr),
              dimension(dimension),
              row_bytes(format.is_bytes ? dimension : dimension * sizeof(float)),
              // A run stays in the first cache while all queries look at it.
              run(std::clamp<size_t>((16384 / row_bytes) & ~size_t(15), 16, scan_run)) {}

    /// queries, founds and biases are of `count` queries; a bias is added to all distances of its query.
    void scan(
            const uint8_t* codes,
            const idx_t* ids,
            size_t size,
            const float* const* queries,
            Found* const* founds,
            const float* biases,
            size_t count) {
        for (size_t first = 0; first < size; first += run) {
            const ScanRows rows{
                    codes + first * row_bytes, std::min(run, size - first), dimension, scale, offset};
            const ScanRun where{rows.count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
            for (size_t query = 0; query < count; query += scan_queries) {
                const size_t together = std::min(scan_queries, count - query);
                kernels.rows(metric, queries + query, together, rows, out);
                for (size_t i = 0; i < together; ++i) {
                    if (biases) {
                        for (size_t row = 0; row < rows.count; ++row) {
                            out[i][row] += biases[query + i];
                        }
                    }
                    founds[query + i]->offer(out[i], where);
                }
            }
        }
    }

  private:
    const ScanKernels& kernels;
    const ScanMetric metric;
    const float *const scale, *const offset;
    const size_t dimension, row_bytes, run;
    alignas(64) float distances[scan_queries][scan_run];
    float* const out[scan_queries] = {distances[0], distances[1], distances[2], distances[3]};
};

/// Scans the lists of visits that are ordered by list.
inline void scan_rows(
        const faiss::IndexIVF& ivf,
        const RowFormat& format,
        const std::vector<Visit>& visits,
        const float* x,
        Found* const* founds,
        RowScan& scan) {
    const size_t d = ivf.d;
    const bool is_product = metric_of(ivf) == ScanMetric::innerProduct;
    std::vector<float> centroid(d), residuals;
    std::vector<const float*> queries;
    std::vector<Found*> group;
    std::vector<float> biases;
    for (size_t first = 0, last; first < visits.size(); first = last) {
        const idx_t list = visits[first].list;
        for (last = first; last < visits.size() && visits[last].list == list; ++last) {
        }
        const size_t size = ivf.invlists->list_size(list);
        if (last < visits.size()) {
            fetch(ivf.invlists->get_codes(visits[last].list));
        }
        if (size == 0) {
            continue;
        }
        const size_t count = last - first;
        queries.resize(count);
        group.resize(count);
        for (size_t i = 0; i < count; ++i) {
            queries[i] = x + visits[first + i].query * d;
            group[i] = founds[visits[first + i].query];
        }
        if (format.is_residual && is_product) {
            biases.resize(count);
            for (size_t i = 0; i < count; ++i) {
                biases[i] = -visits[first + i].distance;
            }
        } else if (format.is_residual) {
            ivf.quantizer->reconstruct(list, centroid.data());
            residuals.resize(count * d);
            for (size_t i = 0; i < count; ++i) {
                for (size_t j = 0; j < d; ++j) {
                    residuals[i * d + j] = queries[i][j] - centroid[j];
                }
                queries[i] = residuals.data() + i * d;
            }
        }
        scan.scan(
                ivf.invlists->get_codes(list),
                ivf.invlists->get_ids(list),
                size,
                queries.data(),
                group.data(),
                format.is_residual && is_product ? biases.data() : nullptr,
                count);
    }
}

} // namespace scanning

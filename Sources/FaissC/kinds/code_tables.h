// Tables for the distances of product-quantizer codes.

#pragma once

#include "../kernels/scan.h"

#include <faiss/impl/ProductQuantizer.h>

#include <vector>

/// Tables of the numbers that a product quantizer's codes stand for in distances.
class CodeTables {
  public:
    CodeTables(const faiss::ProductQuantizer& pq, ScanMetric metric, bool is_residual)
            : pq(pq), metric(metric), is_residual(is_residual), entries(pq.M * pq.ksub) {
        if (pq.transposed_centroids.empty()) {
            transposed.resize(pq.centroids.size());
            for (size_t i = 0; i < entries.size(); ++i) {
                for (size_t j = 0; j < pq.dsub; ++j) {
                    transposed[j * entries.size() + i] = pq.centroids[i * pq.dsub + j];
                }
            }
        }
    }

    /// The part of distances that goes by the query and the code: pq.ksub numbers a subquantizer.
    const std::vector<float>& of_query(const float* x) {
        fill(x, metric == ScanMetric::innerProduct ? -1.0f : is_residual ? -2.0f : 0.0f);
        return entries;
    }

    /// The part that goes by the list and the code.
    const std::vector<float>& of_list(const float* centroid) {
        if (squares.empty()) {
            const std::vector<float> origin(pq.d);
            fill(origin.data(), 0);
            squares = entries;
        }
        fill(centroid, 2);
        for (size_t i = 0; i < entries.size(); ++i) {
            entries[i] += squares[i];
        }
        return entries;
    }

  private:
    void fill(const float* x, float factor) {
        const float* centroids = (transposed.empty() ? pq.transposed_centroids : transposed).data();
        scan_kernels(kernel_level()).table(x, centroids, pq.M, pq.dsub, pq.ksub, factor, entries.data());
    }

    const faiss::ProductQuantizer& pq;
    const ScanMetric metric;
    const bool is_residual;
    std::vector<float> entries, squares, transposed;
};

/// Codes of 8 or 4 bits read as bytes, each an entry of one of `tables` tables of 256 numbers. A byte of two codes of 4
/// bits has the sum of their numbers.
class ByteTables {
  public:
    explicit ByteTables(const faiss::ProductQuantizer& pq)
            : tables(pq.code_size), pq(pq), spread(pq.nbits == 8 ? 0 : tables * 256) {}

    const float* of(const std::vector<float>& entries) {
        if (pq.nbits == 8) {
            return entries.data();
        }
        for (size_t m = 0; m < tables; ++m) {
            const float* low = entries.data() + 2 * m * 16;
            const bool has_high = 2 * m + 1 < pq.M;
            for (size_t byte = 0; byte < 256; ++byte) {
                spread[m * 256 + byte] = low[byte & 15] + (has_high ? low[16 + (byte >> 4)] : 0);
            }
        }
        return spread.data();
    }

    const size_t tables;

  private:
    const faiss::ProductQuantizer& pq;
    std::vector<float> spread;
};

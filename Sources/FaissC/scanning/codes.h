// Product-quantizer codes of 8 bits, and of 4, in inverted lists.

#pragma once

#include "../kernels/scan_filter.h"
#include "found.h"
#include "visits.h"

#include <faiss/IndexIVFPQ.h>
#include <faiss/invlists/InvertedLists.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace scanning {

/// Inverted lists that keep, beside each code, the part of its distance that is the same for all queries.
///
/// With y = centroid + decoded code, |x - y|² = |x - centroid|² + (|code|² + 2 centroid·code) - 2 x·code. The first
/// part comes from the choice of lists, the middle one is the term, and the last one needs one table a query, where
/// Faiss 1.7.3 makes one a query and list.
struct TermLists : faiss::ArrayInvertedLists {
    explicit TermLists(faiss::ArrayInvertedLists& lists)
            : ArrayInvertedLists(lists.nlist, lists.code_size), terms(lists.nlist) {
        codes.swap(lists.codes);
        ids.swap(lists.ids);
    }

    void update_entries(size_t list, size_t offset, size_t n, const idx_t* new_ids, const uint8_t* code) override {
        ArrayInvertedLists::update_entries(list, offset, n, new_ids, code);
        forget(list, offset);
    }

    void resize(size_t list, size_t size) override {
        ArrayInvertedLists::resize(list, size);
        forget(list, size);
    }

    void forget(size_t list, size_t from) {
        terms[list].resize(std::min(terms[list].size(), from));
    }

    std::vector<std::vector<float>> terms; // By list; those at the end of a list may be missing.
};

/// Tables of the numbers that a product quantizer's codes stand for in distances.
class CodeTables {
  public:
    CodeTables(const ScanKernels& kernels, const faiss::ProductQuantizer& pq, ScanMetric metric, bool is_residual)
            : pq(pq),
              metric(metric),
              is_residual(is_residual),
              has_terms(is_residual && metric == ScanMetric::squaredL2),
              kernels(kernels),
              entries(pq.M * pq.ksub) {
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
    const std::vector<float>& of_list(const faiss::Index& quantizer, idx_t list) {
        if (squares.empty()) {
            const std::vector<float> origin(pq.d);
            fill(origin.data(), 0);
            squares = entries;
        }
        std::vector<float> centroid(pq.d);
        quantizer.reconstruct(list, centroid.data());
        fill(centroid.data(), 2);
        for (size_t i = 0; i < entries.size(); ++i) {
            entries[i] += squares[i];
        }
        return entries;
    }

    /// What the distance to the list's centroid adds to all distances in the list.
    float base(const Visit& visit) const {
        return !is_residual ? 0 : metric == ScanMetric::squaredL2 ? visit.distance : -visit.distance;
    }

    const faiss::ProductQuantizer& pq;
    const ScanMetric metric;
    const bool is_residual, has_terms;

  private:
    void fill(const float* x, float factor) {
        const float* centroids = (transposed.empty() ? pq.transposed_centroids : transposed).data();
        kernels.table(x, centroids, pq.M, pq.dsub, pq.ksub, factor, entries.data());
    }

    const ScanKernels& kernels;
    std::vector<float> entries, squares, transposed;
};

/// Codes of 8 or 4 bits read as bytes, each an entry of one of `tables` tables of 256 numbers. A byte of two codes of 4
/// bits has the sum of their numbers.
class ByteTables {
  public:
    explicit ByteTables(const faiss::ProductQuantizer& pq)
            : tables(pq.code_size), pq(pq), spread(pq.nbits == 8 ? 0 : tables * 256) {}

    static bool serves(const faiss::ProductQuantizer& pq) {
        return pq.nbits == 8 || pq.nbits == 4;
    }

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

/// Writes the terms of codes.
inline void compute_terms(
        const ScanKernels& kernels,
        const float* table,
        size_t tables,
        const uint8_t* codes,
        size_t count,
        float* terms) {
    for (size_t first = 0; first < count; first += scan_run) {
        kernels.codes(
                table, 0, {codes + first * tables, std::min(scan_run, count - first), tables, nullptr}, terms + first);
    }
}

class CodeScan {
  public:
    CodeScan(const ScanKernels& kernels, const faiss::IndexIVFPQ& index)
            : kernels(kernels),
              filters(index.pq.code_size <= scan_filter_subquantizers ? scan_filter_kernels(kernel_level()) : nullptr),
              index(index),
              lists(dynamic_cast<const TermLists*>(index.invlists)),
              entries(kernels, index.pq, metric_of(index), index.by_residual),
              tables(index.pq),
              bytes(filters ? tables.tables * 256 : 0) {}

    /// The table stays in the first cache, so that a query goes through all its lists alone.
    void scan(const float* x, const std::vector<Visit>& visits, Found& found) {
        const float* table = tables.of(entries.of_query(x));
        filter_limit = std::numeric_limits<float>::infinity();
        for (const Visit& visit : visits) {
            const size_t size = index.invlists->list_size(visit.list);
            if (&visit != &visits.back()) {
                const idx_t next = (&visit)[1].list;
                fetch(index.invlists->get_codes(next));
                if (lists) {
                    fetch(lists->terms[next].data());
                }
            }
            if (size == 0) {
                continue;
            }
            const uint8_t* codes = index.invlists->get_codes(visit.list);
            const idx_t* ids = index.invlists->get_ids(visit.list);
            const float* terms = entries.has_terms ? terms_of(visit.list, codes, size) : nullptr;
            const float base = entries.base(visit);
            for (size_t first = 0; first < size; first += scan_run) {
                const ScanCodes run{
                        codes + first * tables.tables,
                        std::min(scan_run, size - first),
                        tables.tables,
                        terms ? terms + first : nullptr};
                const ScanRun where{run.count, ids + first, static_cast<idx_t>(first)};
                if (filters && found.limit < std::numeric_limits<float>::infinity()) {
                    scan_filtered(table, base, run, where, found);
                } else {
                    kernels.codes(table, base, run, distances);
                    found.offer(distances, where);
                }
            }
        }
    }

  private:
    void scan_filtered(const float* table, float base, const ScanCodes& run, const ScanRun& where, Found& found) {
        // A table made for a far limit is coarse, but making one costs as much as some hundred codes.
        if (!(filter_limit - found.limit <= filter_range / 4)) {
            const float least = run.terms ? *std::min_element(run.terms, run.terms + run.count) : 0;
            if (filter_limit == std::numeric_limits<float>::infinity()) {
                filter = filters->make(table, run.subquantizers, 1, bytes.data()); // For the lowest numbers.
            }
            filter_limit = found.limit;
            filter_range = std::max(found.limit - base - filter.lowest - least, 0.0f);
            filter = filters->make(table, run.subquantizers, filter_range, bytes.data());
        }
        uint16_t positions[scan_run];
        const size_t count = filters->filter(filter, base, found.limit, run, positions);
        for (size_t i = 0; i < count; ++i) {
            const size_t position = positions[i];
            float distance;
            kernels.codes(
                    table,
                    base,
                    {run.codes + position * run.subquantizers,
                     1,
                     run.subquantizers,
                     run.terms ? run.terms + position : nullptr},
                    &distance);
            found.offer_one(distance, where, position);
        }
    }

    const float* terms_of(idx_t list, const uint8_t* codes, size_t size) {
        if (lists && lists->terms[list].size() == size) {
            return lists->terms[list].data();
        }
        if (!list_entries) {
            list_entries = std::make_unique<CodeTables>(kernels, index.pq, entries.metric, true);
            list_tables = std::make_unique<ByteTables>(index.pq);
        }
        computed.resize(size);
        const float* table = list_tables->of(list_entries->of_list(*index.quantizer, list));
        compute_terms(kernels, table, tables.tables, codes, size, computed.data());
        return computed.data();
    }

    const ScanKernels& kernels;
    const ScanFilterKernels* const filters;
    const faiss::IndexIVFPQ& index;
    const TermLists* lists;
    CodeTables entries;
    ByteTables tables;
    std::unique_ptr<CodeTables> list_entries; // For an index that was not prepared.
    std::unique_ptr<ByteTables> list_tables;
    std::vector<float> computed;
    std::vector<uint8_t> bytes;
    ScanFilter filter{};
    float filter_limit = 0, filter_range = 0; // What the filter was made for.
    alignas(64) float distances[scan_run];
};

} // namespace scanning

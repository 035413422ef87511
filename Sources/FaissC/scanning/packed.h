// Packed product-quantizer codes of 4 bits, in inverted lists or flat.

#pragma once

#include "../kernels/scan_packed.h"
#include "codes.h"

#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQFastScan.h>

namespace scanning {

/// One query over packed codes.
class PackedScan {
  public:
    PackedScan(const std::vector<float>& entries, size_t subquantizers, Found& found)
            : kernels(packed_kernels(kernel_level())),
              subquantizers(subquantizers),
              table(subquantizers * 16),
              memory(kernels ? (subquantizers * 16 + 63) / 64 * 64 + 63 : 0),
              found(found) {
        std::copy(entries.begin(), entries.end(), table.begin());
    }

    /// The codes first ..< last, of which `first` begins a block.
    void scan(const PackedCodes& codes, const idx_t* ids, float base, size_t first, size_t last) {
        while (first < last) {
            if (kernels && found.limit < std::numeric_limits<float>::infinity()) {
                // The limit falls fast at first: later codes gain by what earlier ones have shown.
                const size_t count = std::min(last - first, std::clamp<size_t>(seen & ~size_t(63), 64, longest));
                scan_filtered(codes, ids, base, first, count);
                first += count;
                seen += count;
                continue;
            }
            float distances[packed_block];
            packed_distances(table.data(), base, codes, first / packed_block, distances);
            const size_t count = std::min(packed_block, last - first);
            found.offer(distances, {count, ids ? ids + first : nullptr, static_cast<idx_t>(first)});
            first += count;
            seen += count;
        }
    }

    static constexpr size_t longest = 4096;

  private:
    void scan_filtered(const PackedCodes& codes, const idx_t* ids, float base, size_t first, size_t count) {
        // A filter made for a far limit is coarse.
        int allowance = is_made ? filter.allowance(base, found.limit, subquantizers) : 0;
        if (!is_made || allowance < PackedFilter::most / 2 || allowance > 254) {
            filter = kernels->make(table.data(), subquantizers, base, found.limit, bytes());
            is_made = true;
            allowance = filter.allowance(base, found.limit, subquantizers);
        }
        if (allowance < 0) {
            return;
        }
        uint16_t positions[longest];
        const size_t left = kernels->scan(bytes(), std::min(allowance, 254), codes, first, count, positions);
        const ScanRun where{count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
        for (size_t i = 0; i < left; ++i) {
            found.offer_one(packed_distance(table.data(), base, codes, first + positions[i]), where, positions[i]);
        }
    }

    uint8_t* bytes() {
        const auto address = reinterpret_cast<uintptr_t>(memory.data());
        return memory.data() + (64 - address % 64) % 64;
    }

    const PackedKernels* kernels;
    size_t subquantizers;
    std::vector<float> table;
    std::vector<uint8_t> memory;
    Found& found;
    PackedFilter filter{};
    bool is_made = false;
    size_t seen = 0;
};

inline void scan_packed(
        const faiss::IndexPQFastScan& index,
        idx_t n,
        const float* x,
        Found* const* founds,
        const ScanKernels& kernels) {
    CodeTables entries(kernels, index.pq, metric_of(index), false);
    const PackedCodes codes{index.codes.get(), static_cast<size_t>(index.ntotal), index.M2};
    std::vector<PackedScan> scans;
    scans.reserve(n);
    for (idx_t query = 0; query < n; ++query) {
        scans.emplace_back(entries.of_query(x + query * index.d), index.M2, *founds[query]);
    }
    // All queries look at a stretch of codes while it is in the cache.
    const size_t stretch = PackedScan::longest;
    for (size_t first = 0; first < codes.count; first += stretch) {
        for (PackedScan& scan : scans) {
            scan.scan(codes, nullptr, 0, first, std::min(codes.count, first + stretch));
        }
    }
}

inline void scan_packed(
        const faiss::IndexIVFPQFastScan& index,
        idx_t n,
        const float* x,
        size_t probes,
        Found* const* founds,
        const ScanKernels& kernels) {
    const Visits visits(index, n, x, probes);
    CodeTables entries(kernels, index.pq, metric_of(index), index.by_residual);
    for (idx_t query = 0; query < n; ++query) {
        PackedScan scan(entries.of_query(x + query * index.d), index.M2, *founds[query]);
        for (const Visit& visit : visits.of(query, 0, visits.probes)) {
            const size_t size = index.invlists->list_size(visit.list);
            const PackedCodes codes{index.invlists->get_codes(visit.list), size, index.M2};
            scan.scan(codes, index.invlists->get_ids(visit.list), entries.base(visit), 0, size);
        }
    }
}

} // namespace scanning

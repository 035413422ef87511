// Product-quantizer codes of 4 bits in blocks of 32 vectors, as kernels/scan_packed.h describes them: what flat ones and
// lists of them share.
//
// Faiss 1.7.3 packs slowly, aborts when it removes from inverted lists, and decodes wrongly what lies beyond the 16th
// subquantizer.

#pragma once

#include "../kernels/scan_packed.h"
#include "../searching/collector.h"
#include "code_tables.h"

#include <faiss/impl/ProductQuantizer.h>

#include <algorithm>
#include <vector>

/// A vector's place among blocks, each with `parts` codes of each of its vectors.
class PackedPlace {
  public:
    PackedPlace(uint8_t* blocks, size_t parts, size_t place)
            : bytes(blocks + place / packed_block * parts * part_bytes + packed_byte_of(place % part_bytes)),
              shift(place % packed_block < part_bytes ? 0 : 4) {}
    uint8_t get(size_t part) const {
        return bytes[part * part_bytes] >> shift & 15;
    }
    void set(size_t part, int code) {
        uint8_t& byte = bytes[part * part_bytes];
        byte = static_cast<uint8_t>((byte & ~(15 << shift)) | code << shift);
    }

  private:
    static constexpr size_t part_bytes = packed_block / 2;

    uint8_t* bytes;
    int shift;
};

inline void decode_packed(const faiss::ProductQuantizer& pq, const uint8_t* blocks, size_t parts, size_t place, float* vector) {
    const PackedPlace packed(const_cast<uint8_t*>(blocks), parts, place);
    for (size_t part = 0; part < pq.M; ++part) {
        std::copy_n(pq.get_centroids(part, packed.get(part)), pq.dsub, vector + part * pq.dsub);
    }
}

/// Packs a code as a product quantizer makes it, two parts a byte.
inline void pack(const uint8_t* code, size_t parts, PackedPlace place) {
    for (size_t part = 0; part < parts; ++part) {
        place.set(part, code[part / 2] >> part % 2 * 4 & 15);
    }
}

/// Adds `count` codes, as a product quantizer makes them, to the end of others.
inline void unpack(
        const faiss::ProductQuantizer& pq,
        const uint8_t* blocks,
        size_t stored_parts,
        size_t count,
        std::vector<uint8_t>& codes) {
    const size_t end = codes.size();
    codes.resize(end + count * pq.code_size);
    for (size_t place = 0; place < count; ++place) {
        const PackedPlace packed(const_cast<uint8_t*>(blocks), stored_parts, place);
        for (size_t part = 0; part < pq.M; ++part) {
            codes[end + place * pq.code_size + part / 2] |=
                    static_cast<uint8_t>(packed.get(part) << part % 2 * 4);
        }
    }
}

/// Moves the codes to keep to the front and clears what is behind them, where Faiss would add by setting bits only.
/// Returns how many are kept.
template <class IsRemoved>
size_t close_gaps_in_blocks(uint8_t* blocks, size_t parts, size_t count, const IsRemoved& is_removed) {
    size_t kept = 0;
    for (size_t place = 0; place < count; ++place) {
        if (is_removed(place)) {
            continue;
        }
        if (kept < place) {
            const PackedPlace from(blocks, parts, place);
            PackedPlace to(blocks, parts, kept);
            for (size_t part = 0; part < parts; ++part) {
                to.set(part, from.get(part));
            }
        }
        ++kept;
    }
    for (size_t place = kept; place < count; ++place) {
        PackedPlace cleared(blocks, parts, place);
        for (size_t part = 0; part < parts; ++part) {
            cleared.set(part, 0);
        }
    }
    return kept;
}

inline size_t whole_blocks(size_t count) {
    return (count + packed_block - 1) / packed_block * packed_block;
}

/// One query over packed codes.
class PackedScan {
  public:
    PackedScan(const std::vector<float>& entries, size_t subquantizers, Collector& collector)
            : kernels(packed_kernels(kernel_level())),
              subquantizers(subquantizers),
              table(subquantizers * 16),
              memory(kernels ? (subquantizers * 16 + 63) / 64 * 64 + 63 : 0),
              collector(collector) {
        std::copy(entries.begin(), entries.end(), table.begin());
    }

    /// The codes first ..< last, of which `first` begins a block.
    void scan(const PackedCodes& codes, const idx_t* ids, float base, size_t first, size_t last) {
        while (first < last) {
            if (kernels && collector.limit < std::numeric_limits<float>::infinity()) {
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
            collector.offer(distances, {count, ids ? ids + first : nullptr, static_cast<idx_t>(first)});
            first += count;
            seen += count;
        }
    }

    static constexpr size_t longest = 4096;

  private:
    void scan_filtered(const PackedCodes& codes, const idx_t* ids, float base, size_t first, size_t count) {
        // A filter made for a far limit is coarse.
        int allowance = is_made ? filter.allowance(base, collector.limit, subquantizers) : 0;
        if (!is_made || allowance < PackedFilter::most / 2 || allowance > 254) {
            filter = kernels->make(table.data(), subquantizers, base, collector.limit, bytes());
            is_made = true;
            allowance = filter.allowance(base, collector.limit, subquantizers);
        }
        if (allowance < 0) {
            return;
        }
        uint16_t positions[longest];
        const size_t left = kernels->scan(bytes(), std::min(allowance, 254), codes, first, count, positions);
        const ScanRun where{count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
        for (size_t i = 0; i < left; ++i) {
            collector.offer_one(packed_distance(table.data(), base, codes, first + positions[i]), where, positions[i]);
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
    Collector& collector;
    PackedFilter filter{};
    bool is_made = false;
    size_t seen = 0;
};

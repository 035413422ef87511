// Faiss's packed product-quantizer codes of 4 bits: blocks of 32 vectors, in which 16 bytes hold one subquantizer's
// codes, those of the vectors 0, 8, 1, 9, … 7, 15 in the lower halves and those of 16 more in the upper ones.

#pragma once

#include "levels.h"

#include <cstddef>
#include <cstdint>

constexpr size_t packed_block = 32;

/// Which of a subquantizer's 16 bytes has the code of a vector, of 0 ..< 16.
constexpr size_t packed_byte_of(size_t vector) {
    return vector % 8 * 2 + vector / 8;
}

struct PackedCodes {
    const uint8_t* blocks;
    size_t count;         ///< codes; the last block may be short of some
    size_t subquantizers; ///< even
};

/// The distance of one code: `base` and its numbers in a table of 16 numbers a subquantizer.
float packed_distance(const float* table, float base, const PackedCodes& codes, size_t position);

/// The distances of a block's codes, each the same as packed_distance gives, bit by bit.
void packed_distances(const float* table, float base, const PackedCodes& codes, size_t block, float* distances);

/// A table in bytes, rounded down: an entry stands for its subquantizer's least number plus at least as many steps. So
/// no code is ignored that is near enough, and the few that are left are computed exactly.
struct PackedFilter {
    static constexpr int most = 240; ///< steps to the farthest distance that mattered when the filter was made

    float step;
    float lowest;    ///< the sum of the subquantizers' least numbers
    float magnitude; ///< the sum of the subquantizers' largest magnitudes

    /// How many steps a near enough code may have above the lowest: 255 or more says that the filter lets all pass,
    /// less than 0 that none is near enough.
    int allowance(float base, float limit, size_t subquantizers) const;
};

struct PackedKernels {
    /// Writes bytes (16 a subquantizer, zeros up to a multiple of 64, aligned to 64) for distances of up to `limit`.
    PackedFilter (*make)(const float* table, size_t subquantizers, float base, float limit, uint8_t* bytes);

    /// Writes the positions of the codes first ..< first + count whose bytes add up to no more than `allowance`, from
    /// 0 to 254, and returns how many they are. Positions count from `first`, which begins a block; count is at most
    /// 32,768.
    size_t (*scan)(
            const uint8_t* bytes,
            int allowance,
            const PackedCodes& codes,
            size_t first,
            size_t count,
            uint16_t* positions);
};

/// NULL at the baseline of x86-64: it has no instruction that looks up 16 bytes at once.
const PackedKernels* packed_kernels(KernelLevel level);

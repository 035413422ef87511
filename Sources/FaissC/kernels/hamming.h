// How many bits of a query and of stored vectors differ, and which of these are near enough.

#pragma once

#include "levels.h"

#include <cstddef>
#include <cstdint>

/// Vectors in one run, at most: what is found stays in the first cache.
constexpr size_t hamming_run = 256;

struct HammingKernels {
    /// Writes the positions, ascending, of those of `count` rows that differ from the query in `limit` bits or fewer,
    /// and in how many, and returns how many they are. There is room for `count`, which is at most hamming_run.
    size_t (*find)(
            const uint8_t* query,
            const uint8_t* rows,
            size_t count,
            size_t row_bytes,
            uint32_t limit,
            uint32_t* distances,
            uint32_t* positions);

    /// In how many bits two rows differ.
    uint32_t (*distance)(const uint8_t* x, const uint8_t* y, size_t row_bytes);
};

/// The table of a level. AVX-512 without an instruction that counts bits in vectors has that of AVX2.
const HammingKernels& hamming_kernels(KernelLevel level);

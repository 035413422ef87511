// Which product-quantizer codes can be near enough, by tables of bytes that stay in registers.
//
// Looking up a code's numbers one by one takes about 20 cycles for 16 subquantizers; here 64 codes take about 130. The
// bytes are rounded down, so that a sum of them is never more than what it stands for: no code is ignored that
// would be found otherwise, and the few that are left are computed exactly.

#pragma once

#include "scan.h"

/// A table of ScanKernels::codes in bytes: an entry stands for its subquantizer's least number plus at least as many
/// steps.
struct ScanFilter {
    const uint8_t* bytes; ///< 256 a subquantizer
    float step;           ///< more than 0
    float lowest;         ///< the sum of the subquantizers' least numbers
    float rounding;       ///< how far rounding can move a sum, as part of the magnitude of its numbers
    float magnitude;      ///< the sum of the subquantizers' largest magnitudes
};

/// Subquantizers, at most: their sums have 16 bits.
constexpr size_t scan_filter_subquantizers = 128;

struct ScanFilterKernels {
    /// Writes the bytes of a table, of which a code's numbers differ from the least by up to `range`: what is farther
    /// has the largest byte.
    ScanFilter (*make)(const float* table, size_t subquantizers, float range, uint8_t* bytes);

    /// Writes the positions of the codes whose distance may be at most `limit`, and returns how many they are. There is
    /// room for scan_run.
    size_t (*filter)(const ScanFilter& filter, float base, float limit, const ScanCodes& codes, uint16_t* positions);
};

/// NULL where the processor or the level lacks the instructions: AVX-512 with VBMI, or NEON.
const ScanFilterKernels* scan_filter_kernels(KernelLevel level);

// The inner loops of a search: distances from queries to a run of stored vectors, and which of them are near enough.
//
// "Distance" here is always smaller for what is nearer: the squared L2 distance, or the inner product with its sign
// turned. A distance depends on the query and the stored vector alone, not on what stands beside them or on how many
// queries are asked together, so that equal vectors are equally far whichever way they are found.

#pragma once

#include "levels.h"

#include <cstddef>
#include <cstdint>

enum class ScanMetric { squaredL2, innerProduct };

/// Vectors in one run of a kernel, at most: their distances to a few queries stay in the first cache.
constexpr size_t scan_run = 256;

/// Rows of bytes, of which the one at position i stands for byte * scale[i] + offset[i].
struct ScanRows {
    const uint8_t* rows;
    size_t count;
    size_t dimension;
    const float* scale;
    const float* offset;
};

/// Product-quantizer codes of one byte a subquantizer, one vector after the other.
struct ScanCodes {
    const uint8_t* codes;
    size_t count; ///< at most scan_run
    size_t subquantizers;
    const float* terms; ///< a number that a vector's distance has added, or NULL
};

struct ScanKernels {
    /// Distances from a query to rows, the same as FaissDistanceKernels give for what `decode` makes of them, bit by bit.
    /// There are at most scan_run of them, and there is room for so many.
    void (*rows)(ScanMetric metric, const float* query, const ScanRows& rows, float* out);

    /// What the rows stand for, one after the other; any number of them.
    void (*decode)(const ScanRows& rows, float* out);

    /// For each subquantizer m and each of its `entries` centroids: `factor` times the inner product with the query's
    /// m-th part, or the squared distance to it if the factor is 0. Centroids are transposed as Faiss does it: number i
    /// of centroid j of subquantizer m stands at [(i * subquantizers + m) * entries + j].
    void (*table)(
            const float* query,
            const float* transposed,
            size_t subquantizers,
            size_t width,
            size_t entries,
            float factor,
            float* table);

    /// The sum of 256 * m + codes[m] th entries of a table, plus `base` and the vector's term.
    void (*codes)(const float* table, float base, const ScanCodes& codes, float* out);

    /// Bytes for rows of floats: (x - low) / width * 255, cut off to a whole number and to the range of a byte.
    /// What has no width gets the code 0.
    void (*encode)(const float* x, size_t count, size_t dimension, const float* low, const float* width, uint8_t* codes);

    /// Lowers `low` and raises `high`, of `dimension` numbers, to what rows of floats take in.
    void (*extend_ranges)(const float* x, size_t count, size_t dimension, float* low, float* high);
};

const ScanKernels& scan_kernels(KernelLevel level);

// The scanning kernels of each level, for those who test them. See Sources/FaissC/kernels/scan.h and its neighbours.

#ifndef SWIFT_FAISS_SCAN_KERNELS_H
#define SWIFT_FAISS_SCAN_KERNELS_H

#include <faiss_kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

// A level must be one that this processor has.

/// Distances from queries (query_count * dimension) to rows of bytes; for inner products their negatives. `out` has
/// query_count * count places. Any number of queries and rows.
void faiss_scan_rows(
        FaissKernelLevel level,
        int is_l2,
        const float* queries,
        size_t query_count,
        const uint8_t* rows,
        size_t count,
        size_t dimension,
        const float* scale,
        const float* offset,
        float* out);

/// What rows of bytes stand for.
void faiss_scan_decode(
        FaissKernelLevel level,
        const uint8_t* rows,
        size_t count,
        size_t dimension,
        const float* scale,
        const float* offset,
        float* out);

/// Bytes for rows of floats.
void faiss_scan_encode(
        FaissKernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        const float* low,
        const float* width,
        uint8_t* codes);

/// Lowers `low` and raises `high` to what rows take in.
void faiss_scan_extend_ranges(
        FaissKernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        float* low,
        float* high);

/// A product quantizer's table for a query, from centroids that are transposed as Faiss does it.
void faiss_scan_table(
        FaissKernelLevel level,
        const float* query,
        const float* transposed,
        size_t subquantizers,
        size_t width,
        size_t entries,
        float factor,
        float* table);

/// Distances of up to 256 codes of a byte a subquantizer. `terms` may be NULL.
void faiss_scan_codes(
        FaissKernelLevel level,
        const float* table,
        float base,
        const uint8_t* codes,
        const float* terms,
        size_t count,
        size_t subquantizers,
        float* out);

/// Positions of those codes that a filter made for `made_for`, the farthest distance above the nearest possible one,
/// leaves for a limit; returns how many, or SIZE_MAX where the level has no filter.
size_t faiss_scan_filter(
        FaissKernelLevel level,
        const float* table,
        float base,
        float limit,
        float made_for,
        const uint8_t* codes,
        const float* terms,
        size_t count,
        size_t subquantizers,
        uint16_t* positions);

/// Distances of packed codes of 4 bits, `count` rounded up to 32.
void faiss_scan_packed_distances(
        const float* table,
        float base,
        const uint8_t* blocks,
        size_t count,
        size_t subquantizers,
        float* out);

/// Positions of those codes that a filter made for the distance `made_for` leaves for a limit, of up to 4,096; returns
/// how many, or SIZE_MAX where the level has no filter.
size_t faiss_scan_packed_filter(
        FaissKernelLevel level,
        const float* table,
        float base,
        float limit,
        float made_for,
        const uint8_t* blocks,
        size_t count,
        size_t subquantizers,
        uint16_t* positions);

#ifdef __cplusplus
}
#endif

#endif

// The kernels inside the C++ core, by functions that tests can call. A level must be one that this processor has.

#ifndef SWIFT_FAISS_KERNEL_HOOKS_H
#define SWIFT_FAISS_KERNEL_HOOKS_H

#include <faiss_kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Exact search with the kernels of a level on the calling thread: k labels and distances a query, nearest first,
/// equally near ones by label; -1 where there are fewer. `may_round`: whether a filter may look at rounded values first,
/// where the processor has instructions for them.
void faiss_kernel_search(
        KernelLevel level,
        int is_l2,
        size_t d,
        const float* x,
        size_t nx,
        const float* y,
        size_t ny,
        size_t k,
        int may_round,
        float* distances,
        int64_t* labels);

/// y = x matrix' + offset, for n vectors of d_in numbers and a matrix of d_out rows, with the kernels of a level on the
/// calling thread. `offset` may be NULL.
void faiss_kernel_transform(
        KernelLevel level,
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y);

/// The nearest of `count` centroids for each of nx points, with the kernels of a level on the calling thread.
void faiss_kernel_assign(
        KernelLevel level,
        int is_l2,
        size_t d,
        const float* x,
        size_t nx,
        const float* centroids,
        size_t count,
        int may_round,
        float* distances,
        int64_t* labels);

// MARK: Scans. See kernels/scan.h and its neighbours.

/// Distances from queries (query_count * dimension) to rows of bytes; for inner products their negatives. `out` has
/// query_count * count places. Any number of queries and rows.
void faiss_scan_rows(
        KernelLevel level,
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
        KernelLevel level,
        const uint8_t* rows,
        size_t count,
        size_t dimension,
        const float* scale,
        const float* offset,
        float* out);

/// Bytes for rows of floats.
void faiss_scan_encode(
        KernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        const float* low,
        const float* width,
        uint8_t* codes);

/// Lowers `low` and raises `high` to what rows take in.
void faiss_scan_extend_ranges(
        KernelLevel level,
        const float* x,
        size_t count,
        size_t dimension,
        float* low,
        float* high);

/// A product quantizer's table for a query, from centroids that are transposed as Faiss does it.
void faiss_scan_table(
        KernelLevel level,
        const float* query,
        const float* transposed,
        size_t subquantizers,
        size_t width,
        size_t entries,
        float factor,
        float* table);

/// Distances of up to 256 codes of a byte a subquantizer. `terms` may be NULL.
void faiss_scan_codes(
        KernelLevel level,
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
        KernelLevel level,
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
        KernelLevel level,
        const float* table,
        float base,
        float limit,
        float made_for,
        const uint8_t* blocks,
        size_t count,
        size_t subquantizers,
        uint16_t* positions);

/// Positions, ascending, of those of any number of rows that differ from a query in `limit` bits or fewer, and in how
/// many; returns how many they are. There is room for `count`.
size_t faiss_kernel_hamming(
        KernelLevel level,
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions);

/// Distances of RaBitQ's blocks to a query of bytes, of which there are a multiple of 32; `count` is 256 at most and
/// rounded up to 16.
void faiss_rabitq_distances(
        KernelLevel level,
        size_t dimension,
        size_t bits,
        const uint8_t* blocks,
        size_t count,
        size_t queries,
        const int8_t* values,
        float step,
        float base,
        float* out);

/// Writes the code of a vector, a byte a component, and returns its factor.
float faiss_rabitq_encode(KernelLevel level, const float* x, size_t dimension, size_t bits, uint8_t* code);

/// Rounds x - origin to `size` bytes, and returns what 1 stands for.
float faiss_rabitq_round(
        KernelLevel level,
        const float* x,
        const float* origin,
        size_t dimension,
        int8_t* values,
        size_t size);

/// Turns a vector by 4 * dimension signs, or turns it back.
void faiss_rabitq_turn(KernelLevel level, float* x, size_t dimension, const float* signs, int is_back);

#ifdef __cplusplus
}
#endif

#endif

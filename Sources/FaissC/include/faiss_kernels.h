// The distances of the C++ core. A level must be one that this processor has.

#ifndef SWIFT_FAISS_KERNELS_H
#define SWIFT_FAISS_KERNELS_H

#include <kernel_level.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The distance functions of a level. Two of them that compute the same number for the same vectors do so bit by bit.
typedef struct FaissDistanceKernels {
    float (*squared_l2)(const float* x, const float* y, size_t d);
    float (*inner_product)(const float* x, const float* y, size_t d);

    /// Distances of x to `count` rows of y.
    void (*squared_l2_rows)(float* distances, const float* x, const float* y, size_t d, size_t count);
    void (*inner_product_rows)(float* distances, const float* x, const float* y, size_t d, size_t count);

    /// Distances of x to the rows of y that are listed, wherever they are: they are fetched ahead.
    void (*squared_l2_listed)(
            float* distances,
            const float* x,
            const float* y,
            size_t d,
            const int32_t* rows,
            size_t count);
    void (*inner_product_listed)(
            float* distances,
            const float* x,
            const float* y,
            size_t d,
            const int32_t* rows,
            size_t count);

    /// The squared distances of those listed rows that are nearer than the limit. Of any other it may be a part of the sum
    /// that is not below the limit.
    void (*squared_l2_nearer)(
            float* distances,
            const float* x,
            const float* y,
            size_t d,
            const int32_t* rows,
            size_t count,
            float limit);

    /// The places of all values that are not greater than the limit, ascending. `places` has room for `count`.
    size_t (*not_greater)(const float* values, size_t count, float limit, uint32_t* places);
} FaissDistanceKernels;

/// The table of a level.
const FaissDistanceKernels* faiss_distance_kernels(KernelLevel level);

#ifdef __cplusplus
}
#endif

#endif

// The nearest of a few rows, for many points: the work of k-means, of coarse quantizers and of product quantizers.

#pragma once

#include "../versions.h"
#include "../kernels/levels.h"

#include <faiss/c_api/faiss_c.h>

#include <stddef.h>

/// For each of n points, `stride` apart, the nearest of `count` centroids (fewer than 2^31), the first of equals, on
/// the calling thread. Of two whose squared distances differ by less than a twentieth, rounding may decide; the distance
/// is computed by itself.
///
/// @param labels     n; -1 where no distance is a number
/// @param distances  n, or NULL
/// @param guesses    n centroids that are likely to be near, such as the nearest before they moved, or NULL
void assign_nearest(
        faiss::MetricType metric,
        size_t d,
        const float* x,
        size_t stride,
        size_t n,
        const float* centroids,
        size_t count,
        idx_t* labels,
        float* distances,
        const idx_t* guesses = nullptr,
        KernelLevel level = kernel_level(),
        bool may_round = true);

// Principal components.

#pragma once

#include "../guarded.h"

#include <stddef.h>

#include <functional>

/// The `count` directions in which n vectors differ most from their mean or, if they are not centered, from the origin.
///
/// What faiss::PCAMatrix finds, which sums up products of uncentered numbers in single precision: with a mean far from
/// zero it loses what it looks for.
///
/// @param mean        output, d; zeros if not centered
/// @param components  output, count * d: of length 1, the strongest first, the largest number of each positive; zeros where
///                    the vectors differ in no more directions
/// @param variances   output, count: the variance along each, with n - 1 in the denominator (n if not centered)
/// @param total       output: the sum of the variances of all d dimensions
/// @param report      called before each of the steps. May throw.
void find_principal_components(
        size_t n,
        size_t d,
        const float* x,
        size_t count,
        bool is_centered,
        double* mean,
        double* components,
        double* variances,
        double* total,
        const std::function<void()>& report = [] {});

/// Makes directions of all of `count` components, at right angles to the others, where there were too few.
void complete_components(size_t d, size_t count, double* components);

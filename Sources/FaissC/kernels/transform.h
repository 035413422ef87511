// A matrix times many vectors, in place of BLAS's sgemm.
//
// OpenBLAS sums up a row's products in an order that depends, on some processors, on how many rows come with it: the same
// vector alone and in a batch is then another vector. Here each output is one sum over the vector's components in
// ascending order, whatever comes with it.

#pragma once

#include "levels.h"

#include <stddef.h>

/// y = x matrix' + offset for n vectors, on the calling thread.
///
/// @param x       n * d_in
/// @param matrix  d_out * d_in
/// @param offset  d_out, or NULL for zeros
/// @param y       n * d_out
void transform(
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const float* matrix,
        const float* offset,
        float* y,
        KernelLevel level = kernel_level());

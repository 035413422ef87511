#pragma once

#include <stdint.h>

// What the PyPI package `tokenizers` takes each Unicode scalar for.

/// The scalars from one on to the next run's have these properties: flags, and the combining class in the top 8 bits.
typedef struct {
    uint32_t start;
    uint32_t properties;
} unicode_run;

/// Scalars, a step apart, whose lower case is at the same distance.
typedef struct {
    uint32_t first;
    uint32_t last;
    int32_t step;
    int32_t distance;
} unicode_case_run;

/// The runs of all scalars, in order.
const unicode_run *unicode_runs(int32_t *count);

/// The lower case of all scalars that have one of a single scalar.
const unicode_case_run *unicode_case_runs(int32_t *count);

/// One full decomposition behind another: a head, then its scalars. The head holds the scalar in 21 bits, the number of
/// scalars that it decomposes into in 9, whether these compose to it again, and whether it is one of compatibility.
const uint32_t *unicode_decompositions(int32_t *count);

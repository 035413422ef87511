// The filter of PanelKernels with half the bits: bfloat16, two products an instruction and lane. It rules out as much
// in half the time where rounding to 8 bits moves scores by less than they differ, which is measured, not assumed.

#pragma once

#include "panels.h"

/// How a vector looks in bfloat16: values two by two, the last of an odd number beside a zero.
struct Bfloat16Kernels {
    /// How many queries a panel may have.
    size_t width;
    /// Rounds `count` rows, (d + 1) / 2 pairs each, and returns the largest length of what rounding took away.
    float (*round)(const float* rows, size_t count, size_t d, uint32_t* pairs);
    /// As PanelKernels::filter, of panels and rows in pairs: pair i of query q stands at pairs[i * width + q].
    void (*filter)(
            const uint32_t* panel,
            size_t pairs,
            const uint32_t* rows,
            const float* terms,
            size_t count,
            const float* thresholds,
            PanelOffer offer,
            void* context);
    /// As PanelKernels::score. What is done with the scores is the part of PanelKernels, which have panels as wide.
    void (*score)(
            const uint32_t* panel,
            size_t pairs,
            const uint32_t* rows,
            const float* terms,
            size_t count,
            float* scores);
};

/// NULL where the processor has no such instructions or the level is a lower one.
const Bfloat16Kernels* bfloat16_kernels(KernelLevel level);

// What the kernels' files share: the levels' attributes, and small helpers.

#pragma once

#include <stddef.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define TARGET_AVX2 __attribute__((target("avx2,fma")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
/// The one of three functions that belongs to a level.
#define OF_LEVEL(level, name) \
    ((level) == KERNEL_AVX512 ? name##_avx512 : (level) == KERNEL_AVX2 ? name##_avx2 : name##_baseline)
#else
#define OF_LEVEL(level, name) ((void)(level), name##_baseline)
#endif

/// The most rows of a tile at the baseline: ARM has twice the registers of SSE2.
#if defined(__aarch64__)
#define BASELINE_ROWS 12
#else
#define BASELINE_ROWS 6
#endif

#define UNROLL _Pragma("clang loop unroll(full)")

/// The weights, in units of 32 bits, that are multiplied with all rows before the next are looked at: they stay in the second cache.
enum { PANEL_BLOCK = 96 * 1024 };

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t rounded_up(size_t number, size_t multiple) { return (number + multiple - 1) / multiple * multiple; }

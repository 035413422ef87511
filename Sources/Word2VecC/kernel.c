#include <word2vec_kernel.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { GROUP = WORD2VEC_KERNEL_GROUP };

static inline int rounded_up(int number, int multiple) {
    return (number + multiple - 1) / multiple * multiple;
}

/// The inputs of a block.
static inline int block_inputs(const Word2VecBlock *block) {
    return block->own + block->shared + block->other;
}

/// The means that a block's inputs make: one for each centre.
static inline int block_means(const Word2VecBlock *block) {
    return block->shared + block->other > 0 ? 2 : 1;
}

// REDUCE(t): one vector that holds the sums of the LANES vectors in t, in order.

#define PAIR4(a, b) (__builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7))
#define REDUCE4(t) PAIR4(PAIR4(t[0], t[1]), PAIR4(t[2], t[3]))

#define PAIR8(a, b)                                                                                                   \
    (__builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15))
#define QUAD8(t) PAIR8(PAIR8(t[0], t[1]), PAIR8(t[2], t[3]))
#define HALVES8(a, b)                                                                                                 \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define REDUCE8(t) HALVES8(QUAD8(t), QUAD8((t + 4)))

// Half of a in its place plus the other half; b likewise, in the places that a leaves free: the first of each two
// vectors is a blend, which costs less than a shuffle.
#define EIGHTS16(a, b)                                                                                                \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31) +                          \
     __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23))
#define FOURS16(a, b)                                                                                                 \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31) +                        \
     __builtin_shufflevector(a, b, 4, 5, 6, 7, 16, 17, 18, 19, 12, 13, 14, 15, 24, 25, 26, 27))
#define TWOS16(a, b)                                                                                                  \
    (__builtin_shufflevector(a, b, 0, 1, 18, 19, 4, 5, 22, 23, 8, 9, 26, 27, 12, 13, 30, 31) +                        \
     __builtin_shufflevector(a, b, 2, 3, 16, 17, 6, 7, 20, 21, 10, 11, 24, 25, 14, 15, 28, 29))
#define ONES16(a, b)                                                                                                  \
    (__builtin_shufflevector(a, b, 0, 17, 2, 19, 4, 21, 6, 23, 8, 25, 10, 27, 12, 29, 14, 31) +                       \
     __builtin_shufflevector(a, b, 1, 16, 3, 18, 5, 20, 7, 22, 9, 24, 11, 26, 13, 28, 15, 30))
#define FOURTH16(t, n) FOURS16(EIGHTS16(t[n], t[n + 8]), EIGHTS16(t[n + 4], t[n + 12]))
#define REDUCE16(t) ONES16(TWOS16(FOURTH16(t, 0), FOURTH16(t, 2)), TWOS16(FOURTH16(t, 1), FOURTH16(t, 3)))

// MARK: Baseline

#define LEVEL(name) name##_baseline
#define TARGET
#define LANES 4
#if defined(__aarch64__)
// Twice the registers of SSE2.
#define TILE_INPUTS 2
#define UPDATE_OUTPUTS 8
#define COLUMNS 8
#define COLUMNS_OF_TWO 6
#else
#define TILE_INPUTS 1
#define UPDATE_OUTPUTS 4
#define COLUMNS 6
#define COLUMNS_OF_TWO 3
#endif
#define REDUCE REDUCE4
#define RECIPROCAL(x) (1.0f / (x))
#include "kernel.inc"
#undef LEVEL
#undef TARGET
#undef LANES
#undef TILE_INPUTS
#undef UPDATE_OUTPUTS
#undef COLUMNS
#undef COLUMNS_OF_TWO
#undef REDUCE
#undef RECIPROCAL

#if defined(__x86_64__)

// MARK: AVX2

#define LEVEL(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE_INPUTS 1
#define UPDATE_OUTPUTS 4
#define COLUMNS 7
#define COLUMNS_OF_TWO 3
#define REDUCE REDUCE8
#define RECIPROCAL(x) (1.0f / (x))
#include "kernel.inc"
#undef LEVEL
#undef TARGET
#undef LANES
#undef TILE_INPUTS
#undef UPDATE_OUTPUTS
#undef COLUMNS
#undef COLUMNS_OF_TWO
#undef REDUCE
#undef RECIPROCAL

// MARK: AVX-512

#define LEVEL(name) name##_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 16
#define TILE_INPUTS 2
#define UPDATE_OUTPUTS 8
#define COLUMNS 8
#define COLUMNS_OF_TWO 7
#define REDUCE REDUCE16
// An approximation to 2^-14, which is the same on every processor, and a step of Newton's: a fourth of a division.
#define RECIPROCAL(x) newton_avx512(x, (V)_mm512_rcp14_ps((__m512)(x)))
#include "kernel.inc"

#endif

// MARK: Choice

size_t word2vec_scratch_size(int blocks, int maximum_inputs, int maximum_outputs, int stride) {
    const size_t inputs = rounded_up(maximum_inputs, 2);
    const size_t outputs = rounded_up(maximum_outputs, GROUP);
    // Inputs by themselves: dot products, and gains of a block's column. Means: these, dot products, and sums that are to
    // be reduced to them.
    const size_t alone = blocks * outputs * inputs + 16 * inputs;
    const size_t means = 2 * blocks * ((size_t)stride + 17 * outputs) + 17 * WORD2VEC_KERNEL_PADDING;
    return alone > means ? alone : means;
}

double word2vec_step(const Word2VecStep *step, KernelLevel level) {
    switch (level) {
#if defined(__x86_64__)
        case KERNEL_AVX512:
            return step_avx512(step);
        case KERNEL_AVX2:
            return step_avx2(step);
#endif
        default:
            return step_baseline(step);
    }
}

double word2vec_step_on_means(const Word2VecStep *step, KernelLevel level) {
    switch (level) {
#if defined(__x86_64__)
        case KERNEL_AVX512:
            return step_on_means_avx512(step);
        case KERNEL_AVX2:
            return step_on_means_avx2(step);
#endif
        default:
            return step_on_means_baseline(step);
    }
}

#include <word2vec_kernel.h>

static inline int rounded_up(int number, int multiple) {
    return (number + multiple - 1) / multiple * multiple;
}

// Sums of vectors, transposing: each call of a PAIR adds neighbouring lanes of two vectors into one, so that after
// log2(LANES) rounds one vector holds the sums of LANES of them, in order.

#define PAIR4(a, b) (__builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7))
#define REDUCE4(t) PAIR4(PAIR4(t[0], t[1]), PAIR4(t[2], t[3]))

#define PAIR8(a, b)                                                                                                   \
    (__builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15))
#define QUAD8(t) PAIR8(PAIR8(t[0], t[1]), PAIR8(t[2], t[3]))
#define HALVES8(a, b)                                                                                                 \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15))
#define REDUCE8(t) HALVES8(QUAD8(t), QUAD8((t + 4)))

#define PAIR16(a, b)                                                                                                  \
    (__builtin_shufflevector(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +                       \
     __builtin_shufflevector(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31))
#define QUAD16(t) PAIR16(PAIR16(t[0], t[1]), PAIR16(t[2], t[3]))
// From (a0 a1 a2 a3) and (b0 b1 b2 b3), blocks of four lanes, to (a0+a1 a2+a3 b0+b1 b2+b3).
#define BLOCKS16(a, b)                                                                                                \
    (__builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +                        \
     __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define REDUCE16(t) BLOCKS16(BLOCKS16(QUAD16(t), QUAD16((t + 4))), BLOCKS16(QUAD16((t + 8)), QUAD16((t + 12))))

// MARK: Baseline

#define LEVEL(name) name##_baseline
#define TARGET
#define LANES 4
#define TILE_INPUTS 2
#define TILE_OUTPUTS 4
#define UPDATE_OUTPUTS 4
#define REDUCE REDUCE4
#define LANE_NUMBERS ((I){0, 1, 2, 3})
#include "kernel.inc"
#undef LEVEL
#undef TARGET
#undef LANES
#undef TILE_INPUTS
#undef TILE_OUTPUTS
#undef UPDATE_OUTPUTS
#undef REDUCE
#undef LANE_NUMBERS

#if defined(__x86_64__)

// MARK: AVX2

#define LEVEL(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define TILE_INPUTS 2
#define TILE_OUTPUTS 4
#define UPDATE_OUTPUTS 4
#define REDUCE REDUCE8
#define LANE_NUMBERS ((I){0, 1, 2, 3, 4, 5, 6, 7})
#include "kernel.inc"
#undef LEVEL
#undef TARGET
#undef LANES
#undef TILE_INPUTS
#undef TILE_OUTPUTS
#undef UPDATE_OUTPUTS
#undef REDUCE
#undef LANE_NUMBERS

// MARK: AVX-512

#define LEVEL(name) name##_avx512
#undef TARGET
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 16
#define TILE_INPUTS 4
#define TILE_OUTPUTS 6
#define UPDATE_OUTPUTS 6
#define REDUCE REDUCE16
#define LANE_NUMBERS ((I){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
#include "kernel.inc"

#endif

// MARK: Choice

size_t word2vec_scratch_size(int maximum_inputs, int maximum_outputs, int stride) {
    const size_t inputs = rounded_up(maximum_inputs, 16);
    const size_t outputs = rounded_up(maximum_outputs, 24);
    // Zeros, the mean, the mean before, zeros once more; dot products; gains; gradients in order.
    return 4 * (size_t)stride + outputs * inputs + 16 * inputs + outputs * inputs;
}

Word2VecKernelLevel word2vec_widest_level(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")) {
        return WORD2VEC_KERNEL_AVX512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        return WORD2VEC_KERNEL_AVX2;
    }
#endif
    return WORD2VEC_KERNEL_BASELINE;
}

double word2vec_step(const Word2VecWindow *window, Word2VecKernelLevel level) {
    switch (level) {
#if defined(__x86_64__)
        case WORD2VEC_KERNEL_AVX512:
            return step_avx512(window);
        case WORD2VEC_KERNEL_AVX2:
            return step_avx2(window);
#endif
        default:
            return step_baseline(window);
    }
}

double word2vec_step_on_mean(const Word2VecWindow *window, Word2VecKernelLevel level) {
    switch (level) {
#if defined(__x86_64__)
        case WORD2VEC_KERNEL_AVX512:
            return step_on_mean_avx512(window);
        case WORD2VEC_KERNEL_AVX2:
            return step_on_mean_avx2(window);
#endif
        default:
            return step_on_mean_baseline(window);
    }
}

#include "levels.h"

#include <encoder_kernels.h>
#include <string.h>

// Each variant is compiled with, besides what vectors.inc needs,
//   GROUP         inputs of a group
//   DOT(s, a, w)  s plus the sums of the products of the groups in a, of numbers from 0 to 255, and w, of weights

// MARK: Baseline

#define LEVEL(name) name##_baseline
#define TARGET
#define LANES 4
#define ROWS BASELINE_ROWS
#define GROUP 2
#if defined(__x86_64__)
#define DOT(s, a, w) ((s) + (I)_mm_madd_epi16((__m128i)(a), (__m128i)(w)))
#else
// The lower and the upper half of each 32 bits.
#define DOT(s, a, w) ((s) + ((a) << 16 >> 16) * ((w) << 16 >> 16) + ((a) >> 16) * ((w) >> 16))
#endif
#include "vectors.inc"
#include "quantized.inc"
#include "vectors_end.inc"

#if defined(__x86_64__)

// MARK: AVX2

#define LEVEL(name) name##_avx2
#define TARGET TARGET_AVX2
#define LANES 8
#define ROWS 6
#define GROUP 2
#define DOT(s, a, w) ((s) + (I)_mm256_madd_epi16((__m256i)(a), (__m256i)(w)))
#include "vectors.inc"
#include "quantized.inc"
#include "vectors_end.inc"

#define LEVEL(name) name##_avxvnni
#define TARGET __attribute__((target("avxvnni,avx2,fma")))
#define LANES 8
#define ROWS 6
#define GROUP 4
#define DOT(s, a, w) ((I)_mm256_dpbusd_avx_epi32((__m256i)(s), (__m256i)(a), (__m256i)(w)))
#include "vectors.inc"
#include "quantized.inc"
#include "vectors_end.inc"

// MARK: AVX-512

#define LEVEL(name) name##_avx512
#define TARGET TARGET_AVX512
#define LANES 16
#define ROWS 14
#define GROUP 2
#define DOT(s, a, w) ((s) + (I)_mm512_madd_epi16((__m512i)(a), (__m512i)(w)))
#include "vectors.inc"
#include "quantized.inc"
#include "vectors_end.inc"

#define LEVEL(name) name##_avx512vnni
#define TARGET __attribute__((target("avx512vnni,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")))
#define LANES 16
#define ROWS 14
#define GROUP 4
#define DOT(s, a, w) ((I)_mm512_dpbusd_epi32((__m512i)(s), (__m512i)(a), (__m512i)(w)))
#include "vectors.inc"
#include "quantized.inc"
#include "vectors_end.inc"

#endif

// MARK: Choice

/// Whether the processor multiplies bytes in vectors of the level.
static int has_byte_products(KernelLevel level) {
#if defined(__x86_64__)
    if (level == KERNEL_AVX512) return __builtin_cpu_supports("avx512vnni") != 0;
    if (level == KERNEL_AVX2) return __builtin_cpu_supports("avxvnni") != 0;
#endif
    (void)level;
    return 0;
}

#if defined(__x86_64__)
#define OF_VARIANT(level, name)                                                                                        \
    (has_byte_products(level) ? (level) == KERNEL_AVX512 ? name##_avx512vnni : name##_avxvnni : OF_LEVEL(level, name))
#else
#define OF_VARIANT(level, name) OF_LEVEL(level, name)
#endif

size_t encoder_group_size(KernelLevel level) { return has_byte_products(level) ? 4 : 2; }

void encoder_pack_quantized(const float *rows, size_t inner, size_t groups, int32_t *panel, float *scales, int32_t *sums,
                            KernelLevel level) {
    OF_VARIANT(level, pack_quantized)(rows, inner, groups, panel, scales, sums);
}

void encoder_quantize(const float *x, size_t rows, size_t columns, size_t stride, const float *offsets,
                      const float *factors, size_t groups, int32_t *values, float *scales, int32_t *zeros,
                      KernelLevel level) {
    OF_VARIANT(level, quantize)(x, rows, columns, stride, offsets, factors, groups, values, scales, zeros);
}

void encoder_multiply_quantized(const EncoderQuantizedLinear *linear, const int32_t *values, const float *scales,
                                const int32_t *zeros, size_t rows, size_t first_panel, size_t end_panel,
                                const float *residual, size_t residual_stride, float *y, size_t y_stride,
                                KernelLevel level) {
    OF_VARIANT(level, multiply_quantized)
    (linear, values, scales, zeros, rows, first_panel, end_panel, residual, residual_stride, y, y_stride);
}

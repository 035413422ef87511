#include "levels.h"

#include <encoder_kernels.h>
#include <math.h>

/// The inputs that are multiplied at a time: partial sums of a longer row wait in the output, so that a panel's part and
/// a few rows' stay in the first cache. The order of additions is the same.
enum { INNER_BLOCK = 512 };

enum { PREFETCH = 4096 };

// MARK: Baseline

#define LEVEL(name) name##_baseline
#define TARGET
#define LANES 4
#define ROWS BASELINE_ROWS
#include "vectors.inc"
#include "kernel.inc"
#include "vectors_end.inc"

#if defined(__x86_64__)

// MARK: AVX2

#define LEVEL(name) name##_avx2
#define TARGET TARGET_AVX2
#define LANES 8
#define ROWS 6
#include "vectors.inc"
#include "kernel.inc"
#include "vectors_end.inc"

// MARK: AVX-512

#define LEVEL(name) name##_avx512
#define TARGET TARGET_AVX512
#define LANES 16
#define ROWS 14
#include "vectors.inc"
#include "kernel.inc"
#include "vectors_end.inc"

#endif

// MARK: Choice

size_t encoder_panel_width(KernelLevel level) {
    return level == KERNEL_AVX512 ? 32 : level == KERNEL_AVX2 ? 16 : 8;
}

void encoder_pack(const float *rows, size_t count, size_t inner, size_t stride, float *panel, KernelLevel level) {
    OF_LEVEL(level, pack)(rows, count, inner, stride, panel);
}

void encoder_multiply(const EncoderLinear *linear, const float *x, size_t rows, size_t x_stride, size_t first_panel,
                      size_t end_panel, const float *residual, size_t residual_stride, float *y, size_t y_stride,
                      KernelLevel level) {
    OF_LEVEL(level, multiply)
    (linear, x, rows, x_stride, first_panel, end_panel, residual, residual_stride, y, y_stride);
}

void encoder_normalize(const float *x, size_t rows, size_t columns, size_t stride, const float *gain,
                       const float *offset, float epsilon, float *y, KernelLevel level) {
    OF_LEVEL(level, normalize)(x, rows, columns, stride, gain, offset, epsilon, y);
}

size_t encoder_attention_scratch(size_t tokens, size_t head_size) {
    // Keys and values in panels, and rows of scores.
    const size_t keys = rounded_up(tokens, ENCODER_ROW_MULTIPLE), values = rounded_up(head_size, ENCODER_ROW_MULTIPLE);
    return keys * head_size + tokens * values + 16 * keys + 16 * values;
}

void encoder_attend(const EncoderAttention *attention, KernelLevel level) {
    OF_LEVEL(level, attend)(attention);
}

void encoder_rotate(float *x, size_t rows, size_t stride, size_t heads, size_t head_size, const float *cosines,
                    const float *sines, KernelLevel level) {
    OF_LEVEL(level, rotate)(x, rows, stride, heads, head_size, cosines, sines);
}

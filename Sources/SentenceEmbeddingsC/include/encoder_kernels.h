// The arithmetic of encoders: products with weights, attention, normalisation, in vector instructions of the widest kind
// that the processor has.
//
// Each kernel is written once, in kernel.inc, in the compiler's portable vectors, and compiled for each level. What is
// computed for a row depends on that row alone: not on how many rows there are, nor on its place among them, nor on which
// columns a call works on. So a text gets the same bits in every batch and with any number of threads.
//
// Rows of activations are ENCODER_ROW_MULTIPLE floats or a multiple of that apart, and zero behind their columns.

#ifndef SWIFT_FAISS_ENCODER_KERNELS_H
#define SWIFT_FAISS_ENCODER_KERNELS_H

#include <kernel_level.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ENCODER_ROW_MULTIPLE = 32, ///< at least the width of a panel at every level
};

/// What is done to each value of a product.
typedef enum EncoderActivation {
    ENCODER_IDENTITY,
    ENCODER_GELU,      ///< x times the normal distribution's cumulative function at x, to 4e-8
    ENCODER_GELU_TANH, ///< its approximation by tanh
    ENCODER_RELU,
    ENCODER_SILU,
    ENCODER_TANH,
} EncoderActivation;

/// The columns of a panel of weights: all outputs of a panel are worked on together.
size_t encoder_panel_width(KernelLevel level);

/// Packs `count` rows of `inner` values, `stride` apart, to a panel: inner × width floats, those of missing rows zero.
void encoder_pack(const float *rows, size_t count, size_t inner, size_t stride, float *panel, KernelLevel level);

/// Weights of a linear layer, packed.
typedef struct EncoderLinear {
    const float *panels; ///< panel after panel, of inner × width floats
    const float *bias;   ///< width floats a panel
    size_t inner;        ///< inputs of an output
    EncoderActivation activation;
    /// Whether the second half of each panel's columns are the gates of those of the first half: an output is then
    /// activation(first) times second, and a panel has half as many outputs as columns.
    int is_gated;
} EncoderLinear;

/// y = activation(x · weights + bias) + residual, for the columns of the panels first_panel ..< end_panel.
///
/// y must be neither x nor residual, which may be NULL.
void encoder_multiply(const EncoderLinear *linear, const float *x, size_t rows, size_t x_stride, size_t first_panel,
                      size_t end_panel, const float *residual, size_t residual_stride, float *y, size_t y_stride,
                      KernelLevel level);

/// Scales each row to mean 0 and variance 1, then times `gain` plus `offset`, which may be NULL. y may be x.
void encoder_normalize(const float *x, size_t rows, size_t columns, size_t stride, const float *gain,
                       const float *offset, float epsilon, float *y, KernelLevel level);

/// The attention of one head within one text.
typedef struct EncoderAttention {
    const float *queries; ///< of the first token; the next token's is `stride` further on, also of keys and values
    const float *keys;
    const float *values;
    size_t stride;
    size_t tokens;
    size_t head_size;
    float scale;       ///< of the products of queries and keys
    const float *bias; ///< added to them by distance, key − query: that of distance 0, with others on both sides; or NULL
    size_t window;     ///< keys further away than this don't count
    float *output;     ///< of the first token
    size_t output_stride;
    float *scratch;    ///< encoder_attention_scratch floats, aligned to 64 bytes
} EncoderAttention;

/// The floats of scratch memory that the attention within a text needs.
size_t encoder_attention_scratch(size_t tokens, size_t head_size);

/// output = softmax(scale · queries · keysᵀ + bias) · values. A few rows of scores are held at a time.
void encoder_attend(const EncoderAttention *attention, KernelLevel level);

/// Turns the pairs (i, i + head_size / 2) of each head of `rows` rows by the angles of the tokens' positions: rotary
/// embedding. Cosines and sines are head_size / 2 floats a position; the first row is position 0.
void encoder_rotate(float *x, size_t rows, size_t stride, size_t heads, size_t head_size, const float *cosines,
                    const float *sines, KernelLevel level);

// MARK: 8-bit numbers

/// The inputs whose products with an output's weights are added by one instruction: 4 bytes, or 2 numbers of 16 bits
/// where the processor multiplies no bytes. A group takes 32 bits.
size_t encoder_group_size(KernelLevel level);

/// Weights of a linear layer in 8 bits, packed: an output is scale · Σ input · weight. All levels get the same sums.
typedef struct EncoderQuantizedLinear {
    const int32_t *panels; ///< panel after panel; of each group of inputs the columns' weights, 32 bits each
    const float *scales;   ///< width floats a panel
    const int32_t *sums;   ///< of each column's weights, which times the inputs' zero are taken away
    const float *bias;
    size_t groups;
    EncoderActivation activation;
    int is_gated; ///< as in EncoderLinear
} EncoderQuantizedLinear;

/// Rounds the rows of a panel's columns, `inner` values each, `inner` apart, to whole numbers of scales, which are chosen
/// for the largest weight to become 127. `groups` is inner over the group size, rounded up.
void encoder_pack_quantized(const float *rows, size_t inner, size_t groups, int32_t *panel, float *scales, int32_t *sums,
                            KernelLevel level);

/// Rounds (x - offset) · factor to whole numbers from 0 to 255, row by row: value = scale · (number - zero). The smallest
/// and the largest of a row, and 0, decide about scale and zero. Offsets and factors may be NULL.
void encoder_quantize(const float *x, size_t rows, size_t columns, size_t stride, const float *offsets,
                      const float *factors, size_t groups, int32_t *values, float *scales, int32_t *zeros,
                      KernelLevel level);

/// As encoder_multiply, of rows of `groups` groups each.
void encoder_multiply_quantized(const EncoderQuantizedLinear *linear, const int32_t *values, const float *scales,
                                const int32_t *zeros, size_t rows, size_t first_panel, size_t end_panel,
                                const float *residual, size_t residual_stride, float *y, size_t y_stride,
                                KernelLevel level);

/// Gives the processor a hint that a thread waits for another.
static inline void encoder_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#ifdef __cplusplus
}
#endif

#endif

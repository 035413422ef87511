#include "panels_bfloat16.h"

#if KERNELS_HAVE_X86_LEVELS

#include <immintrin.h>

#include <cmath>

#define TARGET \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma,f16c")))

namespace {

const int lanes = 16;
const int vectors = 2;

TARGET float round_rows(const float* rows, size_t count, size_t d, uint32_t* pairs) {
    const size_t row_pairs = (d + 1) / 2;
    float largest = 0;
    for (size_t row = 0; row < count; ++row, rows += d, pairs += row_pairs) {
        __m512 lost = _mm512_setzero_ps();
        for (size_t i = 0; i < d; i += lanes) {
            const size_t width = d - i < lanes ? d - i : lanes;
            const __m512 values = _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << width) - 1), rows + i);
            const __m256i rounded = (__m256i)_mm512_cvtneps_pbh(values);
            const __m512 kept = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(rounded), 16));
            const __m512 difference = _mm512_sub_ps(values, kept);
            lost = _mm512_fmadd_ps(difference, difference, lost);
            const size_t width_in_pairs = (width + 1) / 2;
            _mm256_mask_storeu_epi32(pairs + i / 2, static_cast<__mmask8>((1u << width_in_pairs) - 1), rounded);
        }
        const float square = _mm512_reduce_add_ps(lost);
        largest = square > largest ? square : largest;
    }
    return std::sqrt(largest);
}

/// As in flat.inc.
template <int rows>
TARGET inline __attribute__((always_inline)) void multiply(
        const uint32_t* panel,
        size_t pairs,
        const uint32_t* y,
        const float* terms,
        size_t row,
        __m512* scores) {
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * vectors; ++i) {
        scores[i] = _mm512_set1_ps(terms[row + static_cast<size_t>(i / vectors)]);
    }
    y += row * pairs;
    for (size_t k = 0; k < pairs; ++k) {
        const __m512bh first = (__m512bh)_mm512_loadu_si512(panel + k * vectors * lanes);
        const __m512bh second = (__m512bh)_mm512_loadu_si512(panel + k * vectors * lanes + lanes);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; ++r) {
            const auto value = (__m512bh)_mm512_set1_epi32(static_cast<int>(y[static_cast<size_t>(r) * pairs + k]));
            scores[r * vectors] = _mm512_dpbf16_ps(scores[r * vectors], value, first);
            scores[r * vectors + 1] = _mm512_dpbf16_ps(scores[r * vectors + 1], value, second);
        }
    }
}

template <int rows>
TARGET inline __attribute__((always_inline)) void score_tile(
        const uint32_t* panel,
        size_t pairs,
        const uint32_t* y,
        const float* terms,
        size_t row,
        float* out) {
    __m512 scores[rows * vectors];
    multiply<rows>(panel, pairs, y, terms, row, scores);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < rows * vectors; ++i) {
        _mm512_storeu_ps(out + (row * vectors + i) * lanes, scores[i]);
    }
}

/// As the tile of flat.inc.
template <int rows>
TARGET inline __attribute__((always_inline)) void filter_tile(
        const uint32_t* panel,
        size_t pairs,
        const uint32_t* y,
        const float* terms,
        size_t row,
        const float* thresholds,
        PanelOffer offer,
        void* context) {
    __m512 scores[rows * vectors];
    multiply<rows>(panel, pairs, y, terms, row, scores);
    const __m512 limits[vectors] = {_mm512_loadu_ps(thresholds), _mm512_loadu_ps(thresholds + lanes)};
    unsigned passing[rows * vectors];
    unsigned any = 0;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * vectors; ++i) {
        passing[i] = _mm512_cmp_ps_mask(scores[i], limits[i % vectors], _CMP_NGT_UQ);
        any |= passing[i];
    }
    if (__builtin_expect(any == 0, 1)) {
        return;
    }
    for (int i = 0; i < rows * vectors; ++i) {
        for (unsigned left = passing[i]; left; left &= left - 1) {
            const int lane = __builtin_ctz(left);
            offer(context, static_cast<size_t>(i % vectors * lanes + lane), row + static_cast<size_t>(i / vectors));
        }
    }
}

TARGET void filter(
        const uint32_t* panel,
        size_t pairs,
        const uint32_t* rows,
        const float* terms,
        size_t count,
        const float* thresholds,
        PanelOffer offer,
        void* context) {
    size_t row = 0;
    for (; row + 12 <= count; row += 12) {
        filter_tile<12>(panel, pairs, rows, terms, row, thresholds, offer, context);
    }
    for (; row + 4 <= count; row += 4) {
        filter_tile<4>(panel, pairs, rows, terms, row, thresholds, offer, context);
    }
    for (; row < count; ++row) {
        filter_tile<1>(panel, pairs, rows, terms, row, thresholds, offer, context);
    }
}

TARGET void score(
        const uint32_t* panel,
        size_t pairs,
        const uint32_t* rows,
        const float* terms,
        size_t count,
        float* scores) {
    size_t row = 0;
    for (; row + 12 <= count; row += 12) {
        score_tile<12>(panel, pairs, rows, terms, row, scores);
    }
    for (; row < count; ++row) {
        score_tile<1>(panel, pairs, rows, terms, row, scores);
    }
}

const Bfloat16Kernels kernels = {vectors * lanes, round_rows, filter, score};

} // namespace

const Bfloat16Kernels* bfloat16_kernels(KernelLevel level) {
    static const bool is_supported = __builtin_cpu_supports("avx512bf16") != 0;
    return level == KERNEL_AVX512 && is_supported ? &kernels : nullptr;
}

#else

const Bfloat16Kernels* bfloat16_kernels(KernelLevel) {
    return nullptr;
}

#endif

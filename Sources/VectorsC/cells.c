// Cells compared 64 at a time, by the processor's vector instructions. In C, because which of them it has is known only when
// the program runs.

#include "cells.h"
#include "kernel_level.h"

#include <string.h>

typedef struct {
    uint8_t kind;
    int64_t low, high;
} Integers;

typedef struct {
    uint8_t kind;
    double low, high;
} Doubles;

// MARK: On every processor

static int integer_is_in(int64_t payload, Integers range) { return range.low <= payload && payload <= range.high; }

static int double_is_in(int64_t payload, Doubles range) {
    double value;
    memcpy(&value, &payload, sizeof value);
    return range.low <= value && value <= range.high;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET_AVX2 __attribute__((target("avx2")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

// MARK: AVX2

TARGET_AVX2 static uint64_t kinds_avx2(const uint8_t *kinds, uint8_t kind) {
    const __m256i wanted = _mm256_set1_epi8((char)kind);
    const __m256i first = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)kinds), wanted);
    const __m256i second = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(kinds + 32)), wanted);
    return (uint32_t)_mm256_movemask_epi8(first) | (uint64_t)(uint32_t)_mm256_movemask_epi8(second) << 32;
}

TARGET_AVX2 static uint64_t integers_avx2(const uint8_t *kinds, const int64_t *payloads, Integers range) {
    const uint64_t same = kinds_avx2(kinds, range.kind);
    if (!same) return 0;
    const __m256i low = _mm256_set1_epi64x(range.low);
    const __m256i high = _mm256_set1_epi64x(range.high);
    uint64_t outside = 0;
    for (int i = 0; i < 64; i += 4) {
        const __m256i values = _mm256_loadu_si256((const __m256i *)(payloads + i));
        const __m256i is_outside = _mm256_or_si256(_mm256_cmpgt_epi64(low, values), _mm256_cmpgt_epi64(values, high));
        outside |= (uint64_t)(uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(is_outside)) << i;
    }
    return same & ~outside;
}

TARGET_AVX2 static uint64_t doubles_avx2(const uint8_t *kinds, const int64_t *payloads, Doubles range) {
    const uint64_t same = kinds_avx2(kinds, range.kind);
    if (!same) return 0;
    const __m256d low = _mm256_set1_pd(range.low);
    const __m256d high = _mm256_set1_pd(range.high);
    uint64_t inside = 0;
    for (int i = 0; i < 64; i += 4) {
        const __m256d values = _mm256_loadu_pd((const double *)(payloads + i));
        const __m256d is_inside =
            _mm256_and_pd(_mm256_cmp_pd(low, values, _CMP_LE_OQ), _mm256_cmp_pd(values, high, _CMP_LE_OQ));
        inside |= (uint64_t)(uint32_t)_mm256_movemask_pd(is_inside) << i;
    }
    return same & inside;
}

// MARK: AVX-512

TARGET_AVX512 static uint64_t kinds_avx512(const uint8_t *kinds, uint8_t kind) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(kinds), _mm512_set1_epi8((char)kind));
}

TARGET_AVX512 static uint64_t integers_avx512(const uint8_t *kinds, const int64_t *payloads, Integers range) {
    const uint64_t same = kinds_avx512(kinds, range.kind);
    if (!same) return 0;
    const __m512i low = _mm512_set1_epi64(range.low);
    const __m512i high = _mm512_set1_epi64(range.high);
    uint64_t inside = 0;
    for (int i = 0; i < 64; i += 8) {
        const __m512i values = _mm512_loadu_si512(payloads + i);
        const __mmask8 is_above = _mm512_cmple_epi64_mask(low, values);
        inside |= (uint64_t)_mm512_mask_cmple_epi64_mask(is_above, values, high) << i;
    }
    return same & inside;
}

TARGET_AVX512 static uint64_t doubles_avx512(const uint8_t *kinds, const int64_t *payloads, Doubles range) {
    const uint64_t same = kinds_avx512(kinds, range.kind);
    if (!same) return 0;
    const __m512d low = _mm512_set1_pd(range.low);
    const __m512d high = _mm512_set1_pd(range.high);
    uint64_t inside = 0;
    for (int i = 0; i < 64; i += 8) {
        const __m512d values = _mm512_loadu_pd((const double *)(payloads + i));
        const __mmask8 is_above = _mm512_cmp_pd_mask(low, values, _CMP_LE_OQ);
        inside |= (uint64_t)_mm512_mask_cmp_pd_mask(is_above, values, high, _CMP_LE_OQ) << i;
    }
    return same & inside;
}

// A processor's words of 64 cells, the level having been asked for.
#define WORDS(function)                                                                                                \
    for (; i + 64 <= count; i += 64) matches[i / 64] |= function(kinds + i, payloads + i, range)
#define WORDS_BY_LEVEL(name)                                                                                           \
    if (kernel_level() == KERNEL_AVX512) {                                                                             \
        WORDS(name##_avx512);                                                                                          \
    } else if (kernel_level() == KERNEL_AVX2) {                                                                        \
        WORDS(name##_avx2);                                                                                            \
    }
#else
#define WORDS_BY_LEVEL(name)
#endif

// MARK: Any number

#define REST(is_in)                                                                                                    \
    for (; i < count; i++) {                                                                                           \
        matches[i / 64] |= (uint64_t)(kinds[i] == range.kind && is_in(payloads[i], range)) << i % 64;                  \
    }

void cells_match_integers(const uint8_t *kinds, const int64_t *payloads, size_t count, uint8_t kind, int64_t low,
                          int64_t high, uint64_t *matches) {
    const Integers range = {kind, low, high};
    size_t i = 0;
    WORDS_BY_LEVEL(integers)
    REST(integer_is_in)
}

void cells_match_doubles(const uint8_t *kinds, const int64_t *payloads, size_t count, uint8_t kind, double low,
                         double high, uint64_t *matches) {
    const Doubles range = {kind, low, high};
    size_t i = 0;
    WORDS_BY_LEVEL(doubles)
    REST(double_is_in)
}

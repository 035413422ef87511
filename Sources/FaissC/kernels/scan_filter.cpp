#include "scan_filter.h"

#include "neon.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>

#if KERNELS_HAVE_X86_LEVELS

#include <immintrin.h>

// What AVX-512 has had since Ice Lake and Zen 4: a table of 128 bytes in two registers, read by 64 indices at once.
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vbmi,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

namespace {

TARGET ScanFilter make(const float* table, size_t subquantizers, float range, uint8_t* bytes) {
    ScanFilter filter{};
    filter.bytes = bytes;
    filter.step = std::max(range / 255, FLT_MIN * 1024);
    filter.rounding = static_cast<float>(subquantizers + 8) * FLT_EPSILON;
    const __m512 inverse = _mm512_set1_ps(1 / filter.step);
    for (size_t m = 0; m < subquantizers; ++m, table += 256, bytes += 256) {
        __m512 least = _mm512_loadu_ps(table);
        __m512 most = least;
        for (size_t i = 16; i < 256; i += 16) {
            least = _mm512_min_ps(least, _mm512_loadu_ps(table + i));
            most = _mm512_max_ps(most, _mm512_loadu_ps(table + i));
        }
        const float lowest = _mm512_reduce_min_ps(least);
        filter.lowest += lowest;
        filter.magnitude += std::max(std::fabs(lowest), std::fabs(_mm512_reduce_max_ps(most)));
        for (size_t i = 0; i < 256; i += 16) {
            const __m512 above = _mm512_sub_ps(_mm512_loadu_ps(table + i), _mm512_set1_ps(lowest));
            const __m512 steps = _mm512_min_ps(_mm512_mul_ps(above, inverse), _mm512_set1_ps(255));
            _mm_storeu_si128(
                    reinterpret_cast<__m128i*>(bytes + i), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(steps)));
        }
    }
    return filter;
}

/// Four rows of up to 16 bytes, of which `mask` says which are there.
INLINE __m512i four_rows(const uint8_t* codes, size_t stride, __mmask16 mask) {
    if (stride == 16) {
        return _mm512_loadu_si512(codes);
    }
    __m512i rows = _mm512_castsi128_si512(_mm_maskz_loadu_epi8(mask, codes));
    rows = _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(mask, codes + stride), 1);
    rows = _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(mask, codes + 2 * stride), 2);
    return _mm512_inserti32x4(rows, _mm_maskz_loadu_epi8(mask, codes + 3 * stride), 3);
}

/// Turns eight vectors of eight quadwords about, so that columns become rows.
INLINE void transpose(const __m512i* in, __m512i* out) {
    __m512i halves[2][4];
    UNROLL for (int i = 0; i < 4; ++i) {
        halves[0][i] = _mm512_unpacklo_epi64(in[2 * i], in[2 * i + 1]);
        halves[1][i] = _mm512_unpackhi_epi64(in[2 * i], in[2 * i + 1]);
    }
    UNROLL for (int parity = 0; parity < 2; ++parity) {
        const __m512i* half = halves[parity];
        const __m512i a = _mm512_shuffle_i64x2(half[0], half[1], 0x44);
        const __m512i b = _mm512_shuffle_i64x2(half[0], half[1], 0xEE);
        const __m512i c = _mm512_shuffle_i64x2(half[2], half[3], 0x44);
        const __m512i d = _mm512_shuffle_i64x2(half[2], half[3], 0xEE);
        out[parity] = _mm512_shuffle_i64x2(a, c, 0x88);
        out[parity + 2] = _mm512_shuffle_i64x2(a, c, 0xDD);
        out[parity + 4] = _mm512_shuffle_i64x2(b, d, 0x88);
        out[parity + 6] = _mm512_shuffle_i64x2(b, d, 0xDD);
    }
}

/// The columns of 64 rows of up to 16 bytes.
INLINE void columns_of(const uint8_t* codes, size_t stride, size_t width, __m512i* columns) {
    // Column by column of two times four rows: of a pair of rows' vectors, the first half of the columns and the rest.
    alignas(64) static const uint8_t places[64] = {
            0, 16, 32, 48, 64, 80, 96, 112, 1, 17, 33, 49, 65, 81, 97, 113, //
            2, 18, 34, 50, 66, 82, 98, 114, 3, 19, 35, 51, 67, 83, 99, 115, //
            4, 20, 36, 52, 68, 84, 100, 116, 5, 21, 37, 53, 69, 85, 101, 117, //
            6, 22, 38, 54, 70, 86, 102, 118, 7, 23, 39, 55, 71, 87, 103, 119};
    const __m512i first = _mm512_load_si512(places);
    const __m512i second = _mm512_add_epi8(first, _mm512_set1_epi8(8));
    const auto mask = static_cast<__mmask16>((1u << width) - 1);
    __m512i low[8], high[8];
    UNROLL for (int pair = 0; pair < 8; ++pair) {
        const __m512i a = four_rows(codes + 8 * pair * stride, stride, mask);
        const __m512i b = four_rows(codes + (8 * pair + 4) * stride, stride, mask);
        low[pair] = _mm512_permutex2var_epi8(a, first, b);
        high[pair] = _mm512_permutex2var_epi8(a, second, b);
    }
    transpose(low, columns);
    if (width > 8) {
        transpose(high, columns + 8);
    }
}

/// Sums of the entries of 64 codes, of those at even and at odd places.
struct Sums {
    __m512i even, odd;
};

INLINE void look_up(const uint8_t* table, __m512i code, Sums& sums) {
    const __m512i low =
            _mm512_permutex2var_epi8(_mm512_loadu_si512(table), code, _mm512_loadu_si512(table + 64));
    const __m512i high =
            _mm512_permutex2var_epi8(_mm512_loadu_si512(table + 128), code, _mm512_loadu_si512(table + 192));
    const __m512i entry = _mm512_mask_blend_epi8(_mm512_movepi8_mask(code), low, high);
    sums.even = _mm512_add_epi16(sums.even, _mm512_and_si512(entry, _mm512_set1_epi16(0xFF)));
    sums.odd = _mm512_add_epi16(sums.odd, _mm512_srli_epi16(entry, 8));
}

/// The largest sum of entries with which a code may be near enough, for 16 codes.
INLINE __m256i allowances(const ScanFilter& filter, float budget, const float* terms) {
    const __m512 term = terms ? _mm512_loadu_ps(terms) : _mm512_setzero_ps();
    const __m512 left = _mm512_fmadd_ps(
            _mm512_abs_ps(term), _mm512_set1_ps(filter.rounding), _mm512_sub_ps(_mm512_set1_ps(budget), term));
    const __m512 steps = _mm512_fmadd_ps(left, _mm512_set1_ps(1 / filter.step), _mm512_set1_ps(1));
    return _mm512_cvtepi32_epi16(_mm512_cvttps_epi32(_mm512_min_ps(
            _mm512_max_ps(steps, _mm512_set1_ps(-1)), _mm512_set1_ps(INT16_MAX))));
}

/// A bit for each of 64 codes that is left.
INLINE uint64_t left_of(
        const ScanFilter& filter,
        float budget,
        const uint8_t* codes,
        const float* terms,
        size_t subquantizers) {
    Sums sums{_mm512_setzero_si512(), _mm512_setzero_si512()};
    for (size_t m = 0; m < subquantizers; m += 16) {
        const size_t width = std::min<size_t>(16, subquantizers - m);
        __m512i columns[16];
        columns_of(codes + m, subquantizers, width, columns);
        const uint8_t* table = filter.bytes + m * 256;
        if (width == 16) {
            UNROLL for (int column = 0; column < 16; ++column) {
                look_up(table + column * 256, columns[column], sums);
            }
        } else {
            for (size_t column = 0; column < width; ++column) {
                look_up(table + column * 256, columns[column], sums);
            }
        }
    }
    __m512i allowed[2];
    UNROLL for (int half = 0; half < 2; ++half) {
        const float* place = terms ? terms + 32 * half : nullptr;
        allowed[half] = _mm512_inserti64x4(
                _mm512_castsi256_si512(allowances(filter, budget, place)),
                allowances(filter, budget, terms ? place + 16 : nullptr),
                1);
    }
    alignas(64) static const uint16_t places[32] = {0,  2,  4,  6,  8,  10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30,
                                                    32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62};
    const __m512i even = _mm512_load_si512(places);
    const __m512i odd = _mm512_add_epi16(even, _mm512_set1_epi16(1));
    const __mmask32 left_even =
            _mm512_cmple_epi16_mask(sums.even, _mm512_permutex2var_epi16(allowed[0], even, allowed[1]));
    const __mmask32 left_odd =
            _mm512_cmple_epi16_mask(sums.odd, _mm512_permutex2var_epi16(allowed[0], odd, allowed[1]));
    // Back to the codes' own places: a byte of ones for each.
    const __m512i bytes = _mm512_or_si512(
            _mm512_maskz_set1_epi16(left_even, 0x00FF), _mm512_maskz_set1_epi16(left_odd, static_cast<short>(0xFF00)));
    return _mm512_movepi8_mask(bytes);
}

} // namespace

#elif KERNELS_HAVE_NEON

#define TARGET
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

namespace {

ScanFilter make(const float* table, size_t subquantizers, float range, uint8_t* bytes) {
    ScanFilter filter{};
    filter.bytes = bytes;
    filter.step = std::max(range / 255, FLT_MIN * 1024);
    filter.rounding = static_cast<float>(subquantizers + 8) * FLT_EPSILON;
    for (size_t m = 0; m < subquantizers; ++m, table += 256, bytes += 256) {
        float32x4_t least = vld1q_f32(table);
        float32x4_t most = least;
        for (size_t i = 4; i < 256; i += 4) {
            least = vminq_f32(least, vld1q_f32(table + i));
            most = vmaxq_f32(most, vld1q_f32(table + i));
        }
        const float lowest = vminvq_f32(least);
        filter.lowest += lowest;
        filter.magnitude += std::max(std::fabs(lowest), std::fabs(vmaxvq_f32(most)));
        for (size_t i = 0; i < 256; i += 16) {
            vst1q_u8(bytes + i, steps_above(table + i, lowest, 1 / filter.step));
        }
    }
    return filter;
}

/// The columns of 16 rows of up to 16 bytes.
INLINE void columns_of(const uint8_t* codes, size_t stride, size_t width, uint8x16_t* columns) {
    for (size_t row = 0; row < 16; ++row) {
        columns[row] = vdupq_n_u8(0);
        if (width == 16) {
            columns[row] = vld1q_u8(codes + row * stride);
        } else {
            memcpy(&columns[row], codes + row * stride, width);
        }
    }
    // The halves of the rows interleaved, four times.
    UNROLL for (int round = 0; round < 4; ++round) {
        uint8x16_t rows[16];
        UNROLL for (int i = 0; i < 8; ++i) {
            rows[2 * i] = vzip1q_u8(columns[i], columns[i + 8]);
            rows[2 * i + 1] = vzip2q_u8(columns[i], columns[i + 8]);
        }
        UNROLL for (int i = 0; i < 16; ++i) {
            columns[i] = rows[i];
        }
    }
}

/// The largest sum of entries with which a code may be near enough, for eight codes.
INLINE int16x8_t allowances(const ScanFilter& filter, float budget, const float* terms) {
    int16x4_t halves[2];
    for (int half = 0; half < 2; ++half) {
        const float32x4_t term = terms ? vld1q_f32(terms + 4 * half) : vdupq_n_f32(0);
        const float32x4_t left = vfmaq_n_f32(vsubq_f32(vdupq_n_f32(budget), term), vabsq_f32(term), filter.rounding);
        const float32x4_t steps = vfmaq_n_f32(vdupq_n_f32(1), left, 1 / filter.step);
        halves[half] = vmovn_s32(vcvtq_s32_f32(vminq_f32(vmaxq_f32(steps, vdupq_n_f32(-1)), vdupq_n_f32(INT16_MAX))));
    }
    return vcombine_s16(halves[0], halves[1]);
}

/// A bit for each of 64 codes that is left.
INLINE uint64_t left_of(
        const ScanFilter& filter,
        float budget,
        const uint8_t* codes,
        const float* terms,
        size_t subquantizers) {
    uint16x8_t sums[4][2] = {};
    for (size_t m = 0; m < subquantizers; m += 16) {
        const size_t width = std::min<size_t>(16, subquantizers - m);
        uint8x16_t columns[4][16];
        for (size_t group = 0; group < 4; ++group) {
            columns_of(codes + 16 * group * subquantizers + m, subquantizers, width, columns[group]);
        }
        for (size_t column = 0; column < width; ++column) {
            const uint8_t* table = filter.bytes + (m + column) * 256;
            const uint8x16x4_t quarters[4] = {
                    vld1q_u8_x4(table), vld1q_u8_x4(table + 64), vld1q_u8_x4(table + 128), vld1q_u8_x4(table + 192)};
            UNROLL for (int group = 0; group < 4; ++group) {
                // What lies in another quarter is left as it is.
                uint8x16_t code = columns[group][column];
                uint8x16_t entry = vqtbl4q_u8(quarters[0], code);
                UNROLL for (int quarter = 1; quarter < 4; ++quarter) {
                    code = vsubq_u8(code, vdupq_n_u8(64));
                    entry = vqtbx4q_u8(entry, quarters[quarter], code);
                }
                sums[group][0] = vaddw_u8(sums[group][0], vget_low_u8(entry));
                sums[group][1] = vaddw_high_u8(sums[group][1], entry);
            }
        }
    }
    uint64_t bits = 0;
    for (int group = 0; group < 4; ++group) {
        uint8x8_t is_left[2];
        for (int half = 0; half < 2; ++half) {
            const float* place = terms ? terms + 16 * group + 8 * half : nullptr;
            is_left[half] = vmovn_u16(
                    vcleq_s16(vreinterpretq_s16_u16(sums[group][half]), allowances(filter, budget, place)));
        }
        bits |= bits_of(vcombine_u8(is_left[0], is_left[1])) << 16 * group;
    }
    return bits;
}

} // namespace

#endif

#if KERNELS_HAVE_X86_LEVELS || KERNELS_HAVE_NEON

namespace {

TARGET size_t filter(
        const ScanFilter& filter,
        float base,
        float limit,
        const ScanCodes& set,
        uint16_t* positions) {
    const size_t m = set.subquantizers;
    const float budget = limit - base - filter.lowest +
            (std::fabs(limit) + std::fabs(base) + filter.magnitude) * filter.rounding;
    size_t found = 0;
    for (size_t first = 0; first < set.count; first += 64) {
        const size_t count = std::min<size_t>(64, set.count - first);
        const uint8_t* codes = set.codes + first * m;
        const float* terms = set.terms ? set.terms + first : nullptr;
        // The work on 64 codes is too long for the processor to look beyond it by itself.
        for (size_t i = 0; i < 64 * m; i += 64) {
            __builtin_prefetch(codes + 128 * m + i);
        }
        if (terms) {
            for (size_t i = 0; i < 64; i += 16) {
                __builtin_prefetch(terms + 128 + i);
            }
        }
        uint64_t left;
        if (count == 64) {
            left = left_of(filter, budget, codes, terms, m);
        } else {
            // The last codes are copied, for nothing may be read beyond them.
            alignas(64) uint8_t last_codes[64 * scan_filter_subquantizers];
            alignas(64) float last_terms[64] = {};
            memcpy(last_codes, codes, count * m);
            memset(last_codes + count * m, 0, (64 - count) * m);
            if (terms) {
                memcpy(last_terms, terms, count * sizeof(float));
            }
            left = left_of(filter, budget, last_codes, terms ? last_terms : nullptr, m) & ((uint64_t(1) << count) - 1);
        }
        for (; left; left &= left - 1) {
            positions[found++] = static_cast<uint16_t>(first + static_cast<size_t>(__builtin_ctzll(left)));
        }
    }
    return found;
}

const ScanFilterKernels kernels = {make, filter};

} // namespace

#endif

const ScanFilterKernels* scan_filter_kernels(KernelLevel level) {
    (void)level;
#if KERNELS_HAVE_X86_LEVELS
    static const bool is_supported = [] {
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx512vbmi") != 0;
    }();
    return level == KERNEL_AVX512 && is_supported ? &kernels : nullptr;
#elif KERNELS_HAVE_NEON
    return &kernels;
#else
    return nullptr;
#endif
}

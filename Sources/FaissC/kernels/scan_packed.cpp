#include "scan_packed.h"

#include "neon.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <numeric>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#endif

namespace {

/// The vector whose code is in half a byte of a subquantizer's 16 bytes.
constexpr size_t vector_at(size_t byte) {
    return byte / 2 + byte % 2 * 8;
}

size_t block_bytes(const PackedCodes& codes) {
    return codes.subquantizers * packed_block / 2;
}

} // namespace

float packed_distance(const float* table, float base, const PackedCodes& codes, size_t position) {
    const size_t vector = position % packed_block;
    const uint8_t* place = codes.blocks + position / packed_block * block_bytes(codes) + packed_byte_of(vector % 16);
    const int shift = vector < 16 ? 0 : 4;
    float even = base;
    float odd = 0;
    for (size_t m = 0; m < codes.subquantizers; m += 2, place += 32, table += 32) {
        even += table[place[0] >> shift & 15];
        odd += table[16 + (place[16] >> shift & 15)];
    }
    return even + odd;
}

void packed_distances(const float* table, float base, const PackedCodes& codes, size_t block, float* distances) {
    const uint8_t* place = codes.blocks + block * block_bytes(codes);
    float sums[2][packed_block] = {}; // Of the even subquantizers, and of the odd ones: they need not wait for each other.
    std::fill_n(sums[0], packed_block, base);
    for (size_t m = 0; m < codes.subquantizers; ++m, place += 16, table += 16) {
        for (size_t byte = 0; byte < 16; ++byte) {
            sums[m % 2][vector_at(byte)] += table[place[byte] & 15];
            sums[m % 2][vector_at(byte) + 16] += table[place[byte] >> 4];
        }
    }
    for (size_t vector = 0; vector < packed_block; ++vector) {
        distances[vector] = sums[0][vector] + sums[1][vector];
    }
}

int PackedFilter::allowance(float base, float limit, size_t subquantizers) const {
    // What rounding can have done to a distance, and to the bytes: far less than a step.
    const float rounding = static_cast<float>(subquantizers + 8) * FLT_EPSILON;
    const float left =
            limit - base - lowest + (std::fabs(limit) + std::fabs(base) + magnitude) * rounding;
    return static_cast<int>(std::clamp(std::floor(left / step) + 1, -1.0f, 255.0f));
}

#if KERNELS_HAVE_X86_LEVELS || KERNELS_HAVE_NEON

namespace {

/// Writes the positions of the bits that are set, where bit 16 h + j stands for half h's byte j.
inline size_t write_positions(uint64_t bits, size_t first, size_t end, uint16_t* positions) {
    size_t found = 0;
    for (; bits; bits &= bits - 1) {
        const auto bit = static_cast<size_t>(__builtin_ctzll(bits));
        const size_t position = first + bit / 16 * 16 + vector_at(bit % 16);
        if (position < end) {
            positions[found++] = static_cast<uint16_t>(position);
        }
    }
    return found;
}

} // namespace

#endif

#if KERNELS_HAVE_X86_LEVELS

namespace {

/// The least and the largest number in eight lanes, everywhere.
TARGET_AVX2 inline __m256 least_avx2(__m256 x) {
    x = _mm256_min_ps(x, _mm256_permute2f128_ps(x, x, 1));
    x = _mm256_min_ps(x, _mm256_shuffle_ps(x, x, 0x4E));
    return _mm256_min_ps(x, _mm256_shuffle_ps(x, x, 0xB1));
}

/// With eight lanes at both levels: a subquantizer's 16 numbers are not more work for them than for sixteen.
TARGET_AVX2 PackedFilter make_avx2(
        const float* table,
        size_t subquantizers,
        float base,
        float limit,
        uint8_t* bytes) {
    PackedFilter filter{};
    __m256 lowest = _mm256_setzero_ps();
    __m256 magnitude = _mm256_setzero_ps();
    const __m256 sign = _mm256_set1_ps(-0.0f);
    for (size_t m = 0; m < subquantizers; ++m) {
        const __m256 a = _mm256_loadu_ps(table + m * 16);
        const __m256 b = _mm256_loadu_ps(table + m * 16 + 8);
        lowest = _mm256_add_ps(lowest, least_avx2(_mm256_min_ps(a, b)));
        // The largest magnitude in each lane is no less than that of the subquantizer, taken together.
        magnitude = _mm256_add_ps(magnitude, _mm256_max_ps(_mm256_andnot_ps(sign, a), _mm256_andnot_ps(sign, b)));
    }
    float magnitudes[8];
    _mm256_storeu_ps(magnitudes, magnitude);
    filter.magnitude = std::accumulate(magnitudes, magnitudes + 8, 0.0f);
    filter.lowest = _mm256_cvtss_f32(lowest);
    filter.step = std::max((limit - base - filter.lowest) / PackedFilter::most, FLT_MIN * 1024);
    const __m256 inverse = _mm256_set1_ps(1 / filter.step);
    for (size_t m = 0; m < subquantizers; ++m, table += 16, bytes += 16) {
        const __m256 a = _mm256_loadu_ps(table);
        const __m256 b = _mm256_loadu_ps(table + 8);
        const __m256 least = least_avx2(_mm256_min_ps(a, b));
        const __m256 most = _mm256_set1_ps(255);
        const __m256i first =
                _mm256_cvttps_epi32(_mm256_min_ps(_mm256_mul_ps(_mm256_sub_ps(a, least), inverse), most));
        const __m256i second =
                _mm256_cvttps_epi32(_mm256_min_ps(_mm256_mul_ps(_mm256_sub_ps(b, least), inverse), most));
        const __m256i shorts = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xD8);
        _mm_storeu_si128(
                reinterpret_cast<__m128i*>(bytes),
                _mm_packus_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256(shorts, 1)));
    }
    return filter;
}

TARGET_AVX2 size_t scan_avx2(
        const uint8_t* bytes,
        int allowance,
        const PackedCodes& codes,
        size_t first,
        size_t count,
        uint16_t* positions) {
    const __m256i low_half = _mm256_set1_epi8(15);
    const __m256i allowed = _mm256_set1_epi8(static_cast<char>(allowance));
    const uint8_t* place = codes.blocks + first / packed_block * block_bytes(codes);
    size_t found = 0;
    for (size_t start = 0; start < count; start += packed_block) {
        __m256i low = _mm256_setzero_si256();
        __m256i high = _mm256_setzero_si256();
        for (size_t i = 0; i < codes.subquantizers * 16; i += 32, place += 32) {
            const __m256i code = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(place));
            const __m256i table = _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes + i));
            const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(code, 4), low_half);
            low = _mm256_adds_epu8(low, _mm256_shuffle_epi8(table, _mm256_and_si256(code, low_half)));
            high = _mm256_adds_epu8(high, _mm256_shuffle_epi8(table, upper));
        }
        const __m256i sums = _mm256_adds_epu8(
                _mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
        const __m256i is_within = _mm256_cmpeq_epi8(_mm256_min_epu8(sums, allowed), sums);
        const auto bits = static_cast<uint32_t>(_mm256_movemask_epi8(is_within));
        if (bits) {
            found += write_positions(bits, start, count, positions + found);
        }
    }
    return found;
}

/// Adds what four subquantizers say about a block: lower halves and upper halves of the bytes.
TARGET_AVX512 inline __attribute__((always_inline)) void add_avx512(
        __m512i code,
        __m512i table,
        __m512i& low,
        __m512i& high) {
    const __m512i low_half = _mm512_set1_epi8(15);
    low = _mm512_adds_epu8(low, _mm512_shuffle_epi8(table, _mm512_and_si512(code, low_half)));
    high = _mm512_adds_epu8(
            high, _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(code, 4), low_half)));
}

/// The sums of pairs of the quarters of two vectors: two quarters of a's, two of b's.
TARGET_AVX512 inline __attribute__((always_inline)) __m512i fold_avx512(__m512i a, __m512i b) {
    return _mm512_adds_epu8(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xDD));
}

TARGET_AVX512 size_t scan_avx512(
        const uint8_t* bytes,
        int allowance,
        const PackedCodes& codes,
        size_t first,
        size_t count,
        uint16_t* positions) {
    const __m512i allowed = _mm512_set1_epi8(static_cast<char>(allowance));
    const size_t size = block_bytes(codes);
    const size_t whole = size / 64 * 64;
    const uint8_t* place = codes.blocks + first / packed_block * size;
    size_t found = 0;
    // Two blocks at a time, whose sums fill a vector; a last one alone is taken twice.
    for (size_t start = 0; start < count; start += 2 * packed_block, place += 2 * size) {
        const uint8_t* other = start + packed_block < count ? place + size : place;
        __m512i low[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        __m512i high[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        for (size_t i = 0; i < whole; i += 64) {
            const __m512i table = _mm512_load_si512(bytes + i);
            add_avx512(_mm512_loadu_si512(place + i), table, low[0], high[0]);
            add_avx512(_mm512_loadu_si512(other + i), table, low[1], high[1]);
        }
        if (whole < size) {
            const __m512i table = _mm512_load_si512(bytes + whole);
            const __mmask64 half = 0xFFFFFFFF;
            add_avx512(_mm512_maskz_loadu_epi8(half, place + whole), table, low[0], high[0]);
            add_avx512(_mm512_maskz_loadu_epi8(half, other + whole), table, low[1], high[1]);
        }
        const __m512i sums = fold_avx512(fold_avx512(low[0], high[0]), fold_avx512(low[1], high[1]));
        const uint64_t bits = _mm512_cmple_epu8_mask(sums, allowed);
        if (bits) {
            found += write_positions(bits, start, count, positions + found);
        }
    }
    return found;
}

const PackedKernels kernels_avx2 = {make_avx2, scan_avx2};
const PackedKernels kernels_avx512 = {make_avx2, scan_avx512};

} // namespace

const PackedKernels* packed_kernels(KernelLevel level) {
    return level == KERNEL_AVX512 ? &kernels_avx512 : level == KERNEL_AVX2 ? &kernels_avx2 : nullptr;
}

#elif KERNELS_HAVE_NEON

namespace {

PackedFilter make_neon(const float* table, size_t subquantizers, float base, float limit, uint8_t* bytes) {
    PackedFilter filter{};
    float32x4_t magnitude = vdupq_n_f32(0);
    std::fill_n(bytes, (subquantizers * 16 + 63) / 64 * 64, uint8_t(0));
    for (size_t m = 0; m < subquantizers; ++m) {
        const float32x4x4_t numbers = vld1q_f32_x4(table + m * 16);
        float32x4_t least = numbers.val[0];
        float32x4_t most = vabsq_f32(least);
        for (int i = 1; i < 4; ++i) {
            least = vminq_f32(least, numbers.val[i]);
            most = vmaxq_f32(most, vabsq_f32(numbers.val[i]));
        }
        filter.lowest += vminvq_f32(least);
        // The largest magnitude in each lane is no less than that of the subquantizer, taken together.
        magnitude = vaddq_f32(magnitude, most);
    }
    filter.magnitude = vaddvq_f32(magnitude);
    filter.step = std::max((limit - base - filter.lowest) / PackedFilter::most, FLT_MIN * 1024);
    for (size_t m = 0; m < subquantizers; ++m, table += 16, bytes += 16) {
        const float32x4x4_t numbers = vld1q_f32_x4(table);
        const float least = vminvq_f32(vminq_f32(
                vminq_f32(numbers.val[0], numbers.val[1]), vminq_f32(numbers.val[2], numbers.val[3])));
        vst1q_u8(bytes, steps_above(table, least, 1 / filter.step));
    }
    return filter;
}

size_t scan_neon(
        const uint8_t* bytes,
        int allowance,
        const PackedCodes& codes,
        size_t first,
        size_t count,
        uint16_t* positions) {
    const uint8x16_t low_half = vdupq_n_u8(15);
    const uint8x16_t allowed = vdupq_n_u8(static_cast<uint8_t>(allowance));
    const size_t size = block_bytes(codes);
    const uint8_t* place = codes.blocks + first / packed_block * size;
    size_t found = 0;
    for (size_t start = 0; start < count; start += packed_block, place += size) {
        // Of even and of odd subquantizers, so that one addition needn't wait for the other.
        uint8x16_t low[2] = {vdupq_n_u8(0), vdupq_n_u8(0)};
        uint8x16_t high[2] = {vdupq_n_u8(0), vdupq_n_u8(0)};
        for (size_t i = 0; i < size; i += 32) {
#pragma clang loop unroll(full)
            for (size_t odd = 0; odd < 2; ++odd) {
                const uint8x16_t code = vld1q_u8(place + i + odd * 16);
                const uint8x16_t table = vld1q_u8(bytes + i + odd * 16);
                low[odd] = vqaddq_u8(low[odd], vqtbl1q_u8(table, vandq_u8(code, low_half)));
                high[odd] = vqaddq_u8(high[odd], vqtbl1q_u8(table, vshrq_n_u8(code, 4)));
            }
        }
        const uint8x16_t low_within = vcleq_u8(vqaddq_u8(low[0], low[1]), allowed);
        const uint8x16_t high_within = vcleq_u8(vqaddq_u8(high[0], high[1]), allowed);
        if (vmaxvq_u8(vorrq_u8(low_within, high_within)) != 0) {
            const uint64_t bits = bits_of(low_within) | bits_of(high_within) << 16;
            found += write_positions(bits, start, count, positions + found);
        }
    }
    return found;
}

const PackedKernels kernels_neon = {make_neon, scan_neon};

} // namespace

const PackedKernels* packed_kernels(KernelLevel) {
    return &kernels_neon;
}

#else

const PackedKernels* packed_kernels(KernelLevel) {
    return nullptr;
}

#endif

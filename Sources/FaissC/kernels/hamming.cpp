#include "hamming.h"

#include <cstring>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#endif

namespace {

inline uint64_t word(const uint8_t* bytes, size_t count = 8) {
    uint64_t word = 0;
    memcpy(&word, bytes, count);
    return word;
}

/// @param words  of eight bytes in a row, or 0 where that is not known beforehand
template <size_t words>
inline __attribute__((always_inline)) uint32_t distance(const uint8_t* x, const uint8_t* y, size_t row_bytes) {
    uint32_t sum = 0;
    if (words > 0) {
        for (size_t i = 0; i < words; ++i) {
            sum += static_cast<uint32_t>(__builtin_popcountll(word(x + 8 * i) ^ word(y + 8 * i)));
        }
        return sum;
    }
    size_t i = 0;
    for (; i + 8 <= row_bytes; i += 8) {
        sum += static_cast<uint32_t>(__builtin_popcountll(word(x + i) ^ word(y + i)));
    }
    if (i < row_bytes) {
        sum += static_cast<uint32_t>(__builtin_popcountll(word(x + i, row_bytes - i) ^ word(y + i, row_bytes - i)));
    }
    return sum;
}

struct Found {
    uint32_t* distances;
    uint32_t* positions;
    size_t count = 0;
};

template <size_t words>
inline __attribute__((always_inline)) void find_words(
        const uint8_t* query,
        const uint8_t* rows,
        size_t first,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        Found& found) {
    for (size_t row = first; row < count; ++row) {
        const uint32_t sum = distance<words>(query, rows + row * row_bytes, row_bytes);
        // Without a branch, which chance would decide.
        found.distances[found.count] = sum;
        found.positions[found.count] = static_cast<uint32_t>(row);
        found.count += sum <= limit ? 1 : 0;
    }
}

inline __attribute__((always_inline)) void find_any(
        const uint8_t* query,
        const uint8_t* rows,
        size_t first,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        Found& found) {
    switch (row_bytes) {
        case 8: return find_words<1>(query, rows, first, count, 8, limit, found);
        case 16: return find_words<2>(query, rows, first, count, 16, limit, found);
        case 32: return find_words<4>(query, rows, first, count, 32, limit, found);
        case 64: return find_words<8>(query, rows, first, count, 64, limit, found);
        default: return find_words<0>(query, rows, first, count, row_bytes, limit, found);
    }
}

inline __attribute__((always_inline)) uint32_t distance_any(const uint8_t* x, const uint8_t* y, size_t row_bytes) {
    switch (row_bytes) {
        case 8: return distance<1>(x, y, 8);
        case 16: return distance<2>(x, y, 16);
        case 32: return distance<4>(x, y, 32);
        case 64: return distance<8>(x, y, 64);
        default: return distance<0>(x, y, row_bytes);
    }
}

#if KERNELS_HAVE_NEON

// Counting bits in vectors: the compiler moves each word to a vector and its count back.

/// For a row's last bytes, which are fetched with those before them: ones where they are.
struct LastBytes {
    explicit LastBytes(size_t row_bytes) : count(row_bytes % 16), start(row_bytes - 16) {
        static const uint64_t zeros_and_ones[4] = {0, 0, ~uint64_t(0), ~uint64_t(0)};
        mask = vld1q_u8(reinterpret_cast<const uint8_t*>(zeros_and_ones) + count);
    }
    size_t count, start;
    uint8x16_t mask;
};

/// The different bits of two rows of 16 bytes or more, in four lanes.
inline __attribute__((always_inline)) uint32x4_t different(
        const uint8_t* x,
        const uint8_t* y,
        size_t row_bytes,
        const LastBytes& last) {
    uint32x4_t sums = vdupq_n_u32(0);
    size_t i = 0;
    for (; i + 16 <= row_bytes; i += 16) {
        sums = vpadalq_u16(sums, vpaddlq_u8(vcntq_u8(veorq_u8(vld1q_u8(x + i), vld1q_u8(y + i)))));
    }
    if (last.count > 0) {
        const uint8x16_t bits = veorq_u8(vld1q_u8(x + last.start), vld1q_u8(y + last.start));
        sums = vpadalq_u16(sums, vpaddlq_u8(vcntq_u8(vandq_u8(bits, last.mask))));
    }
    return sums;
}

/// The different bits of two rows of so many bytes, up to 496, whose sums fit in bytes.
template <size_t row_bytes>
inline __attribute__((always_inline)) uint32_t known_distance(const uint8_t* x, const uint8_t* y) {
    uint8x16_t sums = vdupq_n_u8(0);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < row_bytes; i += 16) {
        sums = vaddq_u8(sums, vcntq_u8(veorq_u8(vld1q_u8(x + i), vld1q_u8(y + i))));
    }
    return vaddlvq_u8(sums);
}

/// The distances of four rows of a multiple of eight bytes, up to 32.
template <size_t row_bytes>
inline __attribute__((always_inline)) uint32x4_t four_rows(const uint8_t* query, const uint8_t* rows) {
    uint8x16_t sums[4]; // Of 4 · row_bytes bytes, which fold into each other until a row has four.
    if (row_bytes == 8) {
        const uint8x16_t own = vcombine_u8(vld1_u8(query), vld1_u8(query));
        sums[0] = vcntq_u8(veorq_u8(own, vld1q_u8(rows)));
        sums[1] = vcntq_u8(veorq_u8(own, vld1q_u8(rows + 16)));
        return vpaddlq_u16(vpaddlq_u8(vpaddq_u8(sums[0], sums[1])));
    }
#pragma clang loop unroll(full)
    for (size_t row = 0; row < 4; ++row) {
        sums[row] = vcntq_u8(veorq_u8(vld1q_u8(query), vld1q_u8(rows + row * row_bytes)));
        if (row_bytes == 32) {
            const uint8x16_t more = veorq_u8(vld1q_u8(query + 16), vld1q_u8(rows + row * row_bytes + 16));
            sums[row] = vaddq_u8(sums[row], vcntq_u8(more));
        }
    }
    return vpaddlq_u16(vpaddlq_u8(vpaddq_u8(vpaddq_u8(sums[0], sums[1]), vpaddq_u8(sums[2], sums[3]))));
}

/// @param known  the bytes of a row, 8, 16 or 32, or 0 for 16 or more
template <size_t known>
inline __attribute__((always_inline)) size_t find_four(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        Found found) {
    const LastBytes last(known ? 16 : row_bytes);
    const size_t whole = count / 4 * 4;
    for (size_t row = 0; row < whole; row += 4, rows += 4 * row_bytes) {
        uint32x4_t sums;
        if constexpr (known > 0) {
            sums = four_rows<known>(query, rows);
        } else {
            uint32x4_t parts[4];
#pragma clang loop unroll(full)
            for (size_t i = 0; i < 4; ++i) {
                parts[i] = different(query, rows + i * row_bytes, row_bytes, last);
            }
            sums = vpaddq_u32(vpaddq_u32(parts[0], parts[1]), vpaddq_u32(parts[2], parts[3]));
        }
        if (__builtin_expect(vminvq_u32(sums) > limit, 1)) {
            continue;
        }
        for (unsigned i = 0; i < 4; ++i) {
            found.distances[found.count] = sums[i];
            found.positions[found.count] = static_cast<uint32_t>(row) + i;
            found.count += sums[i] <= limit ? 1 : 0;
        }
    }
    rows -= whole * row_bytes;
    find_any(query, rows, whole, count, row_bytes, limit, found);
    return found.count;
}

uint32_t distance_baseline(const uint8_t* x, const uint8_t* y, size_t row_bytes) {
    switch (row_bytes) {
        case 16: return known_distance<16>(x, y);
        case 32: return known_distance<32>(x, y);
        case 64: return known_distance<64>(x, y);
        case 128: return known_distance<128>(x, y);
        default: break;
    }
    return row_bytes < 16 ? distance_any(x, y, row_bytes) : vaddvq_u32(different(x, y, row_bytes, LastBytes(row_bytes)));
}

size_t find_baseline(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    Found found{distances, positions};
    switch (row_bytes) {
        case 8: return find_four<8>(query, rows, count, 8, limit, found);
        case 16: return find_four<16>(query, rows, count, 16, limit, found);
        case 32: return find_four<32>(query, rows, count, 32, limit, found);
        default: break;
    }
    if (row_bytes > 16) {
        return find_four<0>(query, rows, count, row_bytes, limit, found);
    }
    find_any(query, rows, 0, count, row_bytes, limit, found);
    return found.count;
}

#else

uint32_t distance_baseline(const uint8_t* x, const uint8_t* y, size_t row_bytes) {
    return distance_any(x, y, row_bytes);
}

size_t find_baseline(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    Found found{distances, positions};
    find_any(query, rows, 0, count, row_bytes, limit, found);
    return found.count;
}

#endif

const HammingKernels kernels_baseline = {find_baseline, distance_baseline};

#if KERNELS_HAVE_X86_LEVELS

__attribute__((target("avx2,fma,f16c,popcnt"))) uint32_t distance_avx2(
        const uint8_t* x,
        const uint8_t* y,
        size_t row_bytes) {
    return distance_any(x, y, row_bytes);
}

__attribute__((target("avx2,fma,f16c,popcnt"))) size_t find_avx2(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    Found found{distances, positions};
    find_any(query, rows, 0, count, row_bytes, limit, found);
    return found.count;
}

#define TARGET \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vpopcntdq,avx2,fma,f16c,popcnt")))
#define INLINE TARGET static inline __attribute__((always_inline))

INLINE __m512i count_bits(__m512i query, const uint8_t* row) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(query, _mm512_loadu_si512(row)));
}

/// The sums of neighbouring numbers of a and of b, in turn.
INLINE __m512i fold_neighbors(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
}

/// The sums of neighbouring quarters of a, then those of b.
INLINE __m512i fold_quarters(__m512i a, __m512i b) {
    return _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xDD));
}

/// The distances of eight rows.
template <size_t words>
INLINE __m256i eight_rows(const uint8_t* query, const uint8_t* rows, size_t row_bytes) {
    if (words == 1) {
        return _mm512_cvtepi64_epi32(count_bits(_mm512_set1_epi64(static_cast<long long>(word(query))), rows));
    }
    if (words == 2) {
        const __m512i own = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(query)));
        const __m512i sums = fold_neighbors(count_bits(own, rows), count_bits(own, rows + 64)); // 0 4 1 5 2 6 3 7
        return _mm512_cvtepi64_epi32(
                _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), sums));
    }
    if (words == 4) {
        const __m512i own = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
        const __m512i sums = fold_quarters(
                fold_neighbors(count_bits(own, rows), count_bits(own, rows + 64)),
                fold_neighbors(count_bits(own, rows + 128), count_bits(own, rows + 192))); // 0 2 1 3 4 6 5 7
        return _mm512_cvtepi64_epi32(
                _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7), sums));
    }
    __m512i sums[8];
    for (int i = 0; i < 8; ++i) {
        sums[i] = _mm512_setzero_si512();
    }
    const size_t whole = row_bytes / 64 * 64;
    for (size_t byte = 0; byte < whole; byte += 64) {
        const __m512i own = _mm512_loadu_si512(query + byte);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 8; ++i) {
            sums[i] = _mm512_add_epi64(sums[i], count_bits(own, rows + i * row_bytes + byte));
        }
    }
    if (whole < row_bytes) {
        const __mmask64 mask = (uint64_t(1) << (row_bytes - whole)) - 1;
        const __m512i own = _mm512_maskz_loadu_epi8(mask, query + whole);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < 8; ++i) {
            const __m512i row = _mm512_maskz_loadu_epi8(mask, rows + i * row_bytes + whole);
            sums[i] = _mm512_add_epi64(sums[i], _mm512_popcnt_epi64(_mm512_xor_si512(own, row)));
        }
    }
    return _mm512_cvtepi64_epi32(fold_quarters(
            fold_quarters(fold_neighbors(sums[0], sums[1]), fold_neighbors(sums[2], sums[3])),
            fold_quarters(fold_neighbors(sums[4], sums[5]), fold_neighbors(sums[6], sums[7]))));
}

template <size_t words>
INLINE size_t find_eight(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    Found found{distances, positions};
    const __m256i limits = _mm256_set1_epi32(static_cast<int>(limit));
    const size_t whole = count / 8 * 8;
    for (size_t row = 0; row < whole; row += 8) {
        const __m256i sums = eight_rows<words>(query, rows + row * row_bytes, row_bytes);
        const auto passing = static_cast<uint8_t>(_mm256_cmple_epu32_mask(sums, limits));
        if (__builtin_expect(passing != 0, 0)) {
            uint32_t numbers[8];
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(numbers), sums);
            for (unsigned left = passing; left; left &= left - 1) {
                const auto i = static_cast<size_t>(__builtin_ctz(left));
                distances[found.count] = numbers[i];
                positions[found.count++] = static_cast<uint32_t>(row + i);
            }
        }
    }
    find_words<words>(query, rows, whole, count, row_bytes, limit, found);
    return found.count;
}

TARGET size_t find_avx512(
        const uint8_t* query,
        const uint8_t* rows,
        size_t count,
        size_t row_bytes,
        uint32_t limit,
        uint32_t* distances,
        uint32_t* positions) {
    switch (row_bytes) {
        case 8: return find_eight<1>(query, rows, count, 8, limit, distances, positions);
        case 16: return find_eight<2>(query, rows, count, 16, limit, distances, positions);
        case 32: return find_eight<4>(query, rows, count, 32, limit, distances, positions);
        default: return find_eight<0>(query, rows, count, row_bytes, limit, distances, positions);
    }
}

const HammingKernels kernels_avx2 = {find_avx2, distance_avx2};
const HammingKernels kernels_avx512 = {find_avx512, distance_avx2};

#endif

} // namespace

const HammingKernels& hamming_kernels(KernelLevel level) {
#if KERNELS_HAVE_X86_LEVELS
    static const bool counts_in_vectors = __builtin_cpu_supports("avx512vpopcntdq") != 0;
    static const bool counts = __builtin_cpu_supports("popcnt") != 0;
    if (level != KERNEL_BASELINE && counts) {
        return level == KERNEL_AVX512 && counts_in_vectors ? kernels_avx512 : kernels_avx2;
    }
#endif
    (void)level;
    return kernels_baseline;
}

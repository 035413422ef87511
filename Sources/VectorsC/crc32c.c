// CRC-32C two ways: by the instruction that x86-64 has since SSE 4.2 and ARM since v8.1, eight bytes a cycle, and by table
// elsewhere. In C, because which instructions the processor has is known only when the program runs.

#include "crc32c.h"

#include <string.h>

// MARK: By table

// The effect of each byte, shifted out at the low end of the polynomial 0x82F63B78.
static uint32_t effect(uint32_t byte) {
    for (int bit = 0; bit < 8; bit++) byte = byte & 1 ? byte >> 1 ^ 0x82F63B78 : byte >> 1;
    return byte;
}

// Entry [k][b] is the effect of byte b followed by k zero bytes.
static uint32_t tables[8][256];

// Eight look-ups for eight bytes: "slicing by 8", Kounavis and Berry 2008, doi:10.1109/TC.2008.85.
uint32_t crc32c_update_by_table(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    for (; count >= 8; next += 8, count -= 8) {
        crc ^= next[0] | (uint32_t)next[1] << 8 | (uint32_t)next[2] << 16 | (uint32_t)next[3] << 24;
        crc = tables[7][crc & 0xFF] ^ tables[6][crc >> 8 & 0xFF] ^ tables[5][crc >> 16 & 0xFF] ^ tables[4][crc >> 24] ^
              tables[3][next[4]] ^ tables[2][next[5]] ^ tables[1][next[6]] ^ tables[0][next[7]];
    }
    for (; count > 0; next++, count--) crc = tables[0][(crc ^ *next) & 0xFF] ^ crc >> 8;
    return crc;
}

#if defined(__x86_64__) || defined(__aarch64__)
#define MAY_HAVE_INSTRUCTION 1

// An instruction's result is there after three cycles, but one can begin in each: so many bytes are done in each of three
// places at a time. Entry [k][b] is the effect of byte k of the register, b, followed by as many zero bytes.
#define STRIDE 1024
static uint32_t stride_tables[4][256];

static void fill_stride_tables(void) {
    static const uint8_t zeros[STRIDE];
    for (int k = 0; k < 4; k++) {
        for (int bit = 0; bit < 8; bit++) {
            const uint32_t entry = crc32c_update_by_table((uint32_t)1 << (8 * k + bit), zeros, STRIDE);
            // A byte is the sum of its bits.
            for (int byte = 0; byte < 1 << bit; byte++) {
                stride_tables[k][byte | 1 << bit] = stride_tables[k][byte] ^ entry;
            }
        }
    }
}

// The register after a stride of zeros.
static uint32_t after_stride(uint32_t crc) {
    return stride_tables[0][crc & 0xFF] ^ stride_tables[1][crc >> 8 & 0xFF] ^ stride_tables[2][crc >> 16 & 0xFF] ^
           stride_tables[3][crc >> 24];
}
#endif

// Before main, so that no two threads fill the tables at a time.
__attribute__((constructor)) static void fill_tables(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        tables[0][byte] = effect(byte);
        for (int k = 1; k < 8; k++) {
            const uint32_t previous = tables[k - 1][byte];
            // A zero byte: the register's low byte alone decides.
            tables[k][byte] = effect(previous & 0xFF) ^ previous >> 8;
        }
    }
#if MAY_HAVE_INSTRUCTION
    fill_stride_tables();
#endif
}

// MARK: By instruction

#if defined(__x86_64__)

#include <immintrin.h>

#define HAS_INSTRUCTION 1

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2") != 0; }

#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define EIGHT_BYTES(crc, word) _mm_crc32_u64(crc, word)
#define ONE_BYTE(crc, byte) _mm_crc32_u8(crc, byte)

#elif defined(__aarch64__) && (defined(__APPLE__) || defined(__linux__))

#include <arm_acle.h>

#define HAS_INSTRUCTION 1

#if defined(__linux__)
#include <sys/auxv.h>

// HWCAP_CRC32, as the kernel reports it.
static int has_instruction(void) { return (getauxval(AT_HWCAP) >> 7 & 1) != 0; }
#else
static int has_instruction(void) { return 1; } // On every Mac.
#endif

#define WITH_INSTRUCTION __attribute__((target("crc")))
#define EIGHT_BYTES(crc, word) __crc32cd((uint32_t)(crc), word)
#define ONE_BYTE(crc, byte) __crc32cb(crc, byte)

#endif

#if HAS_INSTRUCTION
static uint64_t word_at(const uint8_t *place) {
    uint64_t word;
    memcpy(&word, place, sizeof word);
    return word;
}

WITH_INSTRUCTION static uint32_t update_by_instruction(uint32_t crc, const uint8_t *next, size_t count) {
    for (; count >= 3 * STRIDE; next += 3 * STRIDE, count -= 3 * STRIDE) {
        uint64_t first = crc, second = 0, third = 0;
        for (size_t i = 0; i < STRIDE; i += 8) {
            first = EIGHT_BYTES(first, word_at(next + i));
            second = EIGHT_BYTES(second, word_at(next + STRIDE + i));
            third = EIGHT_BYTES(third, word_at(next + 2 * STRIDE + i));
        }
        crc = after_stride(after_stride((uint32_t)first) ^ (uint32_t)second) ^ (uint32_t)third;
    }
    uint64_t wide = crc;
    for (; count >= 8; next += 8, count -= 8) wide = EIGHT_BYTES(wide, word_at(next));
    crc = (uint32_t)wide;
    for (; count > 0; next++, count--) crc = ONE_BYTE(crc, *next);
    return crc;
}
#endif

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count) {
#if HAS_INSTRUCTION
    if (has_instruction()) return update_by_instruction(crc, bytes, count);
#endif
    return crc32c_update_by_table(crc, bytes, count);
}

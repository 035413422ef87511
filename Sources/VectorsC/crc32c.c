// CRC-32C two ways: by the instruction that x86-64 has since SSE 4.2 and ARM since v8.1, eight bytes in three cycles, and
// by table elsewhere. In C, because which instructions the processor has is known only when the program runs.

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
}

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

// MARK: By instruction

#if defined(__x86_64__)

#include <immintrin.h>

#define HAS_INSTRUCTION 1

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) static uint32_t update_by_instruction(uint32_t crc, const uint8_t *next, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; next++, count--) crc = _mm_crc32_u8(crc, *next);
    return crc;
}

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

__attribute__((target("crc"))) static uint32_t update_by_instruction(uint32_t crc, const uint8_t *next, size_t count) {
    for (; count >= 8; next += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, next, sizeof word);
        crc = __crc32cd(crc, word);
    }
    for (; count > 0; next++, count--) crc = __crc32cb(crc, *next);
    return crc;
}

#endif

uint32_t crc32c_update(uint32_t crc, const void *bytes, size_t count) {
#if HAS_INSTRUCTION
    if (has_instruction()) return update_by_instruction(crc, bytes, count);
#endif
    return crc32c_update_by_table(crc, bytes, count);
}

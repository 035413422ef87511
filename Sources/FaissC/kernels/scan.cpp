#include "scan.h"

#include <cstring>
#include <utility>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#endif

namespace {

/// Reading a table at random gains nothing by wider vectors: one code after the other, four sums at a time.
void codes_of(const float* table, float base, const ScanCodes& set, float* out) {
    const size_t m = set.subquantizers;
    for (size_t i = 0; i < set.count; ++i) {
        const uint8_t* code = set.codes + i * m;
        const float* entries = table;
        float sums[4] = {base, set.terms ? set.terms[i] : 0, 0, 0};
        size_t left = m;
        for (; left >= 8; left -= 8, code += 8, entries += 8 * 256) {
            uint64_t bytes;
            memcpy(&bytes, code, 8);
            for (int j = 0; j < 8; ++j) {
                sums[j % 4] += entries[j * 256 + (bytes >> 8 * j & 255)];
            }
        }
        for (; left > 0; --left, entries += 256) {
            sums[0] += entries[*code++];
        }
        out[i] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
}

} // namespace

#define KERNEL_FILE "scan.inc"
#include "each_level.inc"

const ScanKernels& scan_kernels(KernelLevel level) {
    return OF_LEVEL(level, scan_kernels);
}

#include "rabitq.h"

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <utility>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#endif

// Every level adds up the same numbers in the same order: sixteen at a time, whatever the length of its vectors, and
// without multiplying and adding in one step.
#pragma clang fp contract(off)

namespace {

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef int8_t Bytes __attribute__((vector_size(16)));
typedef float UnalignedFloats __attribute__((vector_size(64), aligned(4), may_alias));

constexpr size_t lanes = 16;

/// The largest whole power of two that is not larger.
size_t power_of_two(size_t n) {
    size_t power = 1;
    while (2 * power <= n) {
        power *= 2;
    }
    return power;
}

} // namespace

#define LEVEL(name) name##_baseline
#define TARGET
#if KERNELS_HAVE_X86_LEVELS || KERNELS_HAVE_NEON
#define REGISTER_BYTES 16
#else
#define REGISTER_BYTES 0
#endif
#include "rabitq.inc"

#if KERNELS_HAVE_X86_LEVELS

#define LEVEL(name) name##_avx2
#define TARGET TARGET_AVX2
#define REGISTER_BYTES 32
#include "rabitq.inc"

#define LEVEL(name) name##_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma,f16c")))
#define REGISTER_BYTES 64
#include "rabitq.inc"

#endif

const RaBitQKernels& rabitq_kernels(KernelLevel level) {
#if KERNELS_HAVE_X86_LEVELS
    // Products of bytes came later than the rest of AVX-512.
    static const bool has_products = __builtin_cpu_supports("avx512vnni") != 0;
    if (level == KERNEL_AVX512 && !has_products) {
        level = KERNEL_AVX2;
    }
#endif
    return OF_LEVEL(level, rabitq_kernels);
}

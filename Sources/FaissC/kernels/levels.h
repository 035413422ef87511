// Which vector instructions the kernels use.
//
// A kernel is written once, in a file `….inc` of portable code in the compiler's vectors, and included by its `….cpp`
// once for each level, with
//   LEVEL(name)  the name with the level's suffix
//   TARGET       the level's function attribute: every function of the level carries it, so that the package as a
//                whole is compiled for the oldest processor of its kind
//   LANES        floats in a vector
// defined before and undefined after. On ARM the baseline is NEON, and there is no other: where the compiler makes more than
// half as many instructions again of the portable code as are needed, a kernel has a part in NEON's own. They are proven
// under emulation (`make test-arm`), which says nothing about speed.

#pragma once

#include <faiss_kernels.h>

#if defined(__x86_64__)
#define KERNELS_HAVE_X86_LEVELS 1
#define TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")))
#else
#define KERNELS_HAVE_X86_LEVELS 0
#endif

#if defined(__aarch64__)
#define KERNELS_HAVE_NEON 1
#include <arm_neon.h>
#else
#define KERNELS_HAVE_NEON 0
#endif

/// The one of three functions, or three tables of functions, that belongs to a level.
///
/// The arguments of the x86 levels are only named where they exist, which is why this is a macro.
#if KERNELS_HAVE_X86_LEVELS
#define OF_LEVEL(level, name) \
    ((level) == KERNEL_AVX512 ? name##_avx512 : (level) == KERNEL_AVX2 ? name##_avx2 : name##_baseline)
#else
#define OF_LEVEL(level, name) ((void)(level), name##_baseline)
#endif

// The vector instructions that the kernels inside the C++ core use, and the kernels themselves for those who test them.

#ifndef SWIFT_FAISS_KERNELS_H
#define SWIFT_FAISS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum FaissKernelLevel {
    FAISS_KERNEL_BASELINE, ///< SSE2 on x86-64, NEON on ARM
    FAISS_KERNEL_AVX2,     ///< with fused multiplication and addition, and half-precision conversion
    FAISS_KERNEL_AVX512,   ///< F, VL, DQ, BW
} FaissKernelLevel;

/// The widest level of this processor.
FaissKernelLevel faiss_kernel_widest_level(void);

/// The widest level, or a lower one that the environment variable SWIFT_FAISS_SIMD names (`baseline`, `avx2`,
/// `avx512`), read anew.
FaissKernelLevel faiss_kernel_chosen_level(void);

#ifdef __cplusplus
}
#endif

#endif

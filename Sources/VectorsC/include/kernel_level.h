// Which vector instructions the kernels use, of every module: what the processor has, and what SWIFT_FAISS_SIMD says.

#ifndef SWIFT_FAISS_KERNEL_LEVEL_H
#define SWIFT_FAISS_KERNEL_LEVEL_H

#ifdef __cplusplus
extern "C" {
#endif

/// The sets of vector instructions, from the narrowest to the widest.
typedef enum KernelLevel {
    KERNEL_BASELINE, ///< SSE2 on x86-64, NEON on ARM
    KERNEL_AVX2,     ///< with fused multiplication and addition, and half-precision conversion
    KERNEL_AVX512,   ///< F, VL, DQ, BW
} KernelLevel;

/// `baseline`, `avx2` or `avx512`.
const char *kernel_level_name(KernelLevel level);

/// The widest level of this processor.
KernelLevel kernel_level_widest(void);

/// Sets the level that this name stands for, and returns 1; or returns 0 where there is no such level, or this processor
/// lacks it. NULL and the empty name stand for the widest.
int kernel_level_named(const char *name, KernelLevel *level);

/// The level that all kernels use: the widest, or the one that the environment variable SWIFT_FAISS_SIMD names. Decided
/// at the first call. Where the variable is wrong, the baseline, which runs everywhere, for those who can't refuse.
KernelLevel kernel_level(void);

/// What is wrong with SWIFT_FAISS_SIMD, in a sentence for a person, or NULL. Whatever begins work refuses it with that.
const char *kernel_level_error(void);

#ifdef __cplusplus
}
#endif

#endif

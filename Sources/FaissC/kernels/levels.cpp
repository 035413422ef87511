#include "levels.h"

#include <cstring>

FaissKernelLevel faiss_kernel_widest_level() {
#if KERNELS_HAVE_X86_LEVELS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
        return has_avx512 ? FAISS_KERNEL_AVX512 : FAISS_KERNEL_AVX2;
    }
#endif
    return FAISS_KERNEL_BASELINE;
}

FaissKernelLevel faiss_kernel_level_named(const char* name) {
    const FaissKernelLevel widest = faiss_kernel_widest_level();
    if (!name) {
        return widest;
    }
    const char* const names[] = {"baseline", "avx2", "avx512"};
    for (int level = FAISS_KERNEL_BASELINE; level < widest; ++level) {
        if (std::strcmp(name, names[level]) == 0) {
            return static_cast<FaissKernelLevel>(level);
        }
    }
    return widest;
}

#include "kernel_level.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *kernel_level_name(KernelLevel level) {
    static const char *const names[] = {"baseline", "avx2", "avx512"};
    return names[level];
}

KernelLevel kernel_level_widest(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c")) {
        const int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
        return has_avx512 ? KERNEL_AVX512 : KERNEL_AVX2;
    }
#endif
    return KERNEL_BASELINE;
}

int kernel_level_named(const char *name, KernelLevel *level) {
    *level = kernel_level_widest();
    if (!name || !*name) return 1;
    for (int candidate = KERNEL_BASELINE; candidate <= (int)*level; candidate++) {
        if (strcmp(name, kernel_level_name((KernelLevel)candidate)) == 0) {
            *level = (KernelLevel)candidate;
            return 1;
        }
    }
    return 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static KernelLevel chosen;
static char error[160];

static void choose(void) {
    const char *name = getenv("SWIFT_FAISS_SIMD");
    if (kernel_level_named(name, &chosen)) return;
    snprintf(error, sizeof error, "SWIFT_FAISS_SIMD is '%.40s'; on this processor it may be ", name);
    for (int level = KERNEL_BASELINE; level <= (int)chosen; level++) {
        const char *separator = level == KERNEL_BASELINE ? "" : level < (int)chosen ? ", " : " or ";
        const size_t length = strlen(error);
        snprintf(error + length, sizeof error - length, "%s%s", separator, kernel_level_name((KernelLevel)level));
    }
    chosen = KERNEL_BASELINE;
}

KernelLevel kernel_level(void) {
    pthread_once(&once, choose);
    return chosen;
}

const char *kernel_level_error(void) {
    pthread_once(&once, choose);
    return *error ? error : NULL;
}

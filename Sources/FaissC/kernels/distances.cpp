#include "levels.h"

#include <utility>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define KERNEL_FILE "distances.inc"
#include "each_level.inc"

const FaissDistanceKernels* faiss_distance_kernels(KernelLevel level) {
    return &OF_LEVEL(level, kernels);
}

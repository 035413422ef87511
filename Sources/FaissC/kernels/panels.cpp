#include "panels.h"

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define KERNEL_FILE "panels.inc"
#include "each_level.inc"

const PanelKernels& panel_kernels(KernelLevel level) {
    return OF_LEVEL(level, kernels);
}

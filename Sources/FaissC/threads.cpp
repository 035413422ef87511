#include "threads.h"

#include "guarded.h"

#include <omp.h>

// Absent where BLAS is not OpenBLAS, such as Apple's Accelerate, which needs no limit.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

void faiss_set_thread_limit(int threads) {
    static const bool blas_limited = [] {
        if (openblas_set_num_threads) {
            openblas_set_num_threads(1);
        }
        return true;
    }();
    (void)blas_limited;
    omp_set_num_threads(threads);
}

void AssignmentIndex::search(
        idx_t n,
        const float* x,
        idx_t k,
        float* distances,
        idx_t* labels,
        const faiss::SearchParameters* params) const {
    if (work.progress && work.progress(work.context, step, steps) != 0) {
        throw Cancelled();
    }
    ++step;
    in_slices(n, work.threads, [&](idx_t first, idx_t count) {
        IndexFlat::search(count, x + first * d, k, distances + first * k, labels + first * k, params);
    });
}

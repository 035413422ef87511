#include "threads.h"

#include <omp.h>

#if defined(__APPLE__)
#include <dispatch/dispatch.h>
#endif

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

#if defined(__APPLE__)

void run_team(int threads, void (*member)(void*), void* context) {
    struct Team {
        void (*member)(void*);
        void* context;
    } team{member, context};
    dispatch_apply_f(static_cast<size_t>(threads), DISPATCH_APPLY_AUTO, &team, [](void* context, size_t) {
        const auto& team = *static_cast<const Team*>(context);
        team.member(team.context);
    });
}

#else

void run_team(int threads, void (*member)(void*), void* context) {
    GOMP_parallel(member, context, static_cast<unsigned>(threads), 0);
}

#endif

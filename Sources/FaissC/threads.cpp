#include "threads.h"

#include "guarded.h"
#include "kernels/assign.h"

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
    // Most points stay where they were.
    const bool are_known = points == x && assigned.size() == static_cast<size_t>(n) && assigned_among == ntotal;
    if (k != 1 || params) {
        search_flat(*this, n, x, k, params ? params->sel : nullptr, nullptr, work.threads, distances, labels);
        return;
    }
    in_slices(n, work.threads, [&](idx_t first, idx_t count) {
        const idx_t* guesses = are_known ? assigned.data() + first : nullptr;
        assign_nearest(
                metric_type,
                d,
                x + first * d,
                d,
                count,
                get_xb(),
                ntotal,
                labels + first,
                distances + first,
                guesses);
    });
    points = x;
    assigned_among = ntotal;
    assigned.assign(labels, labels + n);
}

// How work is spread over threads.
//
// Faiss opens an OpenMP team in each calling thread, and leaves matrix products to BLAS's own threads; the two get in
// each other's way. Here a batch is cut into slices instead, one thread each, and inside a slice Faiss and BLAS have
// that thread alone. Faiss's own teams remain where it gives no other choice: building HNSW links, and the update of
// k-means centroids.

#pragma once

#include <faiss/c_api/faiss_c.h>
#include <faiss_extension.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <vector>

/// Runs `member(context)` on the threads of an OpenMP team, up to so many, and waits for all of them.
void run_team(int threads, void (*member)(void*), void* context);

/// Calls body(first, count) for slices of 0..<n, each on a thread of its own.
///
/// The threads are those of the calling thread's OpenMP team, which wait actively for a while after each piece of work:
/// threads of another kind would find the processors taken by them.
template <class Body>
void in_slices(idx_t n, int threads, const Body& body) {
    // A slice shorter than this costs more to start than to do.
    const idx_t shortest = 64;
    const idx_t slices = std::max<idx_t>(1, std::min<idx_t>(threads, n / shortest));
    if (slices == 1) {
        body(0, n);
        return;
    }
    struct Team {
        const Body& body;
        const idx_t n, slices;
        std::vector<std::exception_ptr> failures;
        // Not only deal out slices: what was written before is seen by who takes one, and what a slice wrote by who
        // counts it. OpenMP sees to that as well, but the thread sanitizer does not see OpenMP.
        std::atomic<idx_t> next{0}, done{0};
    } team{body, n, slices, std::vector<std::exception_ptr>(slices)};
    const auto member = [](void* context) {
        auto& team = *static_cast<Team*>(context);
        faiss_set_thread_limit(1);
        for (idx_t slice = team.next.fetch_add(1); slice < team.slices; slice = team.next.fetch_add(1)) {
            try {
                const idx_t first = team.n * slice / team.slices;
                team.body(first, team.n * (slice + 1) / team.slices - first);
            } catch (...) {
                team.failures[slice] = std::current_exception();
            }
            team.done.fetch_add(1);
        }
    };
    run_team(static_cast<int>(slices), member, &team);
    (void)team.done.load();
    for (const auto& failure : team.failures) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
}

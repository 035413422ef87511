// How work is spread over threads.
//
// Faiss opens an OpenMP team in each calling thread, and leaves matrix products to BLAS's own threads; the two get in
// each other's way. Here a batch is cut into slices instead, one thread each, and inside a slice Faiss and BLAS have
// that thread alone. OpenMP teams remain where Faiss gives no other choice: building HNSW links, encoding, and the
// update of k-means centroids.

#pragma once

#include <faiss/IndexFlat.h>
#include <faiss_extension.h>

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

/// Calls body(first, count) for slices of 0..<n, each on a thread of its own.
template <class Body>
void in_slices(idx_t n, int threads, const Body& body) {
    // A slice shorter than this costs more to start than to do.
    const idx_t shortest = 64;
    const idx_t slices = std::max<idx_t>(1, std::min<idx_t>(threads, n / shortest));
    if (slices == 1) {
        body(0, n);
        return;
    }
    std::vector<std::exception_ptr> failures(slices);
    std::vector<std::thread> workers;
    workers.reserve(slices);
    const auto run = [&](idx_t slice) {
        try {
            const idx_t first = n * slice / slices;
            body(first, n * (slice + 1) / slices - first);
        } catch (...) {
            failures[slice] = std::current_exception();
        }
    };
    std::exception_ptr starting;
    try {
        for (idx_t slice = 0; slice < slices; ++slice) {
            workers.emplace_back([&run, slice] {
                faiss_set_thread_limit(1);
                run(slice);
            });
        }
    } catch (...) {
        starting = std::current_exception(); // The threads that did start must be joined first.
    }
    for (auto& worker : workers) {
        worker.join();
    }
    if (starting) {
        std::rethrow_exception(starting);
    }
    for (const auto& failure : failures) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
}

/// A flat index that searches in slices and reports each search as a step of `work`. Handed to Faiss's k-means as the
/// index that assigns points, it brings threads, progress and cancellation into the training.
struct AssignmentIndex : faiss::IndexFlat {
    AssignmentIndex(idx_t d, faiss::MetricType metric, const FaissWork& work, size_t& step, size_t steps)
            : IndexFlat(d, metric), work(work), step(step), steps(steps) {}

    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params = nullptr) const override;

    const FaissWork& work;
    size_t& step; // Shared by the indexes of one training.
    const size_t steps;
};

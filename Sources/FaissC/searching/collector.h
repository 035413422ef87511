// What a search has found so far, for one query: the nearest, or all within a distance. Kinds of indexes offer what they
// store.

#pragma once

#include "../kernels/scan.h"

#include <faiss/Index.h>
#include <faiss/c_api/faiss_c.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using Selector = faiss::IDSelector;

inline ScanMetric metric_of(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_INNER_PRODUCT ? ScanMetric::innerProduct : ScanMetric::squaredL2;
}

/// What a distance is multiplied by so that it is smaller for what is nearer, and back: see scan.h.
inline float sign_of(ScanMetric metric) {
    return metric == ScanMetric::innerProduct ? -1.0f : 1.0f;
}

/// A run of stored vectors whose distances are known.
struct ScanRun {
    size_t count; ///< at most scan_run
    const idx_t* ids; ///< their ids; NULL where an id is a position
    idx_t first; ///< the first one's position
};

/// Takes offers. Distances are smaller for what is nearer.
class Collector {
  public:
    Collector(const Selector* selector, float limit)
            : limit(limit), kernels(*faiss_distance_kernels(kernel_level())), selector(selector) {}
    virtual ~Collector() = default;

    /// Takes those that are near enough and that the filter lets pass.
    void offer(const float* distances, const ScanRun& run) {
        uint32_t positions[scan_run];
        const size_t count = kernels.not_greater(distances, run.count, limit, positions);
        for (size_t i = 0; i < count; ++i) {
            offer_one(distances[positions[i]], run, positions[i]);
        }
    }

    void offer_one(float distance, const ScanRun& run, size_t position) {
        if (!(distance <= limit)) {
            return; // Nor is what is not a number.
        }
        const idx_t* id = run.ids ? run.ids + position : nullptr;
        const idx_t place = run.first + static_cast<idx_t>(position);
        if (!selector || selector->is_member(id ? *id : place)) {
            take(distance, id, place);
        }
    }

    /// Copies ids that it has not looked at yet: the memory that they were offered in is about to go.
    virtual void settle() {}

    /// Whether the filter lets a position pass that is its own id.
    bool admits(idx_t position) const {
        return !selector || selector->is_member(position);
    }

    /// What is farther is of no interest.
    float limit;

  private:
    virtual void take(float distance, const idx_t* id, idx_t position) = 0;

    const FaissDistanceKernels& kernels;
    const Selector* selector;
};

/// The k nearest; of equally near ones those with the smallest ids.
class NearestCollector final : public Collector {
  public:
    NearestCollector(const Selector* selector, size_t k)
            : Collector(selector, std::numeric_limits<float>::infinity()), k(k) {
        heap.reserve(std::min<size_t>(k, 1024)); // There may be fewer to find than are asked for.
    }

    void settle() override {
        for (Candidate& candidate : heap) {
            candidate = {candidate.distance, nullptr, candidate.identity()};
        }
    }

    /// Writes the answers, nearest first, and for what is missing what Faiss writes there.
    void finish(ScanMetric metric, float* distances, idx_t* labels) {
        std::sort_heap(heap.begin(), heap.end());
        for (size_t i = 0; i < k; ++i) {
            const bool is_there = i < heap.size();
            distances[i] = sign_of(metric) * (is_there ? heap[i].distance : std::numeric_limits<float>::max());
            labels[i] = is_there ? heap[i].identity() : -1;
        }
    }

  private:
    struct Candidate {
        float distance;
        const idx_t* id; // Read at the end, or when distances are equal: by then most candidates are gone.
        idx_t position;

        idx_t identity() const {
            return id ? *id : position;
        }
        bool operator<(const Candidate& other) const {
            return distance < other.distance || (distance == other.distance && identity() < other.identity());
        }
    };

    void take(float distance, const idx_t* id, idx_t position) override {
        const Candidate candidate{distance, id, position};
        if (heap.size() < k) {
            heap.push_back(candidate);
            std::push_heap(heap.begin(), heap.end());
        } else if (candidate < heap[0]) {
            replace_farthest(candidate);
        }
        if (heap.size() == k) {
            limit = heap[0].distance;
        }
    }

    void replace_farthest(const Candidate& candidate) {
        size_t hole = 0;
        for (size_t child = 1; child < k; child = 2 * hole + 1) {
            if (child + 1 < k && heap[child] < heap[child + 1]) {
                ++child;
            }
            if (!(candidate < heap[child])) {
                break;
            }
            heap[hole] = heap[child];
            hole = child;
        }
        heap[hole] = candidate;
    }

    const size_t k;
    std::vector<Candidate> heap;
};

/// All that are nearer than a radius.
class RadiusCollector final : public Collector {
  public:
    RadiusCollector(const Selector* selector, ScanMetric metric, float radius, faiss::RangeQueryResult& result)
            : Collector(selector, std::nextafter(sign_of(metric) * radius, -std::numeric_limits<float>::infinity())),
              sign(sign_of(metric)),
              result(result) {}

  private:
    void take(float distance, const idx_t* id, idx_t position) override {
        result.add(sign * distance, id ? *id : position);
    }

    const float sign;
    faiss::RangeQueryResult& result;
};

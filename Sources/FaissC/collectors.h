// Where the scans of our own put what they find: the k nearest, or all within a distance.

#pragma once

#include <faiss/Index.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/utils/Heap.h>

/// The k nearest of what it is shown. `Order` is faiss::CMax where smaller is nearer, faiss::CMin where larger is.
template <class Order>
class Nearest {
  public:
    Nearest(idx_t k, typename Order::T* distances, idx_t* labels) : k(k), distances(distances), labels(labels) {
        faiss::heap_heapify<Order>(k, distances, labels);
    }
    void operator()(idx_t label, typename Order::T distance) {
        if (Order::cmp(distances[0], distance)) {
            faiss::heap_replace_top<Order>(k, distances, labels, distance, label);
        }
    }
    /// Brings the nearest to the front.
    void finish() {
        faiss::heap_reorder<Order>(k, distances, labels);
    }

  private:
    const idx_t k;
    typename Order::T* const distances;
    idx_t* const labels;
};

/// All that is nearer than a radius.
template <class Order>
class Within {
  public:
    Within(float radius, faiss::RangeQueryResult& found) : radius(radius), found(found) {}
    void operator()(idx_t label, float distance) {
        if (Order::cmp(radius, distance)) {
            found.add(distance, label);
        }
    }

  private:
    const float radius;
    faiss::RangeQueryResult& found;
};

/// Calls scan(query, collector) for each query and keeps the k nearest of what it shows the collector.
template <class Scan>
void collect_nearest(faiss::MetricType metric, idx_t n, idx_t k, float* distances, idx_t* labels, const Scan& scan) {
    const auto run = [&](auto order) {
        for (idx_t query = 0; query < n; ++query) {
            Nearest<decltype(order)> nearest(k, distances + query * k, labels + query * k);
            scan(query, nearest);
            nearest.finish();
        }
    };
    if (metric == faiss::METRIC_INNER_PRODUCT) {
        run(faiss::CMin<float, idx_t>());
    } else {
        run(faiss::CMax<float, idx_t>());
    }
}

/// Calls scan(query, collector) for each query and keeps what is nearer than the radius.
template <class Scan>
void collect_within(
        faiss::MetricType metric,
        idx_t n,
        float radius,
        faiss::RangeSearchResult* result,
        const Scan& scan) {
    faiss::RangeSearchPartialResult partial(result);
    const auto run = [&](auto order) {
        for (idx_t query = 0; query < n; ++query) {
            Within<decltype(order)> within(radius, partial.new_result(query));
            scan(query, within);
        }
    };
    if (metric == faiss::METRIC_INNER_PRODUCT) {
        run(faiss::CMin<float, idx_t>());
    } else {
        run(faiss::CMax<float, idx_t>());
    }
    partial.finalize();
}

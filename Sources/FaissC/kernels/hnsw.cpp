#include "hnsw.h"

#include "graph.h"
#include "rows.h"

#include <faiss/IndexFlat.h>

#include <cfloat>

namespace {

using graph::Node;

/// Vectors as they are stored in a flat index.
struct FlatSpace {
    using Value = float;

    explicit FlatSpace(const faiss::IndexHNSW& index)
            : comparison(index.metric_type, static_cast<size_t>(index.d)),
              vectors(dynamic_cast<const faiss::IndexFlat&>(*index.storage).get_xb()) {}

    PreparedQueries prepare(const float* x) const {
        return PreparedQueries(comparison, x, comparison.d, 1);
    }

    const float* vector(Node node) const {
        return vectors + static_cast<size_t>(node) * comparison.d;
    }

    float key(const float* query, Node node) const {
        return comparison.key(query, vector(node));
    }

    void keys(const float* query, const Node* nodes, size_t count, float* keys) const {
        comparison.keys(query, vectors, nodes, count, keys);
    }

    float between(Node a, Node b) const {
        return comparison.of_stored(key(vector(a), b));
    }

    void between(Node a, const Node* nodes, size_t count, float* keys) const {
        this->keys(vector(a), nodes, count, keys);
        std::transform(keys, keys + count, keys, [&](float key) { return comparison.of_stored(key); });
    }

    const Comparison comparison;
    const float* const vectors;
};

} // namespace

void search_graph(
        const faiss::IndexHNSW& index,
        idx_t n,
        const float* x,
        idx_t k,
        size_t ef,
        const faiss::IDSelector* selector,
        float* distances,
        idx_t* labels) {
    const graph::Graph<FlatSpace> graph(index.hnsw, FlatSpace(index));
    const Comparison& comparison = graph.space.comparison;
    const auto places = static_cast<size_t>(k);
    std::vector<graph::Neighbor> nearest;
    for (size_t query = 0; query < static_cast<size_t>(n); ++query) {
        graph::find_nearest(graph, x + query * comparison.d, places, ef, selector, nearest);
        for (size_t place = 0; place < places; ++place) {
            const bool is_there = place < nearest.size();
            distances[query * places + place] = comparison.distance(is_there ? nearest[place].key : FLT_MAX);
            labels[query * places + place] = is_there ? nearest[place].node : graph::none;
        }
    }
}

void add_to_graph(faiss::IndexHNSW& index, idx_t n, const float* x, int threads) {
    const auto before = static_cast<size_t>(index.ntotal);
    const auto count = static_cast<size_t>(n);
    auto& vectors = dynamic_cast<faiss::IndexFlat&>(*index.storage);
    reserve_on_large_pages(vectors.codes, (before + count) * vectors.code_size);
    graph::reserve_links(index.hnsw, count);
    vectors.add(n, x);
    index.ntotal = vectors.ntotal;
    graph::add_nodes(index.hnsw, FlatSpace(index), before, count, threads);
}

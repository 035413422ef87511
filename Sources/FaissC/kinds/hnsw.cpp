// A graph over vectors stored as they are: IndexHNSWFlat. How graphs are built and walked stands in searching/graph.h.

#include "../searching/comparison.h"
#include "../searching/graph.h"
#include "flat.h"
#include "makers.h"

namespace {

using graph::Node;

/// Vectors as they are stored in a flat index.
struct FlatSpace {
    using Value = float;

    explicit FlatSpace(const faiss::IndexFlat& index)
            : comparison(index.metric_type, index.d), vectors(index.get_xb()) {}

    PreparedQueries prepare(const float* x) const {
        return PreparedQueries(comparison, x, comparison.d, 1);
    }

    const float* vector(Node node) const {
        return vectors + static_cast<size_t>(node) * comparison.d;
    }

    float key(const float* query, Node node) const {
        return comparison.key(query, vector(node));
    }

    void keys(const float* query, const Node* nodes, size_t count, float limit, float* keys) const {
        comparison.keys(query, vectors, nodes, count, limit, keys);
    }

    float between(Node a, Node b) const {
        return comparison.of_stored(key(vector(a), b));
    }

    void between(Node a, const Node* nodes, size_t count, float* keys) const {
        this->keys(vector(a), nodes, count, INFINITY, keys);
        std::transform(keys, keys + count, keys, [&](float key) { return comparison.of_stored(key); });
    }

    bool are_equal(Node a, Node b) const {
        return std::memcmp(vector(a), vector(b), comparison.d * sizeof(float)) == 0;
    }

    const Comparison comparison;
    const float* const vectors;
};

class GraphKind : public Kind<float> {
  public:
    GraphKind(faiss::IndexHNSW& index, faiss::IndexFlat& vectors) : index(index), vectors(vectors), exact(vectors) {}

    void train(idx_t, const float*, Training&) override {
        index.is_trained = true;
    }

    void reserve(idx_t n) override {
        exact.reserve(n);
    }

    void add(idx_t n, const float* x, const idx_t* ids, int threads) override {
        const auto before = static_cast<size_t>(index.ntotal);
        graph::reserve_links(index.hnsw, n);
        exact.add(n, x, ids, threads);
        index.ntotal = vectors.ntotal;
        graph::add_nodes(index.hnsw, FlatSpace(vectors), before, n, threads);
    }

    void prepare() override {
        move_to_large_pages(vectors.codes);
        move_to_large_pages(index.hnsw.neighbors);
    }

    size_t remove(size_t, const idx_t*) override {
        FAISS_THROW_MSG("a graph can't remove vectors");
    }

    void search(const Queries<float>& queries, idx_t k, float* distances, idx_t* labels) const override {
        const FaissSearchOptions& options = queries.options;
        if (is_cheaper_exhaustively(std::max<idx_t>(k, options.efSearch))) {
            FaissSearchOptions alone = options;
            alone.threads = 1;
            exact.search({queries.count, queries.x, alone}, k, distances, labels);
            return;
        }
        const Selectors selectors(options);
        const graph::Graph<FlatSpace> graph(index.hnsw, FlatSpace(vectors));
        for (idx_t query = 0; query < queries.count; ++query) {
            const float* x = queries.x + query * index.d;
            const idx_t first = query * k;
            graph::find_nearest(graph, x, k, options.efSearch, selectors.get(), distances + first, labels + first);
        }
        std::transform(distances, distances + queries.count * k, distances, [&](float key) {
            return graph.space.comparison.distance(key);
        });
    }

    void search_within(const Queries<float>&, float, faiss::RangeSearchResult&) const override {
        FAISS_THROW_MSG("a graph can't search within a distance");
    }

    void reconstruct(size_t n, const idx_t* labels, float* x) const override {
        exact.reconstruct(n, labels, x);
    }

    void describe(FaissIndexShape& shape) const override {
        exact.describe(shape);
        graph::describe(index.hnsw, shape);
    }

  private:
    /// Whether looking at every vector costs less than walking the graph: a walk with ef candidates computes about 32
    /// distances and scans the queue once for each of them, so that its cost grows with the square of ef. Then the answer
    /// is exact, too.
    bool is_cheaper_exhaustively(idx_t ef) const {
        return static_cast<double>(ef) * (32 + static_cast<double>(ef) / index.d) >= static_cast<double>(index.ntotal);
    }

    faiss::IndexHNSW& index;
    faiss::IndexFlat& vectors;
    FlatKind exact;
};

} // namespace

FloatKind make_kind(faiss::IndexHNSW& index, faiss::IndexFlat& vectors) {
    return std::make_unique<GraphKind>(index, vectors);
}

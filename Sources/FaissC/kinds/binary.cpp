// Binary vectors, compared by how many bits differ: IndexBinaryFlat, IndexBinaryIVF and IndexBinaryHNSW. Faiss 1.7.3's own
// searches of them take no filter, leave to chance which of the many equally far vectors are found, and count bits as the
// oldest processors do.
//
// Flat ones are found by their ids, so that equally far ones are found in that order; a graph knows positions only.

#include "../kernels/hamming.h"
#include "../searching/graph.h"
#include "../searching/nearest_centroids.h"
#include "../threads.h"
#include "flat.h"
#include "makers.h"
#include "stored_labels.h"

#include <cstring>

namespace {

/// Offers rows to one query.
///
/// @param ids  of the rows, or NULL where an id is a position
void offer_rows(
        const uint8_t* query,
        const uint8_t* rows,
        const idx_t* ids,
        size_t first,
        size_t last,
        size_t row_bytes,
        Collector& collector) {
    static const HammingKernels& kernels = hamming_kernels(kernel_level());
    uint32_t distances[hamming_run];
    uint32_t positions[hamming_run];
    while (first < last) {
        // As long as nothing is known all are taken in, one by one.
        const bool is_known = collector.limit < std::numeric_limits<float>::infinity();
        const size_t count = std::min(is_known ? hamming_run : 32, last - first);
        if (collector.limit >= 0) {
            const auto limit = static_cast<uint32_t>(std::min(collector.limit, 4e9f));
            const size_t near =
                    kernels.find(query, rows + first * row_bytes, count, row_bytes, limit, distances, positions);
            const ScanRun run{count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
            for (size_t i = 0; i < near; ++i) {
                collector.offer_one(static_cast<float>(distances[i]), run, positions[i]);
            }
        }
        first += count;
    }
}

/// Offers a flat index's rows to many queries, which all look at a stretch of rows while it is in the cache.
void offer_flat(
        const faiss::IndexBinaryFlat& index,
        size_t n,
        const uint8_t* x,
        const idx_t* ids,
        Collector* const* collectors) {
    const size_t size = index.code_size;
    const size_t bytes = 128 << 10;
    const size_t stretch = std::max<size_t>(bytes / size / hamming_run, 1) * hamming_run;
    const auto count = static_cast<size_t>(index.ntotal);
    for (size_t first = 0; first < count; first += stretch) {
        for (size_t query = 0; query < n; ++query) {
            const size_t last = std::min(count, first + stretch);
            offer_rows(x + query * size, index.xb.data(), ids, first, last, size, *collectors[query]);
        }
    }
}

/// The lists of the nearest centroids, nearest first, equally near ones in order.
std::vector<idx_t> nearest_lists(const faiss::IndexBinaryFlat& centroids, size_t n, const uint8_t* x, size_t probes) {
    std::vector<NearestCollector> nearest;
    std::vector<Collector*> collectors;
    nearest.reserve(n);
    for (size_t i = 0; i < n; ++i) {
        nearest.emplace_back(nullptr, probes);
        collectors.push_back(&nearest.back());
    }
    offer_flat(centroids, n, x, nullptr, collectors.data());
    std::vector<float> distances(n * probes);
    std::vector<idx_t> lists(n * probes);
    for (size_t i = 0; i < n; ++i) {
        nearest[i].finish(ScanMetric::squaredL2, distances.data() + i * probes, lists.data() + i * probes);
    }
    return lists;
}

/// The list of the nearest centroid, the first of equally near ones.
idx_t nearest_centroid(const faiss::IndexBinaryFlat& centroids, const uint8_t* x) {
    const HammingKernels& kernels = hamming_kernels(kernel_level());
    const size_t size = centroids.code_size;
    const auto count = static_cast<size_t>(centroids.ntotal);
    uint32_t distances[hamming_run];
    uint32_t positions[hamming_run];
    uint32_t least = UINT32_MAX;
    size_t nearest = 0;
    for (size_t first = 0, run = 16; first < count && least > 0; first += run, run = hamming_run) {
        const uint8_t* rows = centroids.xb.data() + first * size;
        const size_t near =
                kernels.find(x, rows, std::min(run, count - first), size, least - 1, distances, positions);
        for (size_t i = 0; i < near; ++i) {
            if (distances[i] < least) {
                least = distances[i];
                nearest = first + positions[i];
            }
        }
    }
    return static_cast<idx_t>(nearest);
}

/// The filter as a kind sees it that knows ids: without the way from positions to them.
FaissSearchOptions with_ids(FaissSearchOptions options) {
    options.external_ids = nullptr;
    return options;
}

void copy_row(const faiss::IndexBinaryFlat& index, idx_t place, uint8_t* row) {
    check_position(place, index.ntotal);
    std::copy_n(index.xb.data() + static_cast<size_t>(place) * index.code_size, index.code_size, row);
}

// MARK: Flat

class BinaryFlatKind : public ScannedKind<uint8_t> {
  public:
    explicit BinaryFlatKind(faiss::IndexBinaryFlat& index)
            : ScannedKind(ScanMetric::squaredL2, index.code_size), index(index) {}

    void train(idx_t, const uint8_t*, Training&) override {}

    void add(idx_t n, const uint8_t* x, const idx_t*, int) override {
        index.add(n, x);
    }

    size_t remove(size_t n, const idx_t* labels) override {
        return index.remove_ids(AscendingSelector(labels, n));
    }

    void reconstruct(size_t n, const idx_t* labels, uint8_t* x) const override {
        for (size_t i = 0; i < n; ++i) {
            copy_row(index, labels[i], x + i * index.code_size);
        }
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_FLAT;
        shape.bytes = index.xb.size();
    }

  protected:
    void scan(const Queries<uint8_t>& queries, Collector* const* collectors) const override {
        offer_flat(index, queries.count, queries.x, queries.options.external_ids, collectors);
    }

    FaissSearchOptions filter(const FaissSearchOptions& options) const override {
        return with_ids(options);
    }

  private:
    faiss::IndexBinaryFlat& index;
};

// MARK: Inverted lists

/// Assigns points in slices, each assignment being a step: what Faiss's k-means is given to search with.
struct AssignmentIndex : FlatIndex {
    AssignmentIndex(idx_t d, Training& training) : FlatIndex(d, faiss::METRIC_L2), training(training) {}

    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params = nullptr) const override {
        FAISS_THROW_IF_NOT(k == 1 && !params);
        training.report();
        in_slices(n, training.work.threads, [&](idx_t first, idx_t count) {
            const float* own = x + first * d;
            assign_nearest(
                    metric_type, d, own, d, count, get_xb(), ntotal, labels + first, distances + first);
        });
    }

    Training& training;
};

class BinaryListsKind : public ScannedKind<uint8_t> {
  public:
    BinaryListsKind(faiss::IndexBinaryIVF& ivf, faiss::IndexBinaryFlat& centroids)
            : ScannedKind(ScanMetric::squaredL2, ivf.code_size), ivf(ivf), centroids(centroids) {}

    /// Faiss's k-means on vectors of 1 and -1, whose centroids are rounded to bits, with our assignment.
    void train(idx_t n, const uint8_t* x, Training& training) override {
        ivf.cp.niter = training.parameters.niter;
        ivf.cp.max_points_per_centroid = training.parameters.max_points_per_centroid;
        ivf.cp.seed = training.parameters.seed;
        ivf.cp.min_points_per_centroid = 1; // Below this Faiss prints; the Swift layer has its own minimum.
        ivf.cp.verbose = false;
        // Vectors are decoded piece by piece, each of which is a step.
        const size_t points = std::min<size_t>(n, ivf.nlist * ivf.cp.max_points_per_centroid);
        const size_t piece = ivf.cp.decode_block_size;
        training.steps = static_cast<size_t>(ivf.cp.niter) * ((points + piece - 1) / piece);
        AssignmentIndex assignment(ivf.d, training);
        ivf.clustering_index = &assignment;
        const std::unique_ptr<faiss::IndexBinaryIVF, void (*)(faiss::IndexBinaryIVF*)> lent(
                &ivf, [](faiss::IndexBinaryIVF* ivf) { ivf->clustering_index = nullptr; });
        ivf.train(n, x);
    }

    void add(idx_t n, const uint8_t* x, const idx_t* ids, int threads) override {
        std::vector<idx_t> lists(n);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            for (idx_t i = first; i < first + count; ++i) {
                lists[i] = nearest_centroid(centroids, x + i * ivf.code_size);
            }
        });
        for (idx_t i = 0; i < n; ++i) {
            ivf.invlists->add_entry(lists[i], ids[i], x + i * ivf.code_size);
        }
        ivf.ntotal += n;
    }

    size_t remove(size_t n, const idx_t* labels) override {
        return ivf.remove_ids(AscendingSelector(labels, n));
    }

    void reconstruct(size_t n, const idx_t* labels, uint8_t* x) const override {
        const size_t size = ivf.code_size;
        find_labels(*ivf.invlists, n, labels, [&](size_t list, size_t place, size_t number) {
            std::copy_n(ivf.invlists->get_codes(list) + place * size, size, x + number * size);
        });
    }

    void describe(FaissIndexShape& shape) const override {
        shape.kind = FAISS_KIND_FLAT;
        shape.nlist = ivf.nlist;
        shape.bytes = centroids.xb.size() + static_cast<size_t>(ivf.ntotal) * (ivf.code_size + sizeof(idx_t));
    }

    void copy_labels(idx_t* labels) const override {
        copy_stored_labels(*ivf.invlists, labels);
    }

    bool replace_labels(const idx_t* ids, size_t count) override {
        replace_stored_labels(*ivf.invlists, ids, count);
        return true;
    }

  protected:
    void scan(const Queries<uint8_t>& queries, Collector* const* collectors) const override {
        const size_t probes = std::clamp<size_t>(queries.options.nprobe, 1, ivf.nlist), size = ivf.code_size;
        const std::vector<idx_t> nearest = nearest_lists(centroids, queries.count, queries.x, probes);
        for (idx_t query = 0; query < queries.count; ++query) {
            for (size_t probe = 0; probe < probes; ++probe) {
                const auto list = static_cast<size_t>(nearest[query * probes + probe]);
                offer_rows(
                        queries.x + query * size,
                        ivf.invlists->get_codes(list),
                        ivf.invlists->get_ids(list),
                        0,
                        ivf.invlists->list_size(list),
                        size,
                        *collectors[query]);
            }
        }
    }

    FaissSearchOptions filter(const FaissSearchOptions& options) const override {
        return with_ids(options);
    }

  private:
    faiss::IndexBinaryIVF& ivf;
    faiss::IndexBinaryFlat& centroids;
};

// MARK: Graph

/// Vectors as they are stored in a flat index. Keys are numbers of bits.
struct HammingSpace {
    using Value = uint8_t;

    struct Prepared {
        const uint8_t* operator[](size_t) const {
            return x;
        }
        const uint8_t* x;
    };

    explicit HammingSpace(const faiss::IndexBinaryFlat& index)
            : vectors(index.xb.data()),
              size(index.code_size),
              distance(hamming_kernels(kernel_level()).distance) {}

    Prepared prepare(const uint8_t* x) const {
        return {x};
    }

    const uint8_t* vector(graph::Node node) const {
        return vectors + static_cast<size_t>(node) * size;
    }

    float key(const uint8_t* query, graph::Node node) const {
        return static_cast<float>(distance(query, vector(node), size));
    }

    void keys(const uint8_t* query, const graph::Node* nodes, size_t count, float, float* keys) const {
        for (size_t i = 0; i < count; ++i) {
            __builtin_prefetch(vector(nodes[i]));
        }
        for (size_t i = 0; i < count; ++i) {
            keys[i] = key(query, nodes[i]);
        }
    }

    float between(graph::Node a, graph::Node b) const {
        return key(vector(a), b);
    }

    void between(graph::Node a, const graph::Node* nodes, size_t count, float* keys) const {
        this->keys(vector(a), nodes, count, INFINITY, keys);
    }

    bool are_equal(graph::Node a, graph::Node b) const {
        return std::memcmp(vector(a), vector(b), size) == 0;
    }

    const uint8_t* const vectors;
    const size_t size;
    uint32_t (*const distance)(const uint8_t* x, const uint8_t* y, size_t row_bytes);
};

class BinaryGraphKind : public Kind<uint8_t> {
  public:
    BinaryGraphKind(faiss::IndexBinaryHNSW& index, faiss::IndexBinaryFlat& vectors) : index(index), vectors(vectors) {}

    void train(idx_t, const uint8_t*, Training&) override {}

    void add(idx_t n, const uint8_t* x, const idx_t*, int threads) override {
        const auto before = static_cast<size_t>(index.ntotal);
        graph::reserve_links(index.hnsw, n);
        vectors.add(n, x);
        index.ntotal = vectors.ntotal;
        graph::add_nodes(index.hnsw, HammingSpace(vectors), before, n, threads);
    }

    size_t remove(size_t, const idx_t*) override {
        FAISS_THROW_MSG("a graph can't remove vectors");
    }

    void search(const Queries<uint8_t>& queries, idx_t k, float* distances, idx_t* labels) const override {
        const FaissSearchOptions& options = queries.options;
        const Selectors selectors(options);
        const graph::Graph<HammingSpace> graph(index.hnsw, HammingSpace(vectors));
        for (idx_t query = 0; query < queries.count; ++query) {
            const uint8_t* x = queries.x + query * index.code_size;
            const idx_t first = query * k;
            graph::find_nearest(graph, x, k, options.efSearch, selectors.get(), distances + first, labels + first);
        }
        for (idx_t i = 0; options.external_ids && i < queries.count * k; ++i) {
            labels[i] = labels[i] < 0 ? labels[i] : options.external_ids[labels[i]];
        }
    }

    void search_within(const Queries<uint8_t>&, float, faiss::RangeSearchResult&) const override {
        FAISS_THROW_MSG("a graph can't search within a distance");
    }

    void reconstruct(size_t n, const idx_t* labels, uint8_t* x) const override {
        for (size_t i = 0; i < n; ++i) {
            copy_row(vectors, labels[i], x + i * index.code_size);
        }
    }

    void describe(FaissIndexShape& shape) const override {
        shape.bytes = vectors.xb.size();
        graph::describe(index.hnsw, shape);
    }

  private:
    faiss::IndexBinaryHNSW& index;
    faiss::IndexBinaryFlat& vectors;
};

} // namespace

BinaryKind make_kind(faiss::IndexBinaryFlat& index) {
    return std::make_unique<BinaryFlatKind>(index);
}

BinaryKind make_kind(faiss::IndexBinaryIVF& index, faiss::IndexBinaryFlat& centroids) {
    return std::make_unique<BinaryListsKind>(index, centroids);
}

BinaryKind make_kind(faiss::IndexBinaryHNSW& index, faiss::IndexBinaryFlat& vectors) {
    return std::make_unique<BinaryGraphKind>(index, vectors);
}

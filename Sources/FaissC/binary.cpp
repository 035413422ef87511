// Binary vectors, compared by how many bits differ: Faiss's IndexBinaryFlat, IndexBinaryIVF and IndexBinaryHNSW hold and
// write them, all work is done here with our own kernels. Faiss 1.7.3's own searches take no filter, leave to chance
// which of the many equally far vectors are found, and count bits as the oldest processors do.

#include "guarded.h"
#include "io.h"
#include "kernels/graph.h"
#include "kernels/hamming.h"
#include "nested.h"
#include "scanning/found.h"
#include "selectors.h"
#include "threads.h"

#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>
#include <faiss/IndexBinaryIVF.h>
#include <faiss/IndexIDMap.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

namespace {

faiss::IndexBinary* cpp(FaissIndexBinary* index) {
    return reinterpret_cast<faiss::IndexBinary*>(index);
}

const faiss::IndexBinary* cpp(const FaissIndexBinary* index) {
    return reinterpret_cast<const faiss::IndexBinary*>(index);
}

FaissIndexBinary* c(faiss::IndexBinary* index) {
    return reinterpret_cast<FaissIndexBinary*>(index);
}

const faiss::IndexBinaryFlat& flat(const faiss::IndexBinary* index) {
    return dynamic_cast<const faiss::IndexBinaryFlat&>(*index);
}

size_t row_bytes(const faiss::IndexBinary& index) {
    return static_cast<size_t>(index.code_size);
}

// MARK: Looking at all rows

/// Offers rows to one query.
///
/// @param ids  of the rows, or NULL where an id is a position
void scan(
        const uint8_t* query,
        const uint8_t* rows,
        const idx_t* ids,
        size_t first,
        size_t last,
        size_t row_bytes,
        scanning::Found& found) {
    static const HammingKernels& kernels = hamming_kernels(kernel_level());
    uint32_t distances[hamming_run];
    uint32_t positions[hamming_run];
    while (first < last) {
        // As long as nothing is known all are taken in, one by one.
        const bool is_known = found.limit < std::numeric_limits<float>::infinity();
        const size_t count = std::min(is_known ? hamming_run : 32, last - first);
        if (found.limit >= 0) {
            const auto limit = static_cast<uint32_t>(std::min(found.limit, 4e9f));
            const size_t near =
                    kernels.find(query, rows + first * row_bytes, count, row_bytes, limit, distances, positions);
            const scanning::ScanRun run{count, ids ? ids + first : nullptr, static_cast<idx_t>(first)};
            for (size_t i = 0; i < near; ++i) {
                found.offer_one(static_cast<float>(distances[i]), run, positions[i]);
            }
        }
        first += count;
    }
}

/// Offers a flat index's rows to many queries, which all look at a stretch of rows while it is in the cache.
void scan_flat(
        const faiss::IndexBinaryFlat& index,
        size_t n,
        const uint8_t* x,
        const idx_t* ids,
        scanning::Found* const* founds) {
    const size_t size = row_bytes(index);
    const size_t bytes = 128 << 10;
    const size_t stretch = std::max<size_t>(bytes / size / hamming_run, 1) * hamming_run;
    const auto count = static_cast<size_t>(index.ntotal);
    for (size_t first = 0; first < count; first += stretch) {
        for (size_t query = 0; query < n; ++query) {
            scan(x + query * size, index.xb.data(), ids, first, std::min(count, first + stretch), size, *founds[query]);
        }
    }
}

/// The lists of the nearest centroids, nearest first, equally near ones in order.
std::vector<idx_t> nearest_lists(const faiss::IndexBinaryIVF& ivf, size_t n, const uint8_t* x, size_t probes) {
    std::vector<scanning::Nearest> nearest;
    std::vector<scanning::Found*> founds;
    nearest.reserve(n);
    for (size_t i = 0; i < n; ++i) {
        nearest.emplace_back(nullptr, probes);
        founds.push_back(&nearest.back());
    }
    scan_flat(flat(ivf.quantizer), n, x, nullptr, founds.data());
    std::vector<float> distances(n * probes);
    std::vector<idx_t> lists(n * probes);
    for (size_t i = 0; i < n; ++i) {
        nearest[i].finish(ScanMetric::squaredL2, distances.data() + i * probes, lists.data() + i * probes);
    }
    return lists;
}

/// The list of the nearest centroid, the first of equally near ones.
idx_t nearest_list(const faiss::IndexBinaryFlat& centroids, const uint8_t* x) {
    const HammingKernels& kernels = hamming_kernels(kernel_level());
    const size_t size = row_bytes(centroids);
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

/// Offers to each query what the lists nearest to it hold.
void scan_lists(
        const faiss::IndexBinaryIVF& ivf,
        size_t n,
        const uint8_t* x,
        size_t probes,
        scanning::Found* const* founds) {
    probes = std::clamp<size_t>(probes, 1, ivf.nlist);
    const std::vector<idx_t> lists = nearest_lists(ivf, n, x, probes);
    const size_t size = row_bytes(ivf);
    for (size_t query = 0; query < n; ++query) {
        for (size_t probe = 0; probe < probes; ++probe) {
            const auto list = static_cast<size_t>(lists[query * probes + probe]);
            scan(x + query * size,
                 ivf.invlists->get_codes(list),
                 ivf.invlists->get_ids(list),
                 0,
                 ivf.invlists->list_size(list),
                 size,
                 *founds[query]);
        }
    }
}

/// Offers to each query what an index without a graph holds, under its ids.
void scan_index(
        const faiss::IndexBinary* index,
        size_t n,
        const uint8_t* x,
        const FaissSearchOptions& options,
        scanning::Found* const* founds) {
    if (const auto* ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(index)) {
        scan_lists(*ivf, n, x, options.nprobe, founds);
    } else {
        scan_flat(flat(index), n, x, options.external_ids, founds);
    }
}

/// The filter as an index sees it that knows ids: without the way from positions to them.
FaissSearchOptions with_ids(FaissSearchOptions options) {
    options.external_ids = nullptr;
    return options;
}

// MARK: Graphs

/// Vectors as they are stored in a flat index. Keys are numbers of bits.
struct HammingSpace {
    using Value = uint8_t;

    struct Prepared {
        const uint8_t* operator[](size_t) const {
            return x;
        }
        const uint8_t* x;
    };

    explicit HammingSpace(const faiss::IndexBinaryHNSW& index)
            : vectors(flat(index.storage).xb.data()), size(row_bytes(index)), distance(hamming_kernels(kernel_level()).distance) {}

    Prepared prepare(const uint8_t* x) const {
        return {x};
    }

    const uint8_t* vector(graph::Node node) const {
        return vectors + static_cast<size_t>(node) * size;
    }

    float key(const uint8_t* query, graph::Node node) const {
        return static_cast<float>(distance(query, vector(node), size));
    }

    void keys(const uint8_t* query, const graph::Node* nodes, size_t count, float* keys) const {
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
        this->keys(vector(a), nodes, count, keys);
    }

    bool are_equal(graph::Node a, graph::Node b) const {
        return std::memcmp(vector(a), vector(b), size) == 0;
    }

    const uint8_t* const vectors;
    const size_t size;
    uint32_t (*const distance)(const uint8_t* x, const uint8_t* y, size_t row_bytes);
};

void search_binary_graph(
        const faiss::IndexBinaryHNSW& index,
        size_t n,
        const uint8_t* x,
        size_t k,
        const FaissSearchOptions& options,
        float* distances,
        idx_t* labels) {
    const Selectors selectors(options);
    const graph::Graph<HammingSpace> graph(index.hnsw, HammingSpace(index));
    std::vector<graph::Neighbor> nearest;
    for (size_t query = 0; query < n; ++query) {
        const auto ef = static_cast<size_t>(std::max(options.efSearch, 1));
        graph::find_nearest(graph, x + query * row_bytes(index), k, ef, selectors.get(), nearest);
        for (size_t place = 0; place < k; ++place) {
            const bool is_there = place < nearest.size();
            const idx_t node = is_there ? nearest[place].node : -1;
            distances[query * k + place] = is_there ? nearest[place].key : INFINITY;
            labels[query * k + place] = is_there && options.external_ids ? options.external_ids[node] : node;
        }
    }
}

void add_to_binary_graph(faiss::IndexBinaryHNSW& index, size_t n, const uint8_t* x, int threads) {
    const auto before = static_cast<size_t>(index.ntotal);
    graph::reserve_links(index.hnsw, n);
    index.storage->add(static_cast<idx_t>(n), x);
    index.ntotal = index.storage->ntotal;
    graph::add_nodes(index.hnsw, HammingSpace(index), before, n, threads);
}

// MARK: Lists

void add_to_binary_lists(faiss::IndexBinaryIVF& ivf, idx_t n, const uint8_t* x, const idx_t* ids, int threads) {
    const size_t size = row_bytes(ivf);
    std::vector<idx_t> lists(n);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        for (idx_t i = first; i < first + count; ++i) {
            lists[i] = nearest_list(flat(ivf.quantizer), x + i * size);
        }
    });
    for (idx_t i = 0; i < n; ++i) {
        ivf.invlists->add_entry(lists[i], ids[i], x + i * size);
    }
    ivf.ntotal += n;
}

/// Faiss's k-means on vectors of 1 and -1, whose centroids are rounded to bits, with our assignment.
void train_binary_lists(faiss::IndexBinaryIVF& ivf, idx_t n, const uint8_t* x, Training& training) {
    ivf.cp.niter = training.parameters.niter;
    ivf.cp.max_points_per_centroid = training.parameters.max_points_per_centroid;
    ivf.cp.seed = training.parameters.seed;
    ivf.cp.min_points_per_centroid = 1; // Below this Faiss prints; the Swift layer has its own minimum.
    ivf.cp.verbose = false;
    // Vectors are decoded piece by piece, each of which is a step.
    const size_t points = std::min<size_t>(n, ivf.nlist * ivf.cp.max_points_per_centroid);
    const size_t piece = ivf.cp.decode_block_size;
    training.steps = static_cast<size_t>(ivf.cp.niter) * ((points + piece - 1) / piece);
    AssignmentIndex assignment(ivf.d, faiss::METRIC_L2, training.work, training.step, training.steps);
    ivf.clustering_index = &assignment;
    const std::unique_ptr<faiss::IndexBinaryIVF, void (*)(faiss::IndexBinaryIVF*)> lent(
            &ivf, [](faiss::IndexBinaryIVF* ivf) { ivf->clustering_index = nullptr; });
    ivf.train(n, x);
}

/// Copies the rows of labels, all of which must be there; an IVF index is gone through once.
void copy_rows(const faiss::IndexBinary* index, size_t n, const idx_t* labels, uint8_t* rows) {
    const size_t size = row_bytes(*index);
    const auto* ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(index);
    if (!ivf) {
        const auto* hnsw = dynamic_cast<const faiss::IndexBinaryHNSW*>(index);
        const auto& stored = flat(hnsw ? hnsw->storage : index);
        for (size_t i = 0; i < n; ++i) {
            FAISS_THROW_IF_NOT(labels[i] >= 0 && labels[i] < stored.ntotal);
            std::copy_n(stored.xb.data() + static_cast<size_t>(labels[i]) * size, size, rows + i * size);
        }
        return;
    }
    std::vector<std::pair<idx_t, size_t>> wanted(n);
    for (size_t i = 0; i < n; ++i) {
        wanted[i] = {labels[i], i};
    }
    std::sort(wanted.begin(), wanted.end());
    size_t missing = n;
    for (size_t list = 0; list < ivf->nlist && missing > 0; ++list) {
        const idx_t* ids = ivf->invlists->get_ids(list);
        for (size_t place = 0; place < ivf->invlists->list_size(list); ++place) {
            auto found = std::lower_bound(wanted.begin(), wanted.end(), std::make_pair(ids[place], size_t(0)));
            for (; found != wanted.end() && found->first == ids[place]; ++found, --missing) {
                std::copy_n(ivf->invlists->get_codes(list) + place * size, size, rows + found->second * size);
            }
        }
    }
    FAISS_THROW_IF_NOT_MSG(missing == 0, "a label is not in the index");
}

} // namespace

extern "C" {

void faiss_IndexBinary_free(FaissIndexBinary* index) {
    delete cpp(index);
}

int faiss_IndexBinary_d(const FaissIndexBinary* index) {
    return cpp(index)->d;
}

idx_t faiss_IndexBinary_ntotal(const FaissIndexBinary* index) {
    return cpp(index)->ntotal;
}

// MARK: Construction

int faiss_IndexBinaryFlat_new_with(FaissIndexBinary** p_index, idx_t d) {
    return guarded([&] { *p_index = c(new faiss::IndexBinaryFlat(d)); });
}

int faiss_IndexBinaryIVF_new_with(FaissIndexBinary** p_index, idx_t d, size_t nlist) {
    return guarded([&] {
        auto quantizer = std::make_unique<faiss::IndexBinaryFlat>(d);
        auto ivf = std::make_unique<faiss::IndexBinaryIVF>(quantizer.get(), static_cast<size_t>(d), nlist);
        (void)quantizer.release();
        ivf->own_fields = true;
        *p_index = c(ivf.release());
    });
}

int faiss_IndexBinaryHNSW_new_with(FaissIndexBinary** p_index, idx_t d, int M, int efConstruction) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexBinaryHNSW>(static_cast<int>(d), M);
        index->hnsw.efConstruction = efConstruction;
        *p_index = c(index.release());
    });
}

// MARK: Building

int faiss_IndexBinary_train_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        Training training{*parameters, *work};
        if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(cpp(index))) {
            train_binary_lists(*ivf, n, x, training);
        }
    });
}

int faiss_IndexBinary_add_with(
        FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        const idx_t* ids,
        const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(cpp(index))) {
            add_to_binary_lists(*ivf, n, x, ids, work->threads);
        } else if (auto* hnsw = dynamic_cast<faiss::IndexBinaryHNSW*>(cpp(index))) {
            add_to_binary_graph(*hnsw, static_cast<size_t>(n), x, work->threads);
        } else {
            cpp(index)->add(n, x);
        }
    });
}

int faiss_IndexBinary_remove_ascending(FaissIndexBinary* index, size_t n, const idx_t* ids, size_t* n_removed) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        *n_removed = cpp(index)->remove_ids(AscendingSelector(ids, n));
    });
}

// MARK: Searching

int faiss_IndexBinary_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels) {
    return guarded([&] {
        const auto queries = static_cast<size_t>(n);
        const auto places = static_cast<size_t>(k);
        if (const auto* hnsw = dynamic_cast<const faiss::IndexBinaryHNSW*>(cpp(index))) {
            search_binary_graph(*hnsw, queries, x, places, *options, distances, labels);
            return;
        }
        const Selectors selectors(with_ids(*options));
        std::vector<scanning::Nearest> nearest;
        std::vector<scanning::Found*> founds;
        nearest.reserve(queries);
        for (size_t query = 0; query < queries; ++query) {
            nearest.emplace_back(selectors.get(), places);
            founds.push_back(&nearest.back());
        }
        scan_index(cpp(index), queries, x, *options, founds.data());
        for (size_t query = 0; query < queries; ++query) {
            nearest[query].finish(ScanMetric::squaredL2, distances + query * places, labels + query * places);
        }
    });
}

int faiss_IndexBinary_range_search_with(
        const FaissIndexBinary* index,
        idx_t n,
        const uint8_t* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result) {
    return guarded([&] {
        const Selectors selectors(with_ids(*options));
        faiss::RangeSearchPartialResult partial(reinterpret_cast<faiss::RangeSearchResult*>(result));
        for (idx_t query = 0; query < n; ++query) {
            scanning::Within within(selectors.get(), ScanMetric::squaredL2, radius, partial.new_result(query));
            scanning::Found* found = &within;
            scan_index(cpp(index), 1, x + static_cast<size_t>(query) * row_bytes(*cpp(index)), *options, &found);
        }
        partial.finalize();
    });
}

int faiss_IndexBinary_reconstruct_labels(
        const FaissIndexBinary* index,
        size_t n,
        const idx_t* labels,
        uint8_t* recons) {
    return guarded([&] { copy_rows(cpp(index), n, labels, recons); });
}

// MARK: Description

int faiss_IndexBinary_shape(const FaissIndexBinary* index, FaissIndexShape* shape) {
    return guarded([&] {
        *shape = FaissIndexShape{};
        const auto vectors = [](const faiss::IndexBinary* index) { return flat(index).xb.size(); };
        if (const auto* ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(cpp(index))) {
            shape->kind = FAISS_KIND_FLAT;
            shape->nlist = ivf->nlist;
            shape->bytes = vectors(ivf->quantizer) +
                    static_cast<size_t>(ivf->ntotal) * (row_bytes(*ivf) + sizeof(idx_t));
        } else if (const auto* hnsw = dynamic_cast<const faiss::IndexBinaryHNSW*>(cpp(index))) {
            const faiss::HNSW& graph = hnsw->hnsw;
            shape->kind = FAISS_KIND_HNSW_FLAT;
            shape->M = graph.nb_neighbors(1);
            shape->efConstruction = graph.efConstruction;
            shape->bytes = vectors(hnsw->storage) + graph.neighbors.size() * sizeof(graph::Node) +
                    graph.offsets.size() * sizeof(size_t) + graph.levels.size() * sizeof(int);
        } else {
            shape->kind = FAISS_KIND_FLAT;
            shape->bytes = vectors(cpp(index));
        }
    });
}

int faiss_IndexBinary_stored_ids(const FaissIndexBinary* index, idx_t* ids) {
    return guarded([&] {
        const auto& ivf = dynamic_cast<const faiss::IndexBinaryIVF&>(*cpp(index));
        for (size_t list = 0; list < ivf.nlist; ++list) {
            ids = std::copy_n(ivf.invlists->get_ids(list), ivf.invlists->list_size(list), ids);
        }
    });
}

// MARK: Reading and writing

int faiss_write_index_binary_with(
        const FaissIndexBinary* index,
        const idx_t* ids,
        FaissWriteFunction write,
        void* context) {
    return guarded([&] {
        FunctionWriter writer(write, context);
        if (ids) {
            faiss::IndexBinaryIDMap2 map;
            fill_map(map, const_cast<faiss::IndexBinary*>(cpp(index)), ids);
            map.code_size = cpp(index)->code_size;
            faiss::write_index_binary(&map, &writer);
        } else {
            faiss::write_index_binary(cpp(index), &writer);
        }
    });
}

int faiss_read_index_binary_with(
        const void* bytes,
        size_t count,
        FaissIndexBinary** p_index,
        idx_t** p_ids,
        size_t* p_id_count) {
    return guarded([&] {
        MemoryReader reader(bytes, count);
        std::unique_ptr<faiss::IndexBinary> index(faiss::read_index_binary(&reader));
        StoredIDs ids;
        if (auto* map = dynamic_cast<faiss::IndexBinaryIDMap*>(index.get())) {
            auto* inner = map->index;
            if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(inner)) {
                move_ids_into_lists(*ivf->invlists, map->id_map.data(), map->id_map.size());
            } else {
                ids = StoredIDs(map->id_map);
            }
            map->own_fields = false;
            index.reset(inner);
        }
        if (auto* ivf = dynamic_cast<faiss::IndexBinaryIVF*>(index.get())) {
            ivf->make_direct_map(false); // With one, ids could not be chosen freely and vectors not removed.
        }
        ids.release(p_ids, p_id_count);
        *p_index = c(index.release());
    });
}

} // extern "C"

// Searching with per-call parameters and filters, reconstruction, description.

#include "flat_index.h"
#include "guarded.h"
#include "kernels/exact.h"
#include "kernels/hnsw.h"
#include "nested.h"
#include "packed_codes.h"
#include "scanning.h"
#include "selectors.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <algorithm>
#include <atomic>
#include <vector>

namespace {

/// Calls body with the search parameters that the index's type understands, of those that libfaiss searches.
template <class Body>
void with_parameters(
        const faiss::Index& index,
        const FaissSearchOptions& options,
        Selector* selector,
        const Body& body) {
    if (dynamic_cast<const faiss::IndexIVF*>(&index)) {
        faiss::SearchParametersIVF parameters;
        parameters.nprobe = options.nprobe;
        parameters.sel = selector;
        body(&parameters);
    } else {
        faiss::SearchParameters parameters;
        parameters.sel = selector;
        body(parameters.sel ? &parameters : nullptr);
    }
}

/// Whether looking at every vector costs less than walking the graph: a walk with ef candidates computes about 32
/// distances and scans the queue once for each of them, so that its cost grows with the square of ef. Then the answer
/// is exact, too.
bool is_cheaper_exhaustively(const faiss::IndexHNSW& index, idx_t ef) {
    return static_cast<double>(ef) * (32 + static_cast<double>(ef) / index.d) >= static_cast<double>(index.ntotal);
}

/// Counts the searches that go on.
class Searching {
  public:
    Searching() : others(count.fetch_add(1)) {}
    ~Searching() {
        count.fetch_sub(1);
    }
    Searching(const Searching&) = delete;

    const int others; ///< that had begun before

  private:
    static std::atomic<int> count;
};

std::atomic<int> Searching::count{0};

size_t flat_bytes(const faiss::Index* index) {
    const auto* flat = dynamic_cast<const faiss::IndexFlatCodes*>(index);
    return flat ? flat->codes.size() : 0;
}

template <class Vector>
size_t bytes(const Vector& elements) {
    return elements.size() * sizeof(*elements.data());
}

size_t ivf_bytes(const faiss::IndexIVF& ivf) {
    size_t total = flat_bytes(ivf.quantizer);
    if (const auto* blocks = dynamic_cast<const faiss::BlockInvertedLists*>(ivf.invlists)) {
        for (size_t list = 0; list < ivf.nlist; ++list) {
            total += blocks->codes[list].size() + bytes(blocks->ids[list]);
        }
        return total + scanning_bytes(ivf);
    }
    for (size_t list = 0; list < ivf.nlist; ++list) {
        total += ivf.invlists->list_size(list) * (ivf.code_size + sizeof(idx_t));
    }
    return total + scanning_bytes(ivf);
}

} // namespace

void search_index(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions& options,
        float* distances,
        idx_t* labels) {
    if (search_nested(index, n, x, k, options, distances, labels)) {
        return;
    }
    const Selectors selectors(options);
    if (scan_search(*index, n, x, k, options.nprobe, selectors.get(), distances, labels)) {
        return;
    }
    if (const auto* flat = dynamic_cast<const faiss::IndexFlat*>(index)) {
        search_flat(*flat, n, x, k, selectors.get(), options.threads, distances, labels);
        return;
    }
    if (const auto* hnsw = dynamic_cast<const faiss::IndexHNSW*>(index)) {
        if (is_cheaper_exhaustively(*hnsw, std::max<idx_t>(k, options.efSearch))) {
            const auto& vectors = dynamic_cast<const faiss::IndexFlat&>(*hnsw->storage);
            search_flat(vectors, n, x, k, selectors.get(), 1, distances, labels);
        } else {
            search_graph(*hnsw, n, x, k, options.efSearch, selectors.get(), distances, labels);
        }
        return;
    }
    with_parameters(*index, options, selectors.get(), [&](const faiss::SearchParameters* parameters) {
        index->search(n, x, k, distances, labels, parameters);
    });
}

void range_search_index(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions& options,
        faiss::RangeSearchResult* result) {
    if (range_search_nested(index, n, x, radius, options, result)) {
        return;
    }
    const Selectors selectors(options);
    if (scan_range_search(*index, n, x, radius, options.nprobe, selectors.get(), *result)) {
        return;
    }
    if (const auto* flat = dynamic_cast<const faiss::IndexFlat*>(index)) {
        range_search_flat(*flat, n, x, radius, selectors.get(), *result);
        return;
    }
    with_parameters(*index, options, selectors.get(), [&](const faiss::SearchParameters* parameters) {
        index->range_search(n, x, radius, result, parameters);
    });
}

void reconstruct_from_index(const faiss::Index* index, size_t n, const idx_t* labels, float* recons) {
    if (reconstruct_from_nested(index, n, labels, recons)) {
        return;
    }
    const size_t d = index->d;
    const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(index);
    if (!ivf) {
        for (size_t i = 0; i < n; ++i) {
            FAISS_THROW_IF_NOT_FMT(
                    labels[i] >= 0 && labels[i] < index->ntotal,
                    "no vector has the label %lld",
                    static_cast<long long>(labels[i]));
            if (!decode_packed(*index, 0, labels[i], recons + i * d)) {
                index->reconstruct(labels[i], recons + i * d);
            }
        }
        return;
    }
    // One pass over the stored ids, which are looked up among the wanted ones.
    std::vector<std::pair<idx_t, size_t>> wanted(n);
    for (size_t i = 0; i < n; ++i) {
        wanted[i] = {labels[i], i};
    }
    std::sort(wanted.begin(), wanted.end());
    size_t missing = n;
    for (size_t list = 0; list < ivf->nlist && missing > 0; ++list) {
        const size_t size = ivf->invlists->list_size(list);
        faiss::InvertedLists::ScopedIds ids(ivf->invlists, list);
        for (size_t offset = 0; offset < size; ++offset) {
            auto found = std::lower_bound(wanted.begin(), wanted.end(), std::make_pair(ids[offset], size_t(0)));
            for (; found != wanted.end() && found->first == ids[offset]; ++found, --missing) {
                if (!decode_packed(*ivf, list, offset, recons + found->second * d)) {
                    ivf->reconstruct_from_offset(list, offset, recons + found->second * d);
                }
            }
        }
    }
    FAISS_THROW_IF_NOT_MSG(missing == 0, "a label is not in the index");
}

size_t index_bytes(const faiss::Index* index) {
    size_t total = 0;
    if (count_nested_bytes(index, total)) {
        return total;
    }
    if (const auto* pq = product_quantizer(const_cast<faiss::Index*>(index))) {
        total += bytes(pq->centroids) + bytes(pq->transposed_centroids) + bytes(pq->centroids_sq_lengths);
    }
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(index)) {
        total += ivf_bytes(*ivf);
        if (const auto* ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(ivf)) {
            total += ivfpq->precomputed_table.size() * sizeof(float);
        } else if (const auto* quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(ivf)) {
            total += bytes(quantized->sq.trained);
        }
    } else if (const auto* hnsw = dynamic_cast<const faiss::IndexHNSW*>(index)) {
        const faiss::HNSW& graph = hnsw->hnsw;
        total += flat_bytes(hnsw->storage) + bytes(graph.neighbors) + bytes(graph.offsets) + bytes(graph.levels);
    } else if (const auto* fast = dynamic_cast<const faiss::IndexFastScan*>(index)) {
        total += fast->codes.size();
    } else {
        total += flat_bytes(index);
        if (const auto* quantized = dynamic_cast<const faiss::IndexScalarQuantizer*>(index)) {
            total += bytes(quantized->sq.trained);
        }
    }
    return total;
}

extern "C" {

int faiss_Index_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions* options,
        float* distances,
        idx_t* labels) {
    return guarded([&] {
        // More threads than processors gain nothing: where others search, and many queries mean that others do, each
        // does with its own. And flat indexes alone know how to share a query.
        const Searching searching;
        faiss_set_thread_limit(1);
        FaissSearchOptions own = *options;
        if (n > static_cast<idx_t>(few_queries) || searching.others > 0) {
            own.threads = 1;
        }
        search_index(cpp(index), n, x, k, own, distances, labels);
    });
}

int faiss_Index_range_search_with(
        const FaissIndex* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions* options,
        FaissRangeSearchResult* result) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        range_search_index(
                cpp(index), n, x, radius, *options, reinterpret_cast<faiss::RangeSearchResult*>(result));
    });
}

int faiss_Index_reconstruct_labels(const FaissIndex* index, size_t n, const idx_t* labels, float* recons) {
    return guarded([&] { reconstruct_from_index(cpp(index), n, labels, recons); });
}

int faiss_Index_shape(const FaissIndex* index, FaissIndexShape* shape) {
    return guarded([&] {
        *shape = FaissIndexShape{};
        const faiss::Index* plain = cpp(index);
        shape->bytes = index_bytes(plain);
        if (const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(plain)) {
            shape->nlist = ivf->nlist;
        }
        if (const auto* pq = product_quantizer(const_cast<faiss::Index*>(plain))) {
            shape->M = pq->M;
            shape->nbits = pq->nbits;
        }
        const auto* flat_quantized = dynamic_cast<const faiss::IndexScalarQuantizer*>(plain);
        const auto* list_quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(plain);
        if (dynamic_cast<const faiss::IndexPreTransform*>(plain)) {
            shape->kind = FAISS_KIND_PRETRANSFORM;
        } else if (const auto* refined = dynamic_cast<const faiss::IndexRefineFlat*>(plain)) {
            shape->kind = FAISS_KIND_REFINE_FLAT;
            shape->k_factor = refined->k_factor;
        } else if (const auto* hnsw = dynamic_cast<const faiss::IndexHNSWFlat*>(plain)) {
            shape->kind = FAISS_KIND_HNSW_FLAT;
            shape->M = hnsw->hnsw.nb_neighbors(1);
            shape->efConstruction = hnsw->hnsw.efConstruction;
        } else if (flat_quantized || list_quantized) {
            shape->kind = FAISS_KIND_SQ;
            shape->qtype = flat_quantized ? flat_quantized->sq.qtype : list_quantized->sq.qtype;
        } else if (dynamic_cast<const faiss::IndexPQ*>(plain) || dynamic_cast<const faiss::IndexIVFPQ*>(plain)) {
            shape->kind = FAISS_KIND_PQ;
        } else if (dynamic_cast<const faiss::IndexPQFastScan*>(plain) ||
                   dynamic_cast<const faiss::IndexIVFPQFastScan*>(plain)) {
            shape->kind = FAISS_KIND_PQ_FAST_SCAN;
        } else if (dynamic_cast<const faiss::IndexIVFFlat*>(plain) || dynamic_cast<const faiss::IndexFlat*>(plain)) {
            shape->kind = FAISS_KIND_FLAT;
        }
    });
}

int faiss_Index_stored_ids(const FaissIndex* index, idx_t* ids) {
    return guarded([&] {
        auto* leaf = const_cast<faiss::Index*>(cpp(index));
        while (auto* inner = inner_index(leaf)) {
            leaf = inner;
        }
        const auto& ivf = dynamic_cast<const faiss::IndexIVF&>(*leaf);
        for (size_t list = 0; list < ivf.nlist; ++list) {
            faiss::InvertedLists::ScopedIds stored(ivf.invlists, list);
            ids = std::copy_n(stored.get(), ivf.invlists->list_size(list), ids);
        }
    });
}

} // extern "C"

// Searching with per-call parameters and filters, reconstruction, description.

#include "guarded.h"
#include "kernels/hnsw.h"
#include "scanning.h"
#include "selectors.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <vector>

namespace {

/// Calls body with the search parameters that the index's type understands.
template <class Body>
void with_parameters(const faiss::Index* index, const FaissSearchOptions& options, const Body& body) {
    const Selectors selectors(options);
    if (dynamic_cast<const faiss::IndexIVF*>(index)) {
        // The base class serves IVFPQ too: a derived one would be asked for polysemous settings.
        faiss::SearchParametersIVF parameters;
        parameters.nprobe = options.nprobe;
        parameters.sel = selectors.get();
        body(&parameters);
    } else if (dynamic_cast<const faiss::IndexHNSW*>(index)) {
        faiss::SearchParametersHNSW parameters;
        parameters.efSearch = options.efSearch;
        parameters.sel = selectors.get();
        body(&parameters);
    } else {
        faiss::SearchParameters parameters;
        parameters.sel = selectors.get();
        body(parameters.sel ? &parameters : nullptr);
    }
}

/// Whether looking at every vector costs less than walking the graph: a walk with ef candidates computes about 32
/// distances and scans the queue once for each of them, so that its cost grows with the square of ef. Then the answer
/// is exact, too.
bool is_cheaper_exhaustively(const faiss::IndexHNSW& index, idx_t ef) {
    return static_cast<double>(ef) * (32 + static_cast<double>(ef) / index.d) >= static_cast<double>(index.ntotal);
}

size_t flat_bytes(const faiss::Index* index) {
    const auto* flat = dynamic_cast<const faiss::IndexFlatCodes*>(index);
    return flat ? flat->codes.size() : 0;
}

template <class Element>
size_t bytes(const std::vector<Element>& elements) {
    return elements.size() * sizeof(Element);
}

size_t ivf_bytes(const faiss::IndexIVF& ivf) {
    size_t total = flat_bytes(ivf.quantizer);
    for (size_t list = 0; list < ivf.nlist; ++list) {
        total += ivf.invlists->list_size(list) * (ivf.code_size + sizeof(idx_t));
    }
    return total + scanning_bytes(ivf);
}

} // namespace

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
        faiss_set_thread_limit(1);
        const Selectors selectors(*options);
        if (scan_search(*cpp(index), n, x, k, options->nprobe, selectors.get(), distances, labels)) {
            return;
        }
        const auto* hnsw = dynamic_cast<const faiss::IndexHNSW*>(cpp(index));
        if (hnsw && is_cheaper_exhaustively(*hnsw, std::max<idx_t>(k, options->efSearch))) {
            with_parameters(hnsw->storage, *options, [&](const faiss::SearchParameters* parameters) {
                hnsw->storage->search(n, x, k, distances, labels, parameters);
            });
            return;
        }
        if (hnsw && is_walkable(*hnsw)) {
            search_graph(*hnsw, n, x, k, options->efSearch, selectors.get(), distances, labels);
            return;
        }
        // IndexHNSW 1.7.3 sizes its candidate queue by the index's own efSearch and by k, whatever the parameters say
        // (measured: recall does not move with them). So as many answers are asked for as candidates are wanted.
        const idx_t wider = hnsw ? std::max<idx_t>(k, options->efSearch) : k;
        with_parameters(cpp(index), *options, [&](const faiss::SearchParameters* parameters) {
            if (wider == k) {
                cpp(index)->search(n, x, k, distances, labels, parameters);
                return;
            }
            std::vector<float> wide_distances(n * wider);
            std::vector<idx_t> wide_labels(n * wider);
            cpp(index)->search(n, x, wider, wide_distances.data(), wide_labels.data(), parameters);
            for (idx_t query = 0; query < n; ++query) {
                std::copy_n(wide_distances.data() + query * wider, k, distances + query * k);
                std::copy_n(wide_labels.data() + query * wider, k, labels + query * k);
            }
        });
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
        auto& found = *reinterpret_cast<faiss::RangeSearchResult*>(result);
        const Selectors selectors(*options);
        if (scan_range_search(*cpp(index), n, x, radius, options->nprobe, selectors.get(), found)) {
            return;
        }
        with_parameters(cpp(index), *options, [&](const faiss::SearchParameters* parameters) {
            cpp(index)->range_search(n, x, radius, &found, parameters);
        });
    });
}

int faiss_Index_reconstruct_labels(const FaissIndex* index, size_t n, const idx_t* labels, float* recons) {
    return guarded([&] {
        const size_t d = cpp(index)->d;
        const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(cpp(index));
        if (!ivf) {
            for (size_t i = 0; i < n; ++i) {
                FAISS_THROW_IF_NOT_FMT(
                        labels[i] >= 0 && labels[i] < cpp(index)->ntotal,
                        "no vector has the label %lld",
                        static_cast<long long>(labels[i]));
                cpp(index)->reconstruct(labels[i], recons + i * d);
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
                    ivf->reconstruct_from_offset(list, offset, recons + found->second * d);
                }
            }
        }
        FAISS_THROW_IF_NOT_MSG(missing == 0, "a label is not in the index");
    });
}

int faiss_Index_shape(const FaissIndex* index, FaissIndexShape* shape) {
    return guarded([&] {
        *shape = FaissIndexShape{};
        const faiss::Index* plain = cpp(index);
        if (const auto* ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(plain)) {
            shape->kind = FAISS_KIND_IVF_PQ;
            shape->nlist = ivfpq->nlist;
            shape->M = ivfpq->pq.M;
            shape->nbits = ivfpq->pq.nbits;
            shape->bytes = ivf_bytes(*ivfpq) + bytes(ivfpq->pq.centroids) + bytes(ivfpq->pq.transposed_centroids) +
                    bytes(ivfpq->pq.centroids_sq_lengths) +
                    ivfpq->precomputed_table.size() * sizeof(float);
        } else if (const auto* ivfflat = dynamic_cast<const faiss::IndexIVFFlat*>(plain)) {
            shape->kind = FAISS_KIND_IVF_FLAT;
            shape->nlist = ivfflat->nlist;
            shape->bytes = ivf_bytes(*ivfflat);
        } else if (const auto* hnsw = dynamic_cast<const faiss::IndexHNSWFlat*>(plain)) {
            const faiss::HNSW& graph = hnsw->hnsw;
            shape->kind = FAISS_KIND_HNSW_FLAT;
            shape->M = graph.nb_neighbors(1);
            shape->efConstruction = graph.efConstruction;
            shape->bytes = flat_bytes(hnsw->storage) + bytes(graph.neighbors) + bytes(graph.offsets) +
                    bytes(graph.levels);
        } else if (const auto* quantized = dynamic_cast<const faiss::IndexScalarQuantizer*>(plain)) {
            shape->kind = quantized->sq.qtype == faiss::ScalarQuantizer::QT_8bit ? FAISS_KIND_SQ8 : FAISS_KIND_OTHER;
            shape->bytes = flat_bytes(plain) + bytes(quantized->sq.trained);
        } else if (dynamic_cast<const faiss::IndexFlat*>(plain)) {
            shape->kind = FAISS_KIND_FLAT;
            shape->bytes = flat_bytes(plain);
        }
    });
}

int faiss_IndexIVF_stored_ids(const FaissIndex* index, idx_t* ids) {
    return guarded([&] {
        const auto& ivf = dynamic_cast<const faiss::IndexIVF&>(*cpp(index));
        for (size_t list = 0; list < ivf.nlist; ++list) {
            faiss::InvertedLists::ScopedIds stored(ivf.invlists, list);
            ids = std::copy_n(stored.get(), ivf.invlists->list_size(list), ids);
        }
    });
}

} // extern "C"

// Construction, training, adding, removing, clustering.

#include "encoding.h"
#include "guarded.h"
#include "kernels/assign.h"
#include "kernels/hnsw.h"
#include "large_pages.h"
#include "nested.h"
#include "packed_codes.h"
#include "scanning.h"
#include "selectors.h"
#include "threads.h"

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>

#include <algorithm>
#include <memory>

namespace {

/// The list that each vector belongs to.
void assign_lists(const faiss::IndexIVF& ivf, idx_t n, const float* x, idx_t* lists) {
    const auto* centroids = dynamic_cast<const faiss::IndexFlat*>(ivf.quantizer);
    if (centroids) {
        assign_nearest(
                centroids->metric_type, ivf.d, x, ivf.d, n, centroids->get_xb(), centroids->ntotal, lists, nullptr);
    } else {
        ivf.quantizer->assign(n, x, lists);
    }
}

/// Learns the centroids of lists. libfaiss takes a quantizer that has them as trained.
void train_lists(faiss::IndexIVF& ivf, idx_t n, const float* x, Training& training) {
    KMeans kmeans = training.kmeans(ivf.d, ivf.nlist, ivf.cp.niter);
    // The lengths of centroids would favour some lists over others.
    kmeans.is_spherical = ivf.metric_type == faiss::METRIC_INNER_PRODUCT;
    const auto centroids = kmeans.fit(n, x).centroids;
    ivf.quantizer->reset();
    ivf.quantizer->add(ivf.nlist, centroids.data());
}

/// Learns the codes of lists that are trained.
void train_list_codes(faiss::IndexIVF& ivf, faiss::ProductQuantizer& pq, idx_t n, const float* x, Training& training) {
    if (!has_residual_codes(ivf)) {
        train_quantizer(pq, n, x, training);
        return;
    }
    // As many as the quantizer will look at.
    const size_t most = std::min<size_t>(n, pq.ksub * training.parameters.max_points_per_centroid);
    std::vector<float> sample;
    if (most < static_cast<size_t>(n)) {
        for (const size_t row : sample_rows(most, n, training.parameters.seed)) {
            sample.insert(sample.end(), x + row * ivf.d, x + (row + 1) * ivf.d);
        }
        x = sample.data();
        n = static_cast<idx_t>(most);
    }
    std::vector<float> residuals(n * ivf.d);
    in_slices(n, training.work.threads, [&](idx_t first, idx_t count) {
        std::vector<idx_t> lists(count);
        assign_lists(ivf, count, x + first * ivf.d, lists.data());
        const auto own = residuals_of(ivf, count, x + first * ivf.d, lists.data());
        std::copy(own.begin(), own.end(), residuals.begin() + first * ivf.d);
    });
    train_quantizer(pq, n, residuals.data(), training);
}

/// Sets the iterations of the k-means that makes the lists, however deep they lie.
void set_iterations(faiss::Index& index, int iterations) {
    if (auto* inner = inner_index(&index)) {
        set_iterations(*inner, iterations);
    } else if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        ivf->cp.niter = iterations;
    }
}

/// Makes room for n more vectors, where they are stored one behind the other.
void reserve(faiss::Index& index, idx_t n) {
    if (auto* inner = inner_index(&index)) {
        reserve(*inner, n);
    } else if (auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(&index)) {
        reserve(*hnsw->storage, n);
    } else if (auto* codes = dynamic_cast<faiss::IndexFlatCodes*>(&index)) {
        reserve_on_large_pages(codes->codes, (codes->ntotal + n) * codes->code_size);
    }
}

/// What IndexIVFPQ::add_core does, with our own encoding.
void add_codes_to_lists(faiss::IndexIVFPQ& index, idx_t n, const float* x, const idx_t* ids, const idx_t* lists, int threads) {
    const std::vector<uint8_t> codes = encode_for_lists(index, index.pq, index.by_residual, n, x, lists, threads);
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) { // There is no nearest centroid to a vector of which no distance is a number.
            index.invlists->add_entry(lists[i], ids[i], codes.data() + i * index.code_size);
        }
    }
    index.ntotal += n;
}

} // namespace

void train_quantizer(faiss::ProductQuantizer& pq, idx_t n, const float* x, Training& training, bool is_continued) {
    std::vector<float> part(n * pq.dsub);
    for (size_t m = 0; m < pq.M; ++m) {
        for (idx_t i = 0; i < n; ++i) {
            std::copy_n(x + i * pq.d + m * pq.dsub, pq.dsub, part.data() + i * pq.dsub);
        }
        KMeans kmeans = training.kmeans(pq.dsub, pq.ksub, pq.cp.niter);
        kmeans.initial = is_continued ? pq.get_centroids(m, 0) : nullptr;
        pq.set_params(kmeans.fit(n, part.data()).centroids.data(), static_cast<int>(m));
    }
}

size_t training_steps(faiss::Index& index) {
    size_t steps = 0;
    if (count_nested_steps(index, steps)) {
        return steps;
    }
    auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index);
    auto* pq = product_quantizer(&index);
    return (ivf ? ivf->cp.niter : 0) + (pq ? pq->M * pq->cp.niter : 0);
}

void train_index(faiss::Index& index, idx_t n, const float* x, Training& training) {
    if (train_nested(index, n, x, training)) {
        return;
    }
    auto* pq = product_quantizer(&index);
    auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index);
    if (ivf) {
        train_lists(*ivf, n, x, training);
    }
    if (pq && ivf) {
        train_list_codes(*ivf, *pq, n, x, training);
    } else if (pq) {
        train_quantizer(*pq, n, x, training);
    } else if (!train_bytes(index, n, x)) {
        index.train(n, x); // Of lists only what they store is left to learn.
    }
    index.is_trained = true;
    prepare_scanning(index);
}

void add_to_index(faiss::Index& index, idx_t n, const float* x, const idx_t* ids, int threads) {
    if (add_to_nested(index, n, x, ids, threads)) {
        return;
    }
    auto* ivf = dynamic_cast<faiss::IndexIVF*>(&index);
    if (!ivf) {
        reserve(index, n);
        auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(&index);
        if (hnsw) {
            add_to_graph(*hnsw, n, x, threads);
        } else if (!add_codes(index, n, x, threads) && !add_packed(index, n, x, threads)) {
            index.add(n, x);
        }
        return;
    }
    std::vector<idx_t> lists(n);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        assign_lists(*ivf, count, x + first * ivf->d, lists.data() + first);
    });
    // One that refines its codes keeps more than them, and a map of places would have to be kept up.
    auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(ivf);
    if (ivfpq && !dynamic_cast<faiss::IndexIVFPQR*>(ivf) && ivf->direct_map.no()) {
        add_codes_to_lists(*ivfpq, n, x, ids, lists.data(), threads);
    } else if (dynamic_cast<faiss::IndexIVFFastScan*>(ivf)) {
        if (!add_packed_to_lists(*ivf, n, x, ids, lists.data(), threads)) {
            ivf->add_with_ids(n, x, ids); // Packs its codes itself; add_core would not.
        }
    } else if (!add_bytes_to_lists(*ivf, n, x, ids, lists.data(), threads)) {
        ivf->add_core(n, x, ids, lists.data());
    }
    prepare_scanning(*ivf, n);
}

size_t remove_from_index(faiss::Index& index, size_t n, const idx_t* ascending) {
    size_t removed = 0;
    const AscendingSelector selector(ascending, n);
    if (!remove_from_nested(index, n, ascending, &removed) && !remove_packed(index, selector, &removed)) {
        removed = index.remove_ids(selector);
    }
    prepare_scanning(index);
    return removed;
}

extern "C" {

int faiss_IndexIVFPQ_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        size_t nbits,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFPQ(
                cpp(quantizer), d, nlist, M, nbits, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexPQ_new_with(FaissIndex** p_index, idx_t d, size_t M, size_t nbits, FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexPQ(static_cast<int>(d), M, nbits, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexPQFastScan_new_with(FaissIndex** p_index, idx_t d, size_t M, FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexPQFastScan(static_cast<int>(d), M, 4, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexIVFPQFastScan_new_with_metric(
        FaissIndex** p_index,
        FaissIndex* quantizer,
        size_t d,
        size_t nlist,
        size_t M,
        FaissMetricType metric) {
    return guarded([&] {
        *p_index = c(new faiss::IndexIVFPQFastScan(
                cpp(quantizer), d, nlist, M, 4, static_cast<faiss::MetricType>(metric)));
    });
}

int faiss_IndexHNSWFlat_new_with(FaissIndex** p_index, idx_t d, int M, int efConstruction, FaissMetricType metric) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexHNSWFlat>(
                static_cast<int>(d), M, static_cast<faiss::MetricType>(metric));
        index->hnsw.efConstruction = efConstruction;
        *p_index = c(index.release());
    });
}

int faiss_Index_train_with(
        FaissIndex* index,
        idx_t n,
        const float* x,
        const FaissTrainingParameters* parameters,
        const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        Training training{*parameters, *work};
        set_iterations(*cpp(index), parameters->niter);
        training.steps = training_steps(*cpp(index));
        train_index(*cpp(index), n, x, training);
    });
}

int faiss_Index_reserve(FaissIndex* index, idx_t n) {
    return guarded([&] { reserve(*cpp(index), n); });
}

int faiss_Index_add_with(FaissIndex* index, idx_t n, const float* x, const idx_t* ids, const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        add_to_index(*cpp(index), n, x, ids, work->threads);
    });
}

int faiss_Index_remove_ascending(FaissIndex* index, size_t n, const idx_t* ids, size_t* n_removed) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        *n_removed = remove_from_index(*cpp(index), n, ids);
    });
}

int faiss_kmeans_with(
        size_t n,
        const float* x,
        const FaissKMeansParameters* parameters,
        const FaissWork* work,
        float* centroids,
        double* objective,
        size_t* iterations) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        size_t step = 0;
        KMeans kmeans;
        kmeans.d = parameters->d;
        kmeans.clusters = parameters->k;
        kmeans.iterations = parameters->niter;
        kmeans.runs = parameters->nredo;
        kmeans.start = parameters->is_plus_plus ? KMeans::Start::plusPlus : KMeans::Start::points;
        kmeans.is_spherical = parameters->spherical != 0;
        kmeans.most_points = parameters->max_points_per_centroid;
        kmeans.seed = parameters->seed;
        kmeans.threads = work->threads;
        kmeans.weights = parameters->weights;
        kmeans.initial = parameters->initial;
        kmeans.report = [&] {
            const auto steps = static_cast<size_t>(parameters->niter) * parameters->nredo;
            if (work->progress && work->progress(work->context, step++, steps) != 0) {
                throw Cancelled();
            }
        };
        const KMeans::Result result = kmeans.fit(n, x);
        std::copy(result.centroids.begin(), result.centroids.end(), centroids);
        *iterations = result.objective.size();
        std::copy(result.objective.begin(), result.objective.end(), objective);
    });
}

} // extern "C"

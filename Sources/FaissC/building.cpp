// Construction, training, adding, removing, clustering.

#include "encoding.h"
#include "guarded.h"
#include "kernels/assign.h"
#include "kernels/hnsw.h"
#include "large_pages.h"
#include "scanning.h"
#include "selectors.h"
#include "threads.h"

#include <faiss/Clustering.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>

#include <algorithm>
#include <memory>

namespace {

/// Lends an IVF index the indexes that assign its training points, and takes them back whatever happens.
struct LentAssignment {
    LentAssignment(faiss::IndexIVF& ivf, AssignmentIndex& coarse) : ivf(ivf) {
        ivf.clustering_index = &coarse;
    }
    ~LentAssignment() {
        ivf.clustering_index = nullptr;
        if (auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(&ivf)) {
            ivfpq->pq.assign_index = nullptr;
        }
    }
    faiss::IndexIVF& ivf;
};

void configure(faiss::ClusteringParameters& clustering, const FaissTrainingParameters& parameters) {
    clustering.max_points_per_centroid = parameters.max_points_per_centroid;
    clustering.seed = parameters.seed;
    clustering.min_points_per_centroid = 1; // Below this Faiss prints; the Swift layer has its own minimum.
    clustering.verbose = false;
}

void train_ivf(
        faiss::IndexIVF& ivf,
        idx_t n,
        const float* x,
        const FaissTrainingParameters& parameters,
        const FaissWork& work) {
    configure(ivf.cp, parameters);
    ivf.cp.niter = parameters.niter;
    auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(&ivf);
    size_t step = 0;
    size_t steps = ivf.cp.niter;
    if (ivfpq) {
        configure(ivfpq->pq.cp, parameters);
        steps += ivfpq->pq.M * ivfpq->pq.cp.niter;
    }
    AssignmentIndex coarse(ivf.d, ivf.metric_type, work, step, steps);
    LentAssignment lent(ivf, coarse);
    if (ivfpq) {
        AssignmentIndex fine(ivfpq->pq.dsub, faiss::METRIC_L2, work, step, steps);
        ivfpq->pq.assign_index = &fine;
        ivf.train(n, x);
    } else {
        ivf.train(n, x);
    }
    prepare_scanning(ivf);
}

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

/// What IndexIVFPQ::add_core does, with our own encoding.
void add_codes(faiss::IndexIVFPQ& index, idx_t n, const float* x, const idx_t* ids, const idx_t* lists, int threads) {
    std::vector<uint8_t> codes(n * index.code_size);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        const size_t d = index.d;
        const float* vectors = x + first * d;
        std::vector<float> residuals;
        if (index.by_residual) {
            residuals.resize(count * d);
            index.quantizer->compute_residual_n(count, vectors, residuals.data(), lists + first);
            vectors = residuals.data();
        }
        encode(index.pq, vectors, count, codes.data() + first * index.code_size);
    });
    for (idx_t i = 0; i < n; ++i) {
        if (lists[i] >= 0) { // There is no nearest centroid to a vector of which no distance is a number.
            index.invlists->add_entry(lists[i], ids[i], codes.data() + i * index.code_size);
        }
    }
    index.ntotal += n;
}

} // namespace

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
        auto index = std::make_unique<faiss::IndexIVFPQ>(
                cpp(quantizer), d, nlist, M, nbits, static_cast<faiss::MetricType>(metric));
        index->use_precomputed_table = -1; // scanning.cpp has something smaller in its place.
        *p_index = c(index.release());
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
        if (auto* ivf = dynamic_cast<faiss::IndexIVF*>(cpp(index))) {
            train_ivf(*ivf, n, x, *parameters, *work);
        } else if (!train_bytes(*cpp(index), n, x)) {
            cpp(index)->train(n, x);
        }
    });
}

int faiss_Index_add_with(FaissIndex* index, idx_t n, const float* x, const idx_t* ids, const FaissWork* work) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        auto* ivf = dynamic_cast<faiss::IndexIVF*>(cpp(index));
        if (!ivf) {
            if (auto* codes = dynamic_cast<faiss::IndexFlatCodes*>(cpp(index))) {
                reserve_on_large_pages(codes->codes, (codes->ntotal + n) * codes->code_size);
            }
            auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(cpp(index));
            if (hnsw && is_walkable(*hnsw)) {
                add_to_graph(*hnsw, n, x, work->threads);
            } else if (!add_bytes(*cpp(index), n, x, work->threads)) {
                cpp(index)->add(n, x);
            }
            return;
        }
        std::vector<idx_t> lists(n);
        in_slices(n, work->threads, [&](idx_t first, idx_t count) {
            assign_lists(*ivf, count, x + first * ivf->d, lists.data() + first);
        });
        if (auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(ivf)) {
            add_codes(*ivfpq, n, x, ids, lists.data(), work->threads);
        } else if (!add_bytes_to_lists(*ivf, n, x, ids, lists.data(), work->threads)) {
            ivf->add_core(n, x, ids, lists.data());
        }
        prepare_scanning(*ivf, n);
    });
}

int faiss_Index_remove_ascending(FaissIndex* index, size_t n, const idx_t* ids, size_t* n_removed) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        *n_removed = cpp(index)->remove_ids(AscendingSelector(ids, n));
        prepare_scanning(*cpp(index));
    });
}

int faiss_kmeans_clustering_with(
        size_t d,
        size_t n,
        size_t k,
        const float* x,
        const FaissClusteringParameters* parameters,
        const FaissWork* work,
        float* centroids,
        double* objective,
        size_t* iterations) {
    return guarded([&] {
        faiss_set_thread_limit(work->threads);
        faiss::Clustering clustering(static_cast<int>(d), static_cast<int>(k));
        clustering.niter = parameters->niter;
        clustering.nredo = parameters->nredo;
        clustering.spherical = parameters->spherical != 0;
        clustering.max_points_per_centroid = parameters->max_points_per_centroid;
        clustering.seed = parameters->seed;
        clustering.min_points_per_centroid = 1; // Below this Faiss prints; the Swift layer warns in its result.
        size_t step = 0;
        AssignmentIndex assignment(
                d, faiss::METRIC_L2, *work, step, static_cast<size_t>(parameters->niter) * parameters->nredo);
        clustering.train(n, x, assignment);
        std::copy(clustering.centroids.begin(), clustering.centroids.end(), centroids);
        // The statistics of all runs up to the best one are there, in order: its own are the last.
        const auto& stats = clustering.iteration_stats;
        *iterations = std::min<size_t>(stats.size(), parameters->niter);
        for (size_t i = 0; i < *iterations; ++i) {
            objective[i] = stats[stats.size() - *iterations + i].obj;
        }
    });
}

} // extern "C"

#include "nested.h"

#include "io.h"
#include "kernels/rows.h"
#include "kernels/transform.h"
#include "opq.h"
#include "projection.h"
#include "threads.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

namespace {

// MARK: Transforms

bool is_normalization(const faiss::VectorTransform& transform) {
    return dynamic_cast<const faiss::NormalizationTransform*>(&transform) != nullptr;
}

/// Gives each row the length 1, but for those of zeros.
void normalize(idx_t n, size_t d, float* x) {
    for (float* row = x; row < x + n * d; row += d) {
        double sum = 0;
        for (size_t i = 0; i < d; ++i) {
            sum += static_cast<double>(row[i]) * row[i];
        }
        const double length = std::sqrt(sum);
        for (size_t i = 0; length > 0 && i < d; ++i) {
            row[i] = static_cast<float>(row[i] / length);
        }
    }
}

std::vector<float> transformed(const faiss::VectorTransform& matrix, idx_t n, const float* x, int threads) {
    if (is_normalization(matrix)) {
        const size_t d = matrix.d_in;
        std::vector<float> result(x, x + n * d);
        in_slices(n, threads, [&](idx_t first, idx_t count) { normalize(count, d, result.data() + first * d); });
        return result;
    }
    // All others that are built or read here are; libfaiss multiplies them by BLAS.
    const auto& linear = dynamic_cast<const faiss::LinearTransform&>(matrix);
    std::vector<float> result(n * linear.d_out);
    in_slices(n, threads, [&](idx_t first, idx_t count) {
        transform(
                count,
                linear.d_in,
                linear.d_out,
                x + first * linear.d_in,
                linear.A.data(),
                linear.have_bias ? linear.b.data() : nullptr,
                result.data() + first * linear.d_out);
    });
    return result;
}

/// Calls body with the vectors as the index inside gets them.
template <class Body>
void with_transformed(const faiss::IndexPreTransform& index, idx_t n, const float* x, int threads, const Body& body) {
    std::vector<float> current;
    for (const auto* transform : index.chain) {
        current = transformed(*transform, n, current.empty() ? x : current.data(), threads);
    }
    body(current.empty() ? x : current.data());
}

std::vector<float> transposed(size_t rows, size_t columns, const float* matrix) {
    std::vector<float> result(rows * columns);
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = 0; column < columns; ++column) {
            result[column * rows + row] = matrix[row * columns + column];
        }
    }
    return result;
}

/// Undoes a PCA that scales. With directions P (rows), scales S and a rotation R its matrix is A = R S P; the components
/// along the directions are then S^-2 P A' y.
std::vector<float> unwhitened(const faiss::PCAMatrix& pca, size_t n, const float* y) {
    const size_t d_in = pca.d_in, d_out = pca.d_out;
    std::vector<float> back(n * d_in), components(n * d_out), result(n * d_in);
    transform(n, d_out, d_in, y, transposed(d_out, d_in, pca.A.data()).data(), nullptr, back.data());
    transform(n, d_in, d_out, back.data(), pca.PCAMat.data(), nullptr, components.data());
    for (size_t place = 0; place < components.size(); ++place) {
        // libfaiss leaves epsilon out where it rotates.
        components[place] *= pca.eigenvalues[place % d_out] + (pca.random_rotation ? 0 : pca.epsilon);
    }
    const auto directions = transposed(d_out, d_in, pca.PCAMat.data());
    transform(n, d_out, d_in, components.data(), directions.data(), pca.mean.data(), result.data());
    return result;
}

/// Turns vectors back by the transposed matrix, as far as they are known: of what was left out, the mean is known, and of
/// what was normalised, nothing.
std::vector<float> reversed(const faiss::VectorTransform& matrix, size_t n, const float* xt) {
    if (is_normalization(matrix)) {
        return std::vector<float>(xt, xt + n * matrix.d_out);
    }
    const auto& linear = dynamic_cast<const faiss::LinearTransform&>(matrix);
    if (const auto* pca = dynamic_cast<const faiss::PCAMatrix*>(&linear); pca && pca->eigen_power != 0) {
        return unwhitened(*pca, n, xt);
    }
    FAISS_THROW_IF_NOT_MSG(linear.is_orthonormal, "a transform that is no rotation can't be undone");
    const size_t d_in = linear.d_in, d_out = linear.d_out;
    const std::vector<float> inverse = transposed(d_out, d_in, linear.A.data());
    const auto back = [&](size_t count, const float* from, const float* offset, float* to) {
        transform(count, d_out, d_in, from, inverse.data(), offset, to);
    };
    // What the origin becomes: the opposite of what the offset alone turns into.
    std::vector<float> origin(d_in);
    if (const auto* pca = dynamic_cast<const faiss::PCAMatrix*>(&linear); pca && pca->mean.size() == d_in) {
        // The mean comes out of the transform as zeros.
        std::copy(pca->mean.begin(), pca->mean.end(), origin.begin());
    } else if (linear.have_bias) {
        back(1, linear.b.data(), nullptr, origin.data());
        std::transform(origin.begin(), origin.end(), origin.begin(), [](float value) { return -value; });
    }
    std::vector<float> result(n * d_in);
    back(n, xt, origin.data(), result.data());
    return result;
}

/// `count` of n vectors, evenly spread.
std::vector<float> spread_rows(size_t count, size_t n, size_t d, const float* x) {
    std::vector<float> result(count * d);
    for (size_t row = 0; row < count; ++row) {
        std::copy_n(x + n * row / count * d, d, result.data() + row * d);
    }
    return result;
}

/// The most that whitening multiplies by, as IndexDescription has it.
const double largest_stretch = 1e6;

/// Principal components around the mean or, for inner products, which only that keeps, around the origin. Fewer vectors
/// than components will do: the rest are any directions at right angles to them.
void train_pca(faiss::PCAMatrix& pca, bool is_centered, size_t n, const float* x) {
    const size_t d = pca.d_in, count = pca.d_out;
    const size_t most = pca.max_points_per_d * d;
    std::vector<float> sample;
    if (n > most) {
        sample = spread_rows(most, n, d, x);
        x = sample.data();
        n = most;
    }
    const size_t found = std::min({count, d, n});
    std::vector<double> mean(d), components(count * d), variances(count);
    double total;
    find_principal_components(
            n, d, x, found, is_centered, mean.data(), components.data(), variances.data(), &total);
    complete_components(d, count, components.data());
    pca.mean.assign(mean.begin(), mean.end());
    pca.PCAMat.assign(components.begin(), components.end());
    pca.eigenvalues.assign(variances.begin(), variances.end());
    if (pca.eigen_power != 0) {
        // Where vectors hardly differ, what differs is rounding: it is not stretched to a variance of 1.
        const double least = std::max(1 / (largest_stretch * largest_stretch), variances[0] * 1e-10);
        for (float& variance : pca.eigenvalues) {
            variance = std::max(variance, static_cast<float>(least));
        }
    }
    pca.prepare_Ab();
    pca.is_trained = true;
}

void train_transform(
        faiss::VectorTransform& transform,
        faiss::Index& inner,
        idx_t n,
        const float* x,
        Training& training) {
    if (auto* opq = dynamic_cast<faiss::OPQMatrix*>(&transform)) {
        const auto* pq = product_quantizer(&inner);
        FAISS_THROW_IF_NOT_MSG(pq, "OPQ turns vectors for a product quantizer, and there is none behind it");
        train_opq(*opq, pq->nbits, n, x, training);
        return;
    }
    training.report();
    if (auto* pca = dynamic_cast<faiss::PCAMatrix*>(&transform)) {
        train_pca(*pca, inner.metric_type != faiss::METRIC_INNER_PRODUCT, n, x);
    } else if (auto* rotation = dynamic_cast<faiss::RandomRotationMatrix*>(&transform)) {
        rotation->init(training.parameters.seed);
    } else {
        transform.train(n, x);
    }
}

size_t transform_bytes(const faiss::VectorTransform& transform) {
    size_t numbers = 0;
    if (const auto* linear = dynamic_cast<const faiss::LinearTransform*>(&transform)) {
        numbers += linear->A.size() + linear->b.size();
    }
    if (const auto* pca = dynamic_cast<const faiss::PCAMatrix*>(&transform)) {
        numbers += pca->mean.size() + pca->eigenvalues.size() + pca->PCAMat.size();
    }
    return numbers * sizeof(float);
}

// MARK: Refinement

/// How many of the first answers are computed again.
idx_t candidates(const faiss::IndexRefine& refine, idx_t k, const FaissSearchOptions& options) {
    const double factor = options.k_factor > 0 ? options.k_factor : refine.k_factor;
    return std::min<idx_t>(refine.ntotal, static_cast<idx_t>(std::ceil(k * factor)));
}

/// Inverted lists inside a refinement store places, of which later ones move up when some are removed.
void close_gaps_in_lists(faiss::Index* index, size_t n, const idx_t* removed) {
    if (auto* inner = inner_index(index)) {
        close_gaps_in_lists(inner, n, removed);
        return;
    }
    auto* ivf = dynamic_cast<faiss::IndexIVF*>(index);
    if (!ivf) {
        return;
    }
    for_each_id(*ivf->invlists, [&](idx_t& place) {
        place -= std::lower_bound(removed, removed + n, place) - removed;
    });
}

} // namespace

void Training::report() {
    if (work.progress && work.progress(work.context, step, steps) != 0) {
        throw Cancelled();
    }
    ++step;
}

KMeans Training::kmeans(size_t d, size_t clusters, int iterations) {
    KMeans kmeans;
    kmeans.d = d;
    kmeans.clusters = clusters;
    kmeans.iterations = iterations;
    kmeans.most_points = parameters.max_points_per_centroid;
    kmeans.seed = parameters.seed;
    kmeans.threads = work.threads;
    kmeans.report = [this] { report(); };
    return kmeans;
}

faiss::Index** inner_place(faiss::Index* index) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return &pre->index;
    }
    if (auto* refine = dynamic_cast<faiss::IndexRefine*>(index)) {
        return &refine->base_index;
    }
    return nullptr;
}

faiss::Index* inner_index(faiss::Index* index) {
    faiss::Index** place = inner_place(index);
    return place ? *place : nullptr;
}

bool count_nested_steps(faiss::Index& index, size_t& steps) {
    auto* inner = inner_index(&index);
    if (!inner) {
        return false;
    }
    steps = training_steps(*inner);
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        for (const auto* transform : pre->chain) {
            const auto* opq = dynamic_cast<const faiss::OPQMatrix*>(transform);
            steps += opq ? opq_steps(*opq) : 1;
        }
    }
    return true;
}

bool train_nested(faiss::Index& index, idx_t n, const float* x, Training& training) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        std::vector<float> current;
        for (auto* transform : pre->chain) {
            const float* input = current.empty() ? x : current.data();
            train_transform(*transform, *pre->index, n, input, training);
            current = transformed(*transform, n, input, training.work.threads);
        }
        train_index(*pre->index, n, current.empty() ? x : current.data(), training);
    } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        train_index(*refine->base_index, n, x, training);
    } else {
        return false;
    }
    index.is_trained = true;
    return true;
}

bool add_to_nested(faiss::Index& index, idx_t n, const float* x, const idx_t* ids, int threads) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        with_transformed(*pre, n, x, threads, [&](const float* xt) {
            add_to_index(*pre->index, n, xt, ids, threads);
        });
        pre->ntotal = pre->index->ntotal;
    } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        // The base's labels are places among the exact vectors.
        std::vector<idx_t> places(n);
        for (idx_t i = 0; i < n; ++i) {
            places[i] = refine->ntotal + i;
        }
        add_to_index(*refine->base_index, n, x, places.data(), threads);
        refine->refine_index->add(n, x);
        refine->ntotal = refine->refine_index->ntotal;
    } else {
        return false;
    }
    return true;
}

bool remove_from_nested(faiss::Index& index, size_t n, const idx_t* ascending, size_t* n_removed) {
    if (auto* pre = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        *n_removed = remove_from_index(*pre->index, n, ascending);
        pre->ntotal = pre->index->ntotal;
    } else if (auto* refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        *n_removed = remove_from_index(*refine->base_index, n, ascending);
        close_gaps_in_lists(refine->base_index, n, ascending);
        const size_t exact = remove_from_index(*refine->refine_index, n, ascending);
        FAISS_THROW_IF_NOT_MSG(exact == *n_removed, "the two halves of a refined index have lost each other");
        refine->ntotal = refine->refine_index->ntotal;
    } else {
        return false;
    }
    return true;
}

bool search_nested(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        idx_t k,
        const FaissSearchOptions& options,
        float* distances,
        idx_t* labels) {
    if (const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(index)) {
        with_transformed(*pre, n, x, 1, [&](const float* xt) {
            search_index(pre->index, n, xt, k, options, distances, labels);
        });
        return true;
    }
    const auto* refine = dynamic_cast<const faiss::IndexRefine*>(index);
    if (!refine) {
        return false;
    }
    const auto& exact = dynamic_cast<const faiss::IndexFlat&>(*refine->refine_index);
    const Comparison comparison(index->metric_type, index->d);
    const idx_t wide = std::max(k, candidates(*refine, k, options));
    std::vector<float> wide_distances(n * wide);
    std::vector<idx_t> wide_labels(n * wide);
    search_index(refine->base_index, n, x, wide, options, wide_distances.data(), wide_labels.data());
    std::vector<std::pair<float, idx_t>> found;
    for (idx_t query = 0; query < n; ++query) {
        found.clear();
        for (idx_t slot = query * wide; slot < (query + 1) * wide; ++slot) {
            const idx_t label = wide_labels[slot];
            if (label < 0) {
                continue;
            }
            const float key = comparison.key(x + query * index->d, exact.get_xb() + label * index->d);
            found.emplace_back(comparison.of_stored(key), label); // Nearest first is smallest first.
        }
        const idx_t given = std::min<idx_t>(k, found.size());
        std::partial_sort(found.begin(), found.begin() + given, found.end());
        for (idx_t slot = 0; slot < k; ++slot) {
            const bool is_given = slot < given;
            labels[query * k + slot] = is_given ? found[slot].second : -1;
            distances[query * k + slot] = is_given ? comparison.distance(found[slot].first) : 0;
        }
    }
    return true;
}

bool range_search_nested(
        const faiss::Index* index,
        idx_t n,
        const float* x,
        float radius,
        const FaissSearchOptions& options,
        faiss::RangeSearchResult* result) {
    const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(index);
    if (!pre) {
        return false;
    }
    with_transformed(*pre, n, x, 1, [&](const float* xt) {
        range_search_index(pre->index, n, xt, radius, options, result);
    });
    return true;
}

bool reconstruct_from_nested(const faiss::Index* index, size_t n, const idx_t* labels, float* recons) {
    if (const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(index)) {
        std::vector<float> inner(n * pre->index->d);
        reconstruct_from_index(pre->index, n, labels, inner.data());
        for (size_t place = pre->chain.size(); place-- > 0;) {
            inner = reversed(*pre->chain[place], n, inner.data());
        }
        std::copy(inner.begin(), inner.end(), recons);
    } else if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(index)) {
        reconstruct_from_index(refine->refine_index, n, labels, recons);
    } else {
        return false;
    }
    return true;
}

bool count_nested_bytes(const faiss::Index* index, size_t& bytes) {
    if (const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(index)) {
        bytes = index_bytes(pre->index);
        for (const auto* transform : pre->chain) {
            bytes += transform_bytes(*transform);
        }
    } else if (const auto* refine = dynamic_cast<const faiss::IndexRefine*>(index)) {
        bytes = index_bytes(refine->base_index) + index_bytes(refine->refine_index);
    } else {
        return false;
    }
    return true;
}

faiss::ProductQuantizer* product_quantizer(faiss::Index* index) {
    if (auto* transformed = dynamic_cast<faiss::IndexPreTransform*>(index)) {
        return product_quantizer(transformed->index);
    }
    if (auto* refined = dynamic_cast<faiss::IndexRefine*>(index)) {
        return product_quantizer(refined->base_index);
    }
    if (auto* pq = dynamic_cast<faiss::IndexPQ*>(index)) {
        return &pq->pq;
    }
    if (auto* ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(index)) {
        return &ivfpq->pq;
    }
    if (auto* fast = dynamic_cast<faiss::IndexPQFastScan*>(index)) {
        return &fast->pq;
    }
    if (auto* fast = dynamic_cast<faiss::IndexIVFPQFastScan*>(index)) {
        return &fast->pq;
    }
    return nullptr;
}

extern "C" {

int faiss_IndexPreTransform_new_prepending(FaissIndex** p_index, const FaissTransform* transform, FaissIndex* inner) {
    return guarded([&] {
        std::unique_ptr<faiss::VectorTransform> made;
        switch (transform->kind) {
            case FAISS_TRANSFORM_PCA:
                made = std::make_unique<faiss::PCAMatrix>(
                        transform->d_in,
                        transform->d_out,
                        transform->is_whitened ? -0.5f : 0,
                        transform->is_rotated != 0);
                break;
            case FAISS_TRANSFORM_OPQ:
                made = std::make_unique<faiss::OPQMatrix>(transform->d_in, transform->M, transform->d_out);
                break;
            case FAISS_TRANSFORM_ROTATION:
                made = std::make_unique<faiss::RandomRotationMatrix>(transform->d_in, transform->d_out);
                break;
            case FAISS_TRANSFORM_NORMALIZATION:
                made = std::make_unique<faiss::NormalizationTransform>(transform->d_in, 2.0f);
                break;
            default:
                FAISS_THROW_MSG("a transform of an unknown kind");
        }
        made->is_trained = is_normalization(*made);
        auto* pre = dynamic_cast<faiss::IndexPreTransform*>(cpp(inner));
        std::unique_ptr<faiss::IndexPreTransform> around;
        if (!pre) {
            around = std::make_unique<faiss::IndexPreTransform>(cpp(inner));
            pre = around.get();
        }
        pre->chain.reserve(pre->chain.size() + 1); // What follows must not fail once the transform has an owner.
        pre->prepend_transform(made.get());
        made.release();
        pre->own_fields = true;
        around.release();
        *p_index = c(pre);
    });
}

int faiss_IndexRefineFlat_new_around(FaissIndex** p_index, FaissIndex* base, float k_factor) {
    return guarded([&] {
        auto index = std::make_unique<faiss::IndexRefineFlat>(cpp(base));
        index->k_factor = k_factor;
        index->own_fields = true;
        *p_index = c(index.release());
    });
}

const FaissIndex* faiss_Index_inner(const FaissIndex* index) {
    return c(inner_index(const_cast<faiss::Index*>(cpp(index))));
}

size_t faiss_Index_transform_count(const FaissIndex* index) {
    const auto* pre = dynamic_cast<const faiss::IndexPreTransform*>(cpp(index));
    return pre ? pre->chain.size() : 0;
}

int faiss_Index_transform(const FaissIndex* index, size_t place, FaissTransform* transform) {
    return guarded([&] {
        const auto& pre = dynamic_cast<const faiss::IndexPreTransform&>(*cpp(index));
        const auto* found = pre.chain.at(place);
        *transform = FaissTransform{};
        transform->d_in = found->d_in;
        transform->d_out = found->d_out;
        if (const auto* pca = dynamic_cast<const faiss::PCAMatrix*>(found)) {
            const bool is_known = pca->eigen_power == 0 || pca->eigen_power == -0.5f;
            transform->kind = is_known ? FAISS_TRANSFORM_PCA : FAISS_TRANSFORM_OTHER;
            transform->is_whitened = pca->eigen_power != 0;
            transform->is_rotated = pca->random_rotation;
        } else if (is_normalization(*found)) {
            transform->kind = FAISS_TRANSFORM_NORMALIZATION;
        } else if (const auto* linear = dynamic_cast<const faiss::LinearTransform*>(found)) {
            // Faiss's files don't tell OPQ from other matrices: what it serves does.
            auto* pq = product_quantizer(pre.index);
            const bool is_rotation = dynamic_cast<const faiss::RandomRotationMatrix*>(linear) != nullptr;
            const bool is_last = place + 1 == pre.chain.size();
            transform->kind = pq && is_last && !is_rotation ? FAISS_TRANSFORM_OPQ : FAISS_TRANSFORM_ROTATION;
            transform->M = pq ? pq->M : 0;
        }
    });
}

} // extern "C"

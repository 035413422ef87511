// What may stand before an index: a rotation, principal components, a normalisation.

#pragma once

#include "../learning/training.h"
#include "../output.h"
#include "contents.h"

#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductQuantizer.h>

#include <memory>
#include <vector>

/// A transform as its kind handles it. It owns nothing and lives as long as a call.
class Transform {
  public:
    virtual ~Transform() = default;

    /// How many steps training reports.
    virtual size_t training_steps() const {
        return 1;
    }
    /// @param pq           the product quantizer behind it, or NULL
    /// @param is_centered  whether distances behind it stay the same around another origin
    virtual void train(
            idx_t n,
            const float* x,
            const faiss::ProductQuantizer* pq,
            bool is_centered,
            Training& training) = 0;
    virtual std::vector<float> apply(idx_t n, const float* x, int threads) const = 0;
    /// Turns vectors back, as far as they are known: of what was left out, the mean is known, and of what was
    /// normalised, nothing.
    virtual std::vector<float> reverse(size_t n, const float* y) const = 0;
    virtual size_t bytes() const {
        return 0;
    }
    /// Whether distances and products are the same behind it.
    virtual bool keeps_distances() const {
        return false;
    }
    virtual void describe(FaissTransform& description) const = 0;
    virtual void take_training(FaissContents&) const {}
    virtual void write_to(IndexOutput& output) const = 0;
};

std::unique_ptr<Transform> make_transform(faiss::NormalizationTransform& transform);
std::unique_ptr<Transform> make_transform(faiss::PCAMatrix& transform);
std::unique_ptr<Transform> make_transform(faiss::OPQMatrix& transform);
std::unique_ptr<Transform> make_transform(faiss::RandomRotationMatrix& transform);
/// @param pq  the product quantizer that it serves, or NULL: Faiss's files don't tell OPQ from other matrices
std::unique_ptr<Transform> make_transform(faiss::LinearTransform& transform, const faiss::ProductQuantizer* pq);

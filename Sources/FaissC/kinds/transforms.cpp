#include "transforms.h"

#include "../kernels/transform.h"
#include "../learning/opq.h"
#include "../learning/principal_components.h"
#include "../threads.h"

#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <cmath>

namespace {

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

std::vector<float> transposed(size_t rows, size_t columns, const float* matrix) {
    std::vector<float> result(rows * columns);
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = 0; column < columns; ++column) {
            result[column * rows + row] = matrix[row * columns + column];
        }
    }
    return result;
}

class Normalization : public Transform {
  public:
    explicit Normalization(faiss::NormalizationTransform& native) : native(native) {}

    void train(idx_t, const float*, const faiss::ProductQuantizer*, bool, Training& training) override {
        training.report();
    }

    std::vector<float> apply(idx_t n, const float* x, int threads) const override {
        const size_t d = native.d_in;
        std::vector<float> result(x, x + n * d);
        in_slices(n, threads, [&](idx_t first, idx_t count) { normalize(count, d, result.data() + first * d); });
        return result;
    }

    std::vector<float> reverse(size_t n, const float* y) const override {
        return std::vector<float>(y, y + n * native.d_out);
    }

    void describe(FaissTransform& description) const override {
        description.kind = FAISS_TRANSFORM_NORMALIZATION;
        description.d_in = description.d_out = native.d_in;
    }

    void write_to(IndexOutput& output) const override {
        output.by_libfaiss(native);
    }

  private:
    faiss::NormalizationTransform& native;
};

/// y = A x + b. libfaiss multiplies by BLAS.
class Linear : public Transform {
  public:
    Linear(faiss::LinearTransform& native, FaissTransformKind kind, size_t subquantizers)
            : native(native), kind(kind), subquantizers(subquantizers) {}

    void train(idx_t, const float*, const faiss::ProductQuantizer*, bool, Training&) override {
        FAISS_THROW_MSG("a matrix of an unknown kind can't be trained");
    }

    std::vector<float> apply(idx_t n, const float* x, int threads) const override {
        std::vector<float> result(n * native.d_out);
        in_slices(n, threads, [&](idx_t first, idx_t count) {
            transform(
                    count,
                    native.d_in,
                    native.d_out,
                    x + first * native.d_in,
                    native.A.data(),
                    native.have_bias ? native.b.data() : nullptr,
                    result.data() + first * native.d_out);
        });
        return result;
    }

    /// By the transposed matrix.
    std::vector<float> reverse(size_t n, const float* y) const override {
        FAISS_THROW_IF_NOT_MSG(native.is_orthonormal, "a transform that is no rotation can't be undone");
        const size_t d_in = native.d_in, d_out = native.d_out;
        const std::vector<float> inverse = transposed(d_out, d_in, native.A.data());
        const std::vector<float> start = origin(inverse);
        std::vector<float> result(n * d_in);
        transform(n, d_out, d_in, y, inverse.data(), start.data(), result.data());
        return result;
    }

    size_t bytes() const override {
        return (native.A.size() + native.b.size()) * sizeof(float);
    }

    void describe(FaissTransform& description) const override {
        description.kind = kind;
        description.d_in = native.d_in;
        description.d_out = native.d_out;
        description.M = subquantizers;
    }

    void take_training(FaissContents& contents) const override {
        contents.decide("the matrix of a transform", native.A.data(), native.A.size());
        contents.decide("the offset of a transform", native.b.data(), native.b.size());
    }

    void write_to(IndexOutput& output) const override {
        output.by_libfaiss(native);
    }

  protected:
    /// What the origin becomes when it is turned back: the opposite of what the offset alone turns into.
    virtual std::vector<float> origin(const std::vector<float>& inverse) const {
        std::vector<float> result(native.d_in);
        if (native.have_bias) {
            transform(1, native.d_out, native.d_in, native.b.data(), inverse.data(), nullptr, result.data());
            std::transform(result.begin(), result.end(), result.begin(), [](float value) { return -value; });
        }
        return result;
    }

  private:
    faiss::LinearTransform& native;
    const FaissTransformKind kind;
    const size_t subquantizers;
};

class Rotation : public Linear {
  public:
    explicit Rotation(faiss::RandomRotationMatrix& native)
            : Linear(native, FAISS_TRANSFORM_ROTATION, 0), native(native) {}

    void train(idx_t, const float*, const faiss::ProductQuantizer*, bool, Training& training) override {
        training.report();
        native.init(training.parameters.seed);
    }

    bool keeps_distances() const override {
        return native.d_in == native.d_out;
    }

  private:
    faiss::RandomRotationMatrix& native;
};

class OptimizedRotation : public Linear {
  public:
    explicit OptimizedRotation(faiss::OPQMatrix& native)
            : Linear(native, FAISS_TRANSFORM_OPQ, native.M), native(native) {}

    size_t training_steps() const override {
        return opq_steps(native);
    }

    void train(idx_t n, const float* x, const faiss::ProductQuantizer* pq, bool, Training& training) override {
        FAISS_THROW_IF_NOT_MSG(pq, "OPQ turns vectors for a product quantizer, and there is none behind it");
        train_opq(native, pq->nbits, n, x, training);
    }

  private:
    faiss::OPQMatrix& native;
};

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

class PrincipalComponents : public Linear {
  public:
    explicit PrincipalComponents(faiss::PCAMatrix& native)
            : Linear(native, is_known(native) ? FAISS_TRANSFORM_PCA : FAISS_TRANSFORM_OTHER, 0), native(native) {}

    /// Inner products stay the same around the origin only.
    void train(idx_t n, const float* x, const faiss::ProductQuantizer*, bool is_centered, Training& training) override {
        training.report();
        train_pca(native, is_centered, n, x);
    }

    std::vector<float> reverse(size_t n, const float* y) const override {
        return native.eigen_power == 0 ? Linear::reverse(n, y) : unwhitened(native, n, y);
    }

    size_t bytes() const override {
        return Linear::bytes() +
                (native.mean.size() + native.eigenvalues.size() + native.PCAMat.size()) * sizeof(float);
    }

    void describe(FaissTransform& description) const override {
        Linear::describe(description);
        description.is_whitened = native.eigen_power != 0;
        description.is_rotated = native.random_rotation;
    }

  protected:
    /// The mean comes out of the transform as zeros.
    std::vector<float> origin(const std::vector<float>& inverse) const override {
        return native.mean.size() == static_cast<size_t>(native.d_in) ? native.mean : Linear::origin(inverse);
    }

  private:
    static bool is_known(const faiss::PCAMatrix& pca) {
        return pca.eigen_power == 0 || pca.eigen_power == -0.5f;
    }

    faiss::PCAMatrix& native;
};

} // namespace

std::unique_ptr<Transform> make_transform(faiss::NormalizationTransform& transform) {
    return std::make_unique<Normalization>(transform);
}

std::unique_ptr<Transform> make_transform(faiss::PCAMatrix& transform) {
    return std::make_unique<PrincipalComponents>(transform);
}

std::unique_ptr<Transform> make_transform(faiss::OPQMatrix& transform) {
    return std::make_unique<OptimizedRotation>(transform);
}

std::unique_ptr<Transform> make_transform(faiss::RandomRotationMatrix& transform) {
    return std::make_unique<Rotation>(transform);
}

std::unique_ptr<Transform> make_transform(faiss::LinearTransform& transform, const faiss::ProductQuantizer* pq) {
    return std::make_unique<Linear>(transform, pq ? FAISS_TRANSFORM_OPQ : FAISS_TRANSFORM_ROTATION, pq ? pq->M : 0);
}

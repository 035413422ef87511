#include "opq.h"

#include "../kernels/transform.h"
#include "../threads.h"
#include "principal_components.h"
#include "product_quantizer.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace {

// The start is so good that more rounds hardly help: with SIFT, ten of them leave 0.98 of its error, and forty 0.97.
constexpr int rounds = 10, first_iterations = 10, later_iterations = 2;
/// More vectors than this don't change the result, as in Faiss.
constexpr size_t most_vectors = 65'536;
/// How much the rotation before counts beside the new one's target, whose strongest direction counts at most 1.
constexpr float inertia = 1e-3f;

/// y = x matrix'. Bits don't depend on the threads.
void multiply(size_t n, size_t d_in, size_t d_out, const float* x, const float* matrix, float* y, int threads) {
    in_slices(static_cast<idx_t>(n), threads, [&](idx_t first, idx_t count) {
        transform(count, d_in, d_out, x + first * d_in, matrix, nullptr, y + first * d_out);
    });
}

void transpose(size_t rows, size_t columns, const float* x, float* transposed) {
    const size_t tile = 16; // A cache line.
    for (size_t first = 0; first < rows; first += tile) {
        for (size_t column = 0; column < columns; ++column) {
            for (size_t row = first; row < std::min(rows, first + tile); ++row) {
                transposed[column * rows + row] = x[row * columns + column];
            }
        }
    }
}

struct Vectors {
    size_t n, d;
    std::vector<float> values;
};

/// So many of n vectors, or all.
Vectors sample(size_t most, size_t n, size_t d, const float* x, uint64_t seed) {
    Vectors sampled{std::min(most, n), d, {}};
    sampled.values.reserve(sampled.n * d);
    for (const size_t row : sample_rows(sampled.n, n, seed)) {
        sampled.values.insert(sampled.values.end(), x + row * d, x + (row + 1) * d);
    }
    return sampled;
}

/// Moves vectors so that their mean is the origin.
void center(Vectors& vectors) {
    std::vector<double> mean(vectors.d);
    for (size_t place = 0; place < vectors.values.size(); ++place) {
        mean[place % vectors.d] += vectors.values[place] / static_cast<double>(vectors.n);
    }
    for (size_t place = 0; place < vectors.values.size(); ++place) {
        vectors.values[place] = static_cast<float>(vectors.values[place] - mean[place % vectors.d]);
    }
}

/// Principal components, each given to the part with the least product of variances that has room.
std::vector<float> balanced_components(const Vectors& x, size_t d_out, size_t parts, uint64_t seed) {
    const size_t d = x.d, width = d_out / parts;
    // A start need not be exact: some vectors for each dimension tell it.
    const Vectors rows = sample(8 * d, x.n, d, x.values.data(), seed);
    std::vector<double> mean(d), components(d_out * d), variances(d_out);
    double total;
    find_principal_components(
            rows.n,
            d,
            rows.values.data(),
            std::min(rows.n, d_out),
            false,
            mean.data(),
            components.data(),
            variances.data(),
            &total);
    complete_components(d, d_out, components.data());
    const double least = variances[0] * 1e-10;
    std::vector<double> logarithms(parts); // Of the products, in units in which no variance is below 1.
    std::vector<size_t> filled(parts);
    std::vector<float> rotation(d_out * d);
    for (size_t component = 0; component < d_out; ++component) {
        size_t part = parts;
        for (size_t other = 0; other < parts; ++other) {
            if (filled[other] < width && (part == parts || logarithms[other] < logarithms[part])) {
                part = other;
            }
        }
        const double* from = components.data() + component * d;
        std::copy_n(from, d, rotation.data() + (part * width + filled[part]) * d);
        ++filled[part];
        logarithms[part] += least > 0 ? std::log(std::max(variances[component], least) / least) : 0;
    }
    return rotation;
}

/// The products of rows with each other.
std::vector<float> row_products(size_t rows, size_t columns, const float* matrix, int threads) {
    std::vector<float> products(rows * rows);
    multiply(rows, columns, rows, matrix, matrix, products.data(), threads);
    return products;
}

/// Divides by a bound of the largest singular value, the fourth root of the sum of their fourth powers; false where that
/// is nothing or no number.
bool scale_to_one(size_t rows, size_t columns, std::vector<float>& matrix, int threads) {
    const auto scale = [&](double bound) {
        if (!(bound > 0) || !std::isfinite(bound)) {
            return false;
        }
        const double factor = 1 / bound;
        std::transform(matrix.begin(), matrix.end(), matrix.begin(), [&](float value) {
            return static_cast<float>(value * factor);
        });
        return true;
    };
    const auto length = [](const std::vector<float>& values) {
        double squares = 0;
        for (const float value : values) {
            squares += static_cast<double>(value) * value;
        }
        return std::sqrt(squares);
    };
    return scale(length(matrix)) && scale(std::sqrt(length(row_products(rows, columns, matrix.data(), threads))));
}

/// Turns a matrix into the nearest one with rows of length 1 at right angles to each other, where its singular values are
/// 1 at most and hardly below `least`; false if that is not found.
///
/// The iteration of Newton and Schulz, scaled so that small singular values grow by up to 2.6 a step (Chen and Chow
/// 2014, "A stable scaling of Newton-Schulz for improving the sign function computation of a Hermitian matrix").
bool orthonormalize(size_t rows, size_t columns, std::vector<float>& matrix, double least, int threads) {
    std::vector<float> transposed(rows * columns);
    const int most_steps = 60;
    for (int step = 0; step < most_steps; ++step) {
        std::vector<float> factor = row_products(rows, columns, matrix.data(), threads);
        float error = 0;
        for (size_t place = 0; place < rows * rows; ++place) {
            error = std::max(error, std::abs(factor[place] - (place % (rows + 1) == 0 ? 1 : 0)));
        }
        const double scale = std::sqrt(3 / (1 + least + least * least));
        least = scale * least * (3 - scale * scale * least * least) / 2;
        for (size_t place = 0; place < rows * rows; ++place) {
            factor[place] = static_cast<float>(
                    (place % (rows + 1) == 0 ? 1.5 * scale : 0) - 0.5 * scale * scale * scale * factor[place]);
        }
        transpose(rows, columns, matrix.data(), transposed.data());
        multiply(rows, rows, columns, factor.data(), transposed.data(), matrix.data(), threads);
        if (error < 1e-3) { // Each step squares it.
            return true;
        }
    }
    return false;
}

/// The products of the components of what codes give back with those of the vectors, summed up over all vectors.
std::vector<float> target(
        const Vectors& x,
        const std::vector<float>& turned,
        const faiss::ProductQuantizer& pq,
        int threads) {
    const size_t block = 2'048, d = x.d, d_out = pq.d;
    std::vector<uint8_t> codes(block * pq.code_size);
    std::vector<float> decoded(block * d_out), columns_decoded(block * d_out), columns(block * d), products(d_out * d);
    std::vector<float> sums(d_out * d);
    for (size_t first = 0; first < x.n; first += block) {
        const size_t count = std::min(block, x.n - first);
        in_slices(static_cast<idx_t>(count), threads, [&](idx_t start, idx_t size) {
            uint8_t* own = codes.data() + start * pq.code_size;
            encode(pq, turned.data() + (first + start) * d_out, size, own);
            pq.decode(own, decoded.data() + start * d_out, size);
        });
        transpose(count, d_out, decoded.data(), columns_decoded.data());
        transpose(count, d, x.values.data() + first * d, columns.data());
        multiply(d_out, count, d, columns_decoded.data(), columns.data(), products.data(), threads);
        std::transform(sums.begin(), sums.end(), products.begin(), sums.begin(), std::plus<float>());
    }
    return sums;
}

} // namespace

void train_opq(faiss::OPQMatrix& opq, size_t bits, idx_t n, const float* x, Training& training) {
    const size_t d = opq.d_in, d_out = opq.d_out;
    const int threads = training.work.threads;
    const uint64_t seed = training.parameters.seed;
    training.report();
    Vectors vectors = sample(most_vectors, n, d, x, seed);
    center(vectors);
    std::vector<float> rotation = balanced_components(vectors, d_out, opq.M, seed);
    faiss::ProductQuantizer pq(d_out, opq.M, bits);
    std::vector<float> turned(vectors.n * d_out);
    bool is_done = false;
    for (int round = 0; round < rounds; ++round) {
        pq.cp.niter = round == 0 ? first_iterations : later_iterations;
        if (is_done) {
            for (size_t step = 0; step < pq.M * pq.cp.niter + 1; ++step) {
                training.report();
            }
            continue;
        }
        multiply(vectors.n, d, d_out, vectors.values.data(), rotation.data(), turned.data(), threads);
        train_quantizer(pq, vectors.n, turned.data(), training, round > 0);
        training.report();
        std::vector<float> next = target(vectors, turned, pq, threads);
        is_done = !scale_to_one(d_out, d, next, threads);
        for (size_t place = 0; place < next.size(); ++place) {
            next[place] = (next[place] + inertia * rotation[place]) / (1 + inertia);
        }
        is_done = is_done || !orthonormalize(d_out, d, next, inertia, threads);
        if (!is_done) {
            rotation.swap(next);
        }
    }
    opq.A = std::move(rotation);
    opq.is_trained = true;
    opq.is_orthonormal = true;
}

size_t opq_steps(const faiss::OPQMatrix& opq) {
    return 1 + opq.M * (first_iterations + (rounds - 1) * later_iterations) + rounds;
}

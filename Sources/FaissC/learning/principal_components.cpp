#include "principal_components.h"

#include "../kernels/transform.h"
#include "../progress.h"
#include "../threads.h"

#include <faiss/impl/FaissAssert.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

extern "C" {

// BLAS and LAPACK, as Fortran has them.
int dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*, const int*,
           const double*, const int*, const double*, double*, const int*);
int dsyrk_(const char*, const char*, const int*, const int*, const double*, const double*, const int*, const double*,
           double*, const int*);
int dsyevr_(const char*, const char*, const char*, const int*, double*, const int*, const double*, const double*,
            const int*, const int*, const double*, int*, double*, double*, const int*, int*, double*, const int*, int*,
            const int*, int*);
}

namespace {

/// Rows that are centered at a time.
constexpr size_t block_rows = 512;

/// Whether products of columns are summed up, block by block; else of rows, where these are fewer.
bool by_blocks(size_t n, size_t d) {
    return n >= d;
}

/// The `count` largest eigenvalues of a symmetric matrix of m rows, largest first, and their vectors, one a row. The
/// matrix is overwritten; its lower triangle is read.
void largest_eigenvectors(int m, double* matrix, int count, double* values, double* vectors) {
    const double unused = 0, tolerance = 0;
    const int first = m - count + 1;
    int found = 0, info = 0, work_size = -1, integer_size = -1, best_integer = 0;
    double best = 0;
    std::vector<double> ascending(m);
    std::vector<int> support(2 * static_cast<size_t>(m));
    std::vector<double> columns(static_cast<size_t>(m) * count);
    const auto solve = [&](double* work, int* integers) {
        dsyevr_("V", "I", "L", &m, matrix, &m, &unused, &unused, &first, &m, &tolerance, &found, ascending.data(),
                columns.data(), &m, support.data(), work, &work_size, integers, &integer_size, &info);
    };
    solve(&best, &best_integer);
    work_size = static_cast<int>(best);
    integer_size = best_integer;
    std::vector<double> work(work_size);
    std::vector<int> integers(integer_size);
    solve(work.data(), integers.data());
    FAISS_THROW_IF_NOT_FMT(info == 0 && found == count, "the eigenvalues were not found (LAPACK %d)", info);
    for (int place = 0; place < count; ++place) {
        values[place] = ascending[count - 1 - place];
        std::copy_n(columns.data() + static_cast<size_t>(count - 1 - place) * m, m, vectors + static_cast<size_t>(place) * m);
    }
}

std::vector<double> centered(const float* x, size_t rows, size_t d, const double* mean) {
    std::vector<double> result(rows * d);
    for (size_t place = 0; place < result.size(); ++place) {
        result[place] = x[place] - mean[place % d];
    }
    return result;
}

/// Length 1, and the largest component in magnitude positive: an eigenvector has no sign of its own.
void settle(double* vector, size_t d) {
    double squares = 0, largest = 0;
    for (size_t column = 0; column < d; ++column) {
        squares += vector[column] * vector[column];
        if (std::abs(vector[column]) > std::abs(largest)) {
            largest = vector[column];
        }
    }
    const double factor = (largest < 0 ? -1 : 1) / std::sqrt(squares);
    for (size_t column = 0; column < d; ++column) {
        vector[column] *= factor;
    }
}

} // namespace

void find_principal_components(
        size_t n,
        size_t d,
        const float* x,
        size_t count,
        bool is_centered,
        double* mean,
        double* components,
        double* variances,
        double* total,
        const std::function<void()>& report) {
    const double freedom = static_cast<double>(is_centered ? n - 1 : n);
    std::fill_n(mean, d, 0.0);
    for (size_t row = 0; is_centered && row < n; ++row) {
        for (size_t column = 0; column < d; ++column) {
            mean[column] += x[row * d + column];
        }
    }
    for (size_t column = 0; column < d; ++column) {
        mean[column] /= n;
    }
    // The products of columns, or of rows where these are fewer: both have the same eigenvalues.
    const bool by_rows = !by_blocks(n, d);
    const int m = static_cast<int>(std::min(n, d));
    const int width = static_cast<int>(d);
    const double one = 1;
    std::vector<double> products(static_cast<size_t>(m) * m);
    std::vector<double> all; // by_rows: the centered rows, of which there are few.
    if (by_rows) {
        report();
        all = centered(x, n, d, mean);
        dsyrk_("L", "T", &m, &width, &one, all.data(), &width, &one, products.data(), &m);
    } else {
        for (size_t row = 0; row < n; row += block_rows) {
            report();
            const int rows = static_cast<int>(std::min(block_rows, n - row));
            const auto block = centered(x + row * d, rows, d, mean);
            dsyrk_("L", "N", &width, &rows, &one, block.data(), &width, &one, products.data(), &width);
        }
    }
    report();
    *total = 0;
    for (int place = 0; place < m; ++place) {
        *total += products[static_cast<size_t>(place) * m + place] / freedom;
    }
    if (by_rows) {
        std::vector<double> vectors(static_cast<size_t>(m) * count);
        largest_eigenvectors(m, products.data(), static_cast<int>(count), variances, vectors.data());
        // Of an eigenvector of the rows' products: the sum of the rows that it weighs, to be scaled.
        const int columns = static_cast<int>(count);
        const double zero = 0;
        dgemm_("N", "N", &width, &columns, &m, &one, all.data(), &width, vectors.data(), &m, &zero, components, &width);
    } else {
        largest_eigenvectors(m, products.data(), static_cast<int>(count), variances, components);
    }
    // What is left of nothing after rounding, which has no direction.
    const double least = variances[0] * m * 1e-15;
    for (size_t place = 0; place < count; ++place) {
        if (variances[place] > least) {
            variances[place] /= freedom;
            settle(components + place * d, d);
        } else {
            variances[place] = 0;
            std::fill_n(components + place * d, d, 0.0);
        }
    }
}

void complete_components(size_t d, size_t count, double* components) {
    std::mt19937_64 random(1234);
    for (size_t place = 0; place < count; ++place) {
        double* own = components + place * d;
        if (std::any_of(own, own + d, [](double value) { return value != 0; })) {
            continue;
        }
        for (size_t column = 0; column < d; ++column) {
            own[column] = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
        }
        for (int time = 0; time < 2; ++time) { // Twice is enough (Giraud et al. 2005, doi:10.1007/s00211-005-0615-4).
            for (size_t other = 0; other < place; ++other) {
                const double* vector = components + other * d;
                const double product = std::inner_product(own, own + d, vector, 0.0);
                for (size_t column = 0; column < d; ++column) {
                    own[column] -= product * vector[column];
                }
            }
            settle(own, d);
        }
    }
}

extern "C" {

int faiss_principal_components(
        size_t n,
        size_t d,
        const float* x,
        size_t count,
        const FaissWork* work,
        double* mean,
        double* components,
        double* variances,
        double* total) {
    return guarded([&] {
        faiss_set_thread_limit(1);
        Progress progress{*work, (by_blocks(n, d) ? (n + block_rows - 1) / block_rows : 1) + 1};
        find_principal_components(
                n, d, x, count, true, mean, components, variances, total, [&] { progress.report(); });
    });
}

int faiss_project(
        size_t n,
        size_t d_in,
        size_t d_out,
        const float* x,
        const double* mean_in,
        const float* matrix,
        const double* mean_out,
        int threads,
        float* projected) {
    return guarded([&] {
        in_slices(n, threads, [&](idx_t first, idx_t rows) {
            std::vector<float> moved(block_rows * d_in);
            for (idx_t row = first; row < first + rows; row += block_rows) {
                const auto count = std::min<size_t>(block_rows, first + rows - row);
                const float* from = x + row * d_in;
                for (size_t place = 0; mean_in && place < count * d_in; ++place) {
                    moved[place] = static_cast<float>(from[place] - mean_in[place % d_in]);
                }
                float* to = projected + row * d_out;
                transform(count, d_in, d_out, mean_in ? moved.data() : from, matrix, nullptr, to);
                for (size_t place = 0; mean_out && place < count * d_out; ++place) {
                    to[place] = static_cast<float>(to[place] + mean_out[place % d_out]);
                }
            }
        });
    });
}

} // extern "C"

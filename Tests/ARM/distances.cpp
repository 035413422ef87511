#include "check.h"

#include <faiss_kernel_hooks.h>

#include <algorithm>
#include <cstring>
#include <numeric>

void check_distances(KernelLevel level) {
    const FaissDistanceKernels& kernels = *faiss_distance_kernels(level);
    for (size_t d : dimensions()) {
        const size_t count = 37;
        for (size_t offset = 0; offset < 4; ++offset) {
            const Floats x = random_floats(d + offset);
            const Floats y = random_floats(count * d + offset);
            const float* query = x.data() + offset;
            const float* rows = y.data() + 3 - offset;
            std::vector<int32_t> listed(count - 1);
            for (size_t i = 0; i < listed.size(); ++i) {
                listed[i] = static_cast<int32_t>(i * 7 % listed.size());
            }
            Floats l2(count - 1), products(count - 1), listed_l2(count - 1), listed_products(count - 1), nearer(count - 1);
            kernels.squared_l2_rows(l2.data(), query, rows, d, l2.size());
            kernels.inner_product_rows(products.data(), query, rows, d, l2.size());
            kernels.squared_l2_listed(listed_l2.data(), query, rows, d, listed.data(), listed.size());
            kernels.inner_product_listed(listed_products.data(), query, rows, d, listed.data(), listed.size());
            const float limit = listed_l2[0];
            kernels.squared_l2_nearer(nearer.data(), query, rows, d, listed.data(), listed.size(), limit);
            for (size_t i = 0; i < nearer.size(); ++i) {
                const bool is_near = listed_l2[i] < limit;
                CHECK(is_near ? nearer[i] == listed_l2[i] : nearer[i] >= limit, "%zu dimensions, place %zu", d, i);
            }
            for (size_t row = 0; row < l2.size(); ++row) {
                double square = 0, product = 0;
                for (size_t i = 0; i < d; ++i) {
                    const double a = query[i], b = rows[row * d + i];
                    square += (a - b) * (a - b);
                    product += a * b;
                }
                const double tolerance = 1e-6 * static_cast<double>(d);
                const float* y0 = rows + row * d;
                CHECK(is_near(l2[row], square, 4 * tolerance), "%zu dimensions, row %zu", d, row);
                CHECK(is_near(products[row], product, tolerance), "%zu dimensions, row %zu", d, row);
                // One and many, bit by bit.
                CHECK(kernels.squared_l2(query, y0, d) == l2[row], "%zu dimensions, row %zu", d, row);
                CHECK(kernels.inner_product(query, y0, d) == products[row], "%zu dimensions, row %zu", d, row);
                const auto place = static_cast<size_t>(std::find(listed.begin(), listed.end(), row) - listed.begin());
                CHECK(place == listed.size() || listed_l2[place] == l2[row], "%zu dimensions, row %zu", d, row);
                CHECK(place == listed.size() || listed_products[place] == products[row], "%zu dimensions", d);
            }
        }
    }
    for (size_t count = 0; count < 70; ++count) {
        Floats values(count);
        for (float& value : values) {
            value = static_cast<float>(generator() % 10);
        }
        if (count > 3) {
            values[3] = NAN; // Which is not greater than anything.
        }
        std::vector<uint32_t> places(count), expected;
        for (uint32_t i = 0; i < count; ++i) {
            if (!(values[i] > 4)) {
                expected.push_back(i);
            }
        }
        places.resize(kernels.not_greater(values.data(), count, 4, places.data()));
        CHECK(places == expected, "%zu values", count);
    }
}

// Distances of rows to a query, by the kernel for two of them, and the labels in their order.
static std::vector<int64_t> nearest(
        const FaissDistanceKernels& kernels,
        bool is_l2,
        const float* query,
        const Floats& rows,
        size_t d,
        Floats& distances) {
    std::vector<int64_t> labels(rows.size() / d);
    std::iota(labels.begin(), labels.end(), 0);
    distances.resize(labels.size());
    for (size_t row = 0; row < labels.size(); ++row) {
        distances[row] = (is_l2 ? kernels.squared_l2 : kernels.inner_product)(query, rows.data() + row * d, d);
    }
    std::sort(labels.begin(), labels.end(), [&](int64_t a, int64_t b) {
        const float difference = distances[a] - distances[b];
        return difference == 0 ? a < b : is_l2 ? difference < 0 : difference > 0;
    });
    return labels;
}

void check_flat(KernelLevel level) {
    const FaissDistanceKernels& kernels = *faiss_distance_kernels(level);
    for (size_t d : {1, 3, 4, 7, 33, 100, 129}) {
        for (size_t ny : {1, 61, 300}) {
            const Floats rows = random_floats(ny * d);
            for (size_t nx : {1, 6, 23}) {
                const Floats x = random_floats(nx * d);
                for (bool is_l2 : {false, true}) {
                    for (size_t k : {1, 10, 60}) {
                        Floats distances(nx * k), expected;
                        std::vector<int64_t> labels(nx * k);
                        faiss_kernel_search(
                                level, is_l2, d, x.data(), nx, rows.data(), ny, k, 1, distances.data(), labels.data());
                        for (size_t query = 0; query < nx; ++query) {
                            const auto order = nearest(kernels, is_l2, x.data() + query * d, rows, d, expected);
                            for (size_t i = 0; i < k; ++i) {
                                const size_t place = query * k + i;
                                CHECK(labels[place] == (i < ny ? order[i] : -1), "%zu of %zu × %zu, k %zu", query, nx, ny, k);
                                CHECK(i >= ny || distances[place] == expected[order[i]], "%zu dimensions", d);
                            }
                        }
                    }
                    Floats distances(nx), expected;
                    std::vector<int64_t> labels(nx);
                    faiss_kernel_assign(
                            level, is_l2, d, x.data(), nx, rows.data(), ny, 1, distances.data(), labels.data());
                    for (size_t query = 0; query < nx; ++query) {
                        const auto order = nearest(kernels, is_l2, x.data() + query * d, rows, d, expected);
                        // Which of two is nearer may be decided up to rounding; the distance is that of the label.
                        const float found = expected[labels[query]];
                        CHECK(is_near(found, expected[order[0]], 1e-5 * static_cast<double>(d)), "%zu dimensions", d);
                        CHECK(distances[query] == found, "%zu dimensions", d);
                    }
                }
            }
        }
    }
}

static void check_transform(KernelLevel level, size_t input, size_t output) {
    const size_t count = 45;
    const Floats x = random_floats(count * input), matrix = random_floats(output * input), offset = random_floats(output);
    for (const float* own : {static_cast<const float*>(nullptr), offset.data()}) {
        Floats all(count * output);
        faiss_kernel_transform(level, count, input, output, x.data(), matrix.data(), own, all.data());
        for (size_t place = 0; place < all.size(); ++place) {
            double sum = own ? own[place % output] : 0;
            for (size_t k = 0; k < input; ++k) {
                sum += static_cast<double>(x[place / output * input + k]) * matrix[place % output * input + k];
            }
            CHECK(is_near(all[place], sum, 1e-6 * static_cast<double>(input + 1)), "%zu to %zu", input, output);
        }
        for (size_t few : {1, 2, 3, 5, 9, 24}) { // Bit by bit as among many.
            Floats some(few * output);
            faiss_kernel_transform(level, few, input, output, x.data(), matrix.data(), own, some.data());
            CHECK(std::equal(some.begin(), some.end(), all.begin()), "%zu vectors, %zu to %zu", few, input, output);
        }
    }
}

void check_transforms(KernelLevel level) {
    for (size_t input : {1, 2, 3, 4, 5, 15, 16, 31, 64, 70, 130, 300}) {
        for (size_t output : {1, 3, 4, 7, 8, 9, 32, 129}) {
            check_transform(level, input, output);
        }
    }
}

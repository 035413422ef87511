// Takes the place of libfaiss's distances_simd.cpp, whose functions Debian compiles without wide vectors.
//
// libfaiss is an archive: the linker takes a member of it only where something is still undefined. Since every function
// of that member is defined here, the member is left out, and every index of libfaiss calls these. Were one of them
// missing, the linker would meet the others twice and refuse.

#include "levels.h"

#include <faiss/IndexFlat.h>
#include <faiss/utils/distances.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#if KERNELS_HAVE_X86_LEVELS
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#define KERNEL_FILE "distances.inc"
#include "each_level.inc"

const FaissDistanceKernels* faiss_distance_kernels(KernelLevel level) {
    return &OF_LEVEL(level, kernels);
}

float faiss_kernel_distance_inside(const float* x, const float* y, size_t d) {
    const std::unique_ptr<faiss::FlatCodesDistanceComputer> computer(
            faiss::IndexFlatL2(static_cast<faiss::Index::idx_t>(d)).get_FlatCodesDistanceComputer());
    computer->set_query(x);
    return computer->distance_to_code(reinterpret_cast<const uint8_t*>(y));
}

namespace {

// The baseline until the processor is known, so that there is no moment at which a call would find nothing.
const FaissDistanceKernels* chosen = &kernels_baseline;
const bool is_chosen = (chosen = faiss_distance_kernels(kernel_level()), true);

} // namespace

namespace faiss {

// Declared by no header of libfaiss, but called from its other members or simply part of the one replaced.
float fvec_L2sqr_ref(const float* x, const float* y, size_t d);
float fvec_inner_product_ref(const float* x, const float* y, size_t d);
float fvec_L1_ref(const float* x, const float* y, size_t d);
float fvec_Linf_ref(const float* x, const float* y, size_t d);
float fvec_norm_L2sqr_ref(const float* x, size_t d);
void fvec_L2sqr_ny_ref(float* dis, const float* x, const float* y, size_t d, size_t ny);
void fvec_inner_products_ny_ref(float* ip, const float* x, const float* y, size_t d, size_t ny);
void fvec_L2sqr_ny_y_transposed_ref(
        float* dis,
        const float* x,
        const float* y,
        const float* y_sqlen,
        size_t d,
        size_t d_offset,
        size_t ny);
size_t fvec_L2sqr_ny_nearest_ref(float* buffer, const float* x, const float* y, size_t d, size_t ny);
size_t fvec_L2sqr_ny_nearest_y_transposed_ref(
        float* buffer,
        const float* x,
        const float* y,
        const float* y_sqlen,
        size_t d,
        size_t d_offset,
        size_t ny);
void fvec_madd(size_t n, const float* a, float bf, const float* b, float* c);
int fvec_madd_and_argmin(size_t n, const float* a, float bf, const float* b, float* c);

// MARK: The fast ones

float fvec_L2sqr(const float* x, const float* y, size_t d) {
    return chosen->squared_l2(x, y, d);
}

float fvec_inner_product(const float* x, const float* y, size_t d) {
    return chosen->inner_product(x, y, d);
}

float fvec_L1(const float* x, const float* y, size_t d) {
    return chosen->l1(x, y, d);
}

float fvec_Linf(const float* x, const float* y, size_t d) {
    return chosen->linf(x, y, d);
}

float fvec_norm_L2sqr(const float* x, size_t d) {
    return chosen->inner_product(x, x, d);
}

void fvec_L2sqr_ny(float* dis, const float* x, const float* y, size_t d, size_t ny) {
    chosen->squared_l2_rows(dis, x, y, d, ny);
}

void fvec_inner_products_ny(float* ip, const float* x, const float* y, size_t d, size_t ny) {
    chosen->inner_product_rows(ip, x, y, d, ny);
}

size_t fvec_L2sqr_ny_nearest(float* buffer, const float* x, const float* y, size_t d, size_t ny) {
    chosen->squared_l2_rows(buffer, x, y, d, ny);
    return chosen->least(buffer, ny);
}

size_t fvec_L2sqr_ny_nearest_y_transposed(
        float* buffer,
        const float* x,
        const float* y,
        const float* y_sqlen,
        size_t d,
        size_t d_offset,
        size_t ny) {
    chosen->squared_l2_columns(buffer, x, y, y_sqlen, d, d_offset, ny);
    return chosen->least(buffer, ny);
}

void fvec_add(size_t d, const float* a, const float* b, float* c) {
    chosen->add(d, a, b, c);
}

void fvec_add(size_t d, const float* a, float b, float* c) {
    chosen->add_number(d, a, b, c);
}

void fvec_sub(size_t d, const float* a, const float* b, float* c) {
    chosen->subtract(d, a, b, c);
}

void fvec_madd(size_t n, const float* a, float bf, const float* b, float* c) {
    chosen->multiply_add(n, a, bf, b, c);
}

int fvec_madd_and_argmin(size_t n, const float* a, float bf, const float* b, float* c) {
    chosen->multiply_add(n, a, bf, b, c);
    return static_cast<int>(chosen->least(c, n));
}

void compute_PQ_dis_tables_dsub2(
        size_t d,
        size_t ksub,
        const float* centroids,
        size_t nx,
        const float* x,
        bool is_inner_product,
        float* dis_tables) {
    const auto rows = is_inner_product ? chosen->inner_product_rows : chosen->squared_l2_rows;
    const size_t subquantizers = d / 2;
    for (size_t i = 0; i < nx; ++i) {
        for (size_t m = 0; m < subquantizers; ++m) {
            const size_t table = i * subquantizers + m;
            rows(dis_tables + table * ksub, x + table * 2, centroids + m * ksub * 2, 2, ksub);
        }
    }
}

// MARK: The plain ones

float fvec_L2sqr_ref(const float* x, const float* y, size_t d) {
    float sum = 0;
    for (size_t i = 0; i < d; ++i) {
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    }
    return sum;
}

float fvec_inner_product_ref(const float* x, const float* y, size_t d) {
    float sum = 0;
    for (size_t i = 0; i < d; ++i) {
        sum += x[i] * y[i];
    }
    return sum;
}

float fvec_L1_ref(const float* x, const float* y, size_t d) {
    float sum = 0;
    for (size_t i = 0; i < d; ++i) {
        sum += std::fabs(x[i] - y[i]);
    }
    return sum;
}

float fvec_Linf_ref(const float* x, const float* y, size_t d) {
    float largest = 0;
    for (size_t i = 0; i < d; ++i) {
        largest = std::max(largest, std::fabs(x[i] - y[i]));
    }
    return largest;
}

float fvec_norm_L2sqr_ref(const float* x, size_t d) {
    return fvec_inner_product_ref(x, x, d);
}

void fvec_L2sqr_ny_ref(float* dis, const float* x, const float* y, size_t d, size_t ny) {
    for (size_t i = 0; i < ny; ++i) {
        dis[i] = fvec_L2sqr_ref(x, y + i * d, d);
    }
}

void fvec_inner_products_ny_ref(float* ip, const float* x, const float* y, size_t d, size_t ny) {
    for (size_t i = 0; i < ny; ++i) {
        ip[i] = fvec_inner_product_ref(x, y + i * d, d);
    }
}

void fvec_L2sqr_ny_y_transposed_ref(
        float* dis,
        const float* x,
        const float* y,
        const float* y_sqlen,
        size_t d,
        size_t d_offset,
        size_t ny) {
    const float own = fvec_norm_L2sqr_ref(x, d);
    for (size_t i = 0; i < ny; ++i) {
        float product = 0;
        for (size_t j = 0; j < d; ++j) {
            product += x[j] * y[i + j * d_offset];
        }
        dis[i] = own + y_sqlen[i] - 2 * product;
    }
}

size_t fvec_L2sqr_ny_nearest_ref(float* buffer, const float* x, const float* y, size_t d, size_t ny) {
    fvec_L2sqr_ny_ref(buffer, x, y, d, ny);
    return static_cast<size_t>(std::min_element(buffer, buffer + ny) - buffer);
}

size_t fvec_L2sqr_ny_nearest_y_transposed_ref(
        float* buffer,
        const float* x,
        const float* y,
        const float* y_sqlen,
        size_t d,
        size_t d_offset,
        size_t ny) {
    fvec_L2sqr_ny_y_transposed_ref(buffer, x, y, y_sqlen, d, d_offset, ny);
    return static_cast<size_t>(std::min_element(buffer, buffer + ny) - buffer);
}

} // namespace faiss
